"""The audit of one row of the feature table: its labels, its features, and the rows behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from features.catalogue import columns_of
from features.declaration.compute import compute
from features.declaration.derived_columns import stages
from features.errors import DataError, UsageError
from features.labels.targets import TARGETS
from features.point_in_time.facts import Facts, spine
from features.provenance.ablation import Entered, entered
from features.provenance.labels import Verdict, verdicts
from features.provenance.visibility import SourceRow, numbered, own_rows, source_rows

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.declaration.feature import FeatureColumn
    from features.declaration.group import FeatureGroup
    from features.labels.declaration import Target
    from features.labels.outcome_window import Horizon


@dataclass(frozen=True)
class Use:
    """The rows of one table that a column draws on, by number.

    ``visible`` may be seen by it; ``entered`` made a difference to it, alone or beside the others;
    ``decides`` are those without which it had another value. The last two are ``None`` where the
    table is shared by all accounts or too long to be tried row by row.
    """

    table: str
    visible: tuple[int, ...]
    entered: tuple[int, ...] | None
    decides: tuple[int, ...] | None


@dataclass(frozen=True)
class Value:
    """One column of the row: its value, and what it was drawn from or combines."""

    name: str
    group: str
    unit: str
    description: str
    window_days: int | None
    by_day: int | None
    value: float | str | None
    combines: tuple[str, ...]
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Explanation:
    """Everything that made one row of the feature table."""

    account_id: str
    as_of: date
    verdicts: tuple[Verdict, ...]
    values: tuple[Value, ...]
    rows: tuple[SourceRow, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the explanation as JSON-able values."""
        return {
            "account_id": self.account_id,
            "as_of": self.as_of.isoformat(),
            "targets": [asdict(verdict) for verdict in self.verdicts],
            "features": [asdict(value) for value in self.values],
            "rows": [row.as_dict() for row in self.rows],
        }


def explain(
    groups: Sequence[FeatureGroup],
    tables: Mapping[str, ir.Table],
    horizon: Horizon,
    account_id: str,
    as_of: date,
    names: Sequence[str] = (),
    targets: Mapping[str, Target] = TARGETS,
) -> Explanation:
    """Return the audit of the account's row at ``as_of``.

    Parameters
    ----------
    groups
        The groups a company uses.
    tables
        The contract's tables; only the account's rows are read, and the price list.
    horizon
        What the labels look at.
    account_id, as_of
        The row: any account, any day, on the spine of a built table or not.
    names
        The columns asked about; empty for all.
    targets
        The company's labels by name.

    Raises
    ------
    UsageError
        When a column is asked for that no group declares.
    DataError
        When the account is unknown, or does not pay on that day; names the nearest days.
    """
    chosen = _chosen(columns_of(groups), names)
    rows = own_rows(tables, account_id)
    account_tables = numbered(rows)
    grace_days = horizon.grace_days
    row_spine = spine(account_tables, [as_of], grace_days).cache()
    facts = Facts(account_tables, row_spine, [as_of], grace_days)
    if not facts.spine.count().to_pyarrow().as_py():
        raise DataError(_no_row(account_tables, account_id, as_of, grace_days))
    account_rows = source_rows(facts, rows, as_of)
    return Explanation(
        account_id=account_id,
        as_of=as_of,
        verdicts=tuple(verdicts(facts, horizon, as_of, targets)),
        values=tuple(_values(groups, facts, account_tables, account_rows, chosen, as_of)),
        rows=tuple(account_rows),
    )


def _chosen(columns: Sequence[FeatureColumn], names: Sequence[str]) -> list[FeatureColumn]:
    names_known = {c.name for c in columns} | {c.stem for c in columns}
    if unknown := [name for name in names if name not in names_known]:
        raise UsageError([_no_feature(name, names_known) for name in unknown])
    return [c for c in columns if not names or c.name in names or c.stem in names]


def _no_feature(name: str, names: Collection[str]) -> str:
    close = get_close_matches(name, sorted(names), n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"there is no feature {name!r}; {meant}`expansion catalogue` lists all"


def _no_row(tables: Mapping[str, ir.Table], account_id: str, as_of: date, grace_days: int) -> str:
    """Say that the account has no row on that day, and which days it has one nearest to it."""
    lines = tables["subscriptions"].to_pyarrow().to_pylist()
    if not lines:
        return f"account {account_id!r} has no subscription in the data; check its spelling"
    days = {as_of}
    for line in lines:
        known_on = line["known_at"].date() + timedelta(days=1)
        days |= {line["starts_on"], line["starts_on"] + timedelta(days=1), known_on}
        for ended in filter(None, (line["ended_on"], line["ended_known_on"])):
            days |= {ended - timedelta(days=1), ended, ended + timedelta(days=1)}
    row_days = spine(tables, sorted(days), grace_days).as_of.to_pyarrow().to_pylist()
    before = max((day for day in row_days if day < as_of), default=None)
    after = min((day for day in row_days if day > as_of), default=None)
    near = " and ".join(
        f"{word} {day}" for word, day in (("last on", before), ("next on", after)) if day
    )
    return (
        f"account {account_id} has no row on {as_of}: no paid subscription of it that was known by "
        f"then runs on that day. It has a row {near or 'on no day'}"
    )


def _values(
    groups: Sequence[FeatureGroup],
    facts: Facts,
    tables: Mapping[str, ir.Table],
    account_rows: Sequence[SourceRow],
    chosen: Sequence[FeatureColumn],
    as_of: date,
) -> list[Value]:
    values = compute(groups, facts).to_pyarrow().to_pylist()[0]
    reads = {
        derived.column.name: tuple(sorted(derived.reads)) for s in stages(groups) for derived in s
    }
    visible: dict[str, tuple[int, ...]] = dict.fromkeys(tables, ())
    for row in account_rows:
        if not row.hidden or row.ahead:
            visible[row.table] = (*visible[row.table], row.number)
    asked = _asked(groups, chosen)
    tried = entered(asked, tables, visible, as_of, facts.grace_days)
    return [
        Value(
            name=c.name,
            group=c.group,
            unit=c.unit,
            description=c.description,
            window_days=c.window_days,
            by_day=c.by_day,
            value=values[c.name],
            combines=reads.get(c.name, ()),
            uses=() if c.name in reads else tuple(_uses(c, visible, tried)),
        )
        for c in chosen
    ]


def _asked(groups: Sequence[FeatureGroup], chosen: Sequence[FeatureColumn]) -> list[FeatureGroup]:
    """Return the groups with the features of the chosen columns alone."""
    stems = {(c.group, c.stem) for c in chosen}
    return [
        replace(group, features=[f for f in group.features if (group.name, f.name) in stems])
        for group in groups
    ]


def _uses(
    column: FeatureColumn,
    visible: Mapping[str, tuple[int, ...]],
    tried: Mapping[tuple[str, str], Entered],
) -> list[Use]:
    """Return the tables a column is drawn from, and the one its days count from."""
    uses = []
    for table, numbers in visible.items():
        trial = tried.get((column.name, table))
        if table in column.sources or (trial and trial.entered):
            entered_rows = None if trial is None else tuple(sorted(trial.entered))
            decides = None if trial is None else tuple(sorted(trial.decides))
            uses.append(Use(table, numbers, entered_rows, decides))
    return uses
