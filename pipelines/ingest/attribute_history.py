"""Which attributes are today's values: those whose former values nobody brought.

An attribute such as the segment of an account can change without a date of its own. Where nearly
every account has one value, that value is the one of the day on which the data was read, and a
feature of a day in the past would know what the account has become since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from features.contract import ACCOUNTS, TABLES, Table, undated
from pipelines.common.sql_quoting import quoted
from pipelines.config.company_features import readers
from pipelines.ingest import attribute_record

if TYPE_CHECKING:
    import duckdb

    from pipelines.config.settings import Settings

FEWEST_CHANGED = 0.01
"""Where a smaller share of accounts has ever changed, nobody keeps what was before."""
LATEST_BEGIN = 2 / 3
"""Changes that begin later in the history than this share of it say nothing about most of it."""
EARLY = 0.05
"""So many of the changes may lie before the day from which on they count as kept."""
RECORD_DAYS = 364
"""A record of versions is used once it reaches so far back."""


@dataclass(frozen=True)
class AttributeHistory:
    """What is known of the former values of ``column``.

    ``described`` are the accounts (or users, or departments) with a value, ``changed`` those with
    more than one, ``changes_begin`` the day after which nearly all changes lie. ``recorded_since``
    is where the record of versions began, if the company keeps one, and ``usable_from`` the end of
    the data from which on it is used. ``is_kept``: named under [features] keep.
    """

    table: str
    column: str
    described: int
    changed: int
    changes_begin: str | None
    is_todays: bool
    is_kept: bool
    recorded_since: str | None = None
    usable_from: str | None = None

    @property
    def name(self) -> str:
        """Table and column."""
        return f"{self.table}.{self.column}"

    @property
    def keeps_changes(self) -> bool:
        """Whether changes of it are kept at all, from some day on."""
        return self.changed >= max(1, FEWEST_CHANGED * self.described)

    @property
    def is_left_out(self) -> bool:
        """Whether what is drawn from it is no model input."""
        return self.is_todays and not self.is_kept

    def as_dict(self) -> dict[str, Any]:
        """Return the history as JSON-able values."""
        return asdict(self)

    def recorded(self, since: date | None, through: date) -> AttributeHistory:
        """Return the same with the record of versions that began at ``since``."""
        if since is None or not self.is_todays:
            return self
        usable = since + timedelta(days=RECORD_DAYS)
        return replace(
            self,
            is_todays=usable > through,
            recorded_since=str(since),
            usable_from=str(usable),
        )


def histories(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[str],
    settings: Settings,
    through: date,
) -> tuple[AttributeHistory, ...]:
    """Return the history of each attribute that has values, from the tables in ``clean``.

    The record of versions counts, if the company keeps one.
    """
    began = attribute_record.began(settings, connection)
    return tuple(
        history.recorded(began.get(history.column), through)
        if history.table == ACCOUNTS.name
        else history
        for history in _mapped(connection, tables, settings, through)
    )


def _mapped(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[str],
    settings: Settings,
    through: date,
) -> tuple[AttributeHistory, ...]:
    present = set(tables)
    earliest = through - timedelta(days=settings.build.history_days)
    read = (
        _history(connection, TABLES[table], column, (earliest, through), name in settings.kept)
        for name, (table, column) in undated().items()
        if table in present
    )
    return tuple(history for history in read if history.described)


def _history(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    column: str,
    span: tuple[date, date],
    is_kept: bool,
) -> AttributeHistory:
    described, changed, begin, first = _counts(connection, table, column)
    start = max(first, span[0]) if first else span[0]
    latest = start + (span[1] - start) * LATEST_BEGIN
    is_todays = changed < max(1, FEWEST_CHANGED * described) or (begin or latest) > latest
    return AttributeHistory(
        table=table.name,
        column=column,
        described=described,
        changed=changed,
        changes_begin=str(begin) if begin else None,
        is_todays=is_todays,
        is_kept=is_kept,
    )


def _counts(
    connection: duckdb.DuckDBPyConnection, table: Table, column: str
) -> tuple[int, int, date | None, date | None]:
    """Return who has a value, who has had another, when changes began, and the first version."""
    entity = ", ".join(map(quoted, table.versions_of))
    version = f"CAST({quoted(table.version_on)} AS DATE)"
    in_order = f"OVER (PARTITION BY {entity} ORDER BY {quoted(table.version_on)})"
    versions = (
        f"SELECT hash({entity}) AS entity, {quoted(column)} AS value, {version} AS day, "
        f"row_number() {in_order} > 1 AND "
        f"{quoted(column)} IS DISTINCT FROM lag({quoted(column)}) {in_order} AS is_change "
        f"FROM clean.{quoted(table.name)}"
    )
    counts = (
        "SELECT count(DISTINCT entity) FILTER (value IS NOT NULL), "
        "count(DISTINCT entity) FILTER (is_change), "
        f"quantile_disc(day, {EARLY}) FILTER (is_change), min(day) FROM ({versions})"
    )
    row = connection.execute(counts).fetchone() or (0, 0, None, None)
    return int(row[0]), int(row[1]), row[2], row[3]


def from_stored(stored: Iterable[Mapping[str, Any]]) -> tuple[AttributeHistory, ...]:
    """Return the histories that ``as_dict`` described."""
    return tuple(AttributeHistory(**history) for history in stored)


def left_out(settings: Settings, judged: Iterable[AttributeHistory]) -> dict[str, str]:
    """Return the feature columns that are no model inputs, each with the attribute it reads."""
    return {
        column: history.name
        for history in judged
        if history.is_left_out
        for column in sorted(readers(settings, history.table, history.column))
    }


def unproven(settings: Settings, judged: Iterable[AttributeHistory]) -> frozenset[str]:
    """Return the inputs that read an attribute which is right for the past by its name alone."""
    return frozenset().union(
        *(
            readers(settings, history.table, history.column)
            for history in judged
            if history.is_todays and history.is_kept
        )
    )


def recorded(judged: Iterable[AttributeHistory]) -> list[str]:
    """Return the attributes of accounts whose record takes the place of today's values."""
    return [
        history.column for history in judged if history.recorded_since and not history.is_todays
    ]


def todays(judged: Iterable[AttributeHistory]) -> list[str]:
    """Return the attributes that are today's and are not said to be right for the past."""
    return [history.name for history in judged if history.is_left_out]
