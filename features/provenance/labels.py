"""Why an account's label is positive, negative, excluded or not yet mature, in sentences.

The verdict is that of ``label_table.labels`` and its occurrences; what is added here is how each
change of the account's subscriptions stands to the horizon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from features.labels.declaration import ConsideredChange, Target
from features.labels.label_table import labels, occurrences, paid_until, undecided
from features.labels.outcome_window import Horizon, decide, happened, paid_periods
from features.labels.targets import TARGETS
from features.point_in_time.facts import KEYS, Facts
from features.provenance.visibility import NUMBER

if TYPE_CHECKING:
    import ibis.expr.types as ir

State = Literal["positive", "negative", "excluded", "not mature"]
Record = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A change of what the account holds: what it was, and how it counted or why it did not.

    ``rows`` are the numbers of the subscription rows that started or ended there.
    """

    text: str
    why: str
    counts: bool
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Verdict:
    """One target's label of one row, with the reason and the changes that were considered."""

    target: str
    state: State
    arr: float | None
    why: str
    changes: tuple[Change, ...]


def verdicts(
    facts: Facts, horizon: Horizon, as_of: date, targets: Mapping[str, Target] = TARGETS
) -> list[Verdict]:
    """Return the verdict on each target for the one account of ``facts``, which runs at ``as_of``.

    ``facts`` holds the account's tables with numbered rows.
    """
    lines = facts.tables["subscriptions"].drop(NUMBER)
    events = happened(lines, horizon)
    decisions = decide(facts.spine.select(*KEYS), events, horizon, facts.paid_lines())
    befallen = occurrences(decisions, targets)
    history = _History(
        as_of=as_of,
        horizon=horizon,
        rows=_records(facts.tables["subscriptions"]),
        changes=_records(events.changes.order_by("changed_on", "product_id")),
        steps=_records(events.steps),
        pairs=_records(events.replacements),
        stops=_records(events.stops),
        returns={stop["changed_on"]: stop["expected_on"] for stop in _records(decisions.stops)},
        closed=_records(_closed(facts.tables["subscriptions"], horizon)),
        occurrences=_records(befallen),
        titles={name: target.title for name, target in targets.items()},
    )
    label = _records(labels(facts, horizon, targets))[0]
    excluded = _excluded(facts, horizon, history)
    return [_verdict(target, label, excluded, history) for target in targets.values()]


def _closed(lines: ir.Table, horizon: Horizon) -> ir.Table:
    """Return the paid periods without pauses, numbered, with the day on which they really ended."""
    return paid_periods(lines.mutate(ended_really_on=lines.ended_on), horizon)


def _records(table: ir.Table) -> list[Record]:
    records: list[Record] = table.to_pyarrow().to_pylist()
    return records


@dataclass(frozen=True)
class _History:
    """All that happened in one account's subscriptions, as records; ``closed`` without pauses.

    ``occurrences`` are the outcomes that befell it; ``titles`` what people call them, by name;
    ``returns`` the days on which, by contract, it pays again, by the ends of its last lines.
    """

    as_of: date
    horizon: Horizon
    rows: Sequence[Record]
    changes: Sequence[Record]
    steps: Sequence[Record]
    pairs: Sequence[Record]
    stops: Sequence[Record]
    returns: Mapping[date, date]
    closed: Sequence[Record]
    occurrences: Sequence[Record]
    titles: Mapping[str, str]

    @property
    def last(self) -> date:
        """The first day after the horizon."""
        return self.as_of + timedelta(days=self.horizon.days)

    def of(self, name: str) -> list[Record]:
        """Return the occurrences of a target."""
        return [row for row in self.occurrences if row["target"] == name]


def _verdict(target: Target, label: Record, excluded: str, history: _History) -> Verdict:
    changes = () if excluded else tuple(_considered(target, history))
    arr = label[target.amount_column(history.horizon.days)]
    value = label[target.column(history.horizon.days)]
    state, why = _state(target, value, excluded, changes, history)
    return Verdict(target.name, state, arr, why, changes)


def _state(
    target: Target, value: int | None, excluded: str, changes: Sequence[Change], history: _History
) -> tuple[State, str]:
    if excluded:
        return "excluded", excluded
    horizon = history.horizon
    if value is None:
        until = history.as_of + timedelta(days=target.mature_days(horizon.days, horizon.grace_days))
        return "not mature", (
            f"not mature before {until}; data is complete before {horizon.data_through}"
        )
    if value:
        return "positive", "; ".join(f"{c.text}, {c.why}" for c in changes if c.counts)
    span = f"from {history.as_of} to before {history.last}"
    return "negative", f"{target.provenance.absence} {span}"


def _excluded(facts: Facts, horizon: Horizon, history: _History) -> str:
    """Say why the outcome was settled before ``as_of``; empty when it was open."""
    as_of, last = history.as_of, history.last
    if not _records(undecided(facts, horizon)):
        ends = [r for r in history.rows if r["ended_on"] and r["ended_on"] <= last]
        announced = [r for r in ends if r["ended_known_on"] and r["ended_known_on"] < as_of]
        when = max((r["ended_on"] for r in announced), default=None)
        since = max((r["ended_known_on"] for r in announced), default=None)
        notice = f" (the last line ends on {when}, known on {since})" if when else ""
        return f"it was known before that no paid line runs on {last}, the horizon's end{notice}"
    if not _records(paid_until(facts, horizon)):
        gone = [r["ended_on"] for r in history.rows if r["ended_on"] and r["ended_on"] < as_of]
        ended = f" (ended on {max(gone)}, known only later)" if gone else ""
        return f"no paid line really ran on {as_of} or the day before{ended}"
    return ""


# --- The changes considered -----------------------------------------------------------------------


def _considered(target: Target, history: _History) -> Iterator[Change]:
    """Yield the changes that bear on a target, the counted ones first."""
    counted = sorted(history.of(target.name), key=lambda row: row["changed_on"])
    for row in counted:
        yield _counted(target, row, history)
    days = {(row["product_id"], row["changed_on"]) for row in counted}
    if target.ends_account:
        stops = [stop for stop in history.stops if (None, stop["changed_on"]) not in days]
        yield from (_stop(stop, history) for stop in stops)
        return
    for change in history.changes:
        bears = target.provenance.considers(change)
        if bears and _key(change) not in days and _is_recent(change, history):
            why = _ruled_out(target, change, history)
            yield Change(_sentence(change, history), why, False, _rows_at(change, history))


def _key(change: Record) -> tuple[str, date]:
    return change["product_id"], change["changed_on"]


def _counted(target: Target, row: Record, history: _History) -> Change:
    money = f"{target.direction.removeprefix('=')}{row['arr']:,.0f} ARR"
    rows = _rows_at(row, history)
    if target.ends_account:
        notice = "" if row["arr"] else "; all of it was known to end before"
        return Change(f"the last line ends on {row['changed_on']}", money + notice, True, rows)
    change = next(
        (candidate for candidate in history.changes if _key(candidate) == _key(row)), None
    )
    if change is None:
        product = f" of {row['product_id']}" if row["product_id"] else ""
        return Change(f"{target.title}{product} on {row['changed_on']}", money, True, rows)
    again = "bought back" if change["is_start"] and not change["is_first"] else ""
    reasons = [_replacement(change, history) or again, *_parts(change, history).values(), money]
    return Change(_sentence(change, history), ", ".join(filter(None, reasons)), True, rows)


def _stop(stop: Record, history: _History) -> Change:
    """Say why the end of an account's last line does not count within the horizon."""
    day, back = stop["changed_on"], stop["resumed_on"]
    if day < history.as_of:
        why = f"before {history.as_of}"
    elif day >= history.last:
        why = f"after the horizon, which ends before {history.last}"
    else:
        after = f"within the {history.horizon.grace_days} days of grace"
        if (expected := history.returns[day]) > day:
            after += f" after {expected}, as announced before {history.as_of}: contracted"
        why = f"back on {back}, {after}"
    return Change(f"the last line ends on {day}", why, False, _rows_at(stop, history))


def _is_recent(change: Record, history: _History) -> bool:
    """Say whether a change is more than history: it happened, or was signed, from ``as_of`` on."""
    signed = [step["signed_on"] for step in _steps(change, history) if step["signed_on"]]
    return bool(max([change["changed_on"], *signed]) >= history.as_of)


def _steps(change: Record, history: _History) -> list[Record]:
    return [step for step in history.steps if _key(step) == _key(change)]


def _parts(change: Record, history: _History) -> dict[str, str]:
    """Say when the parts of a change were decided: before, within, or after the horizon."""
    days: dict[str, set[date]] = {}
    for step in _steps(change, history):
        signed, ended = step["signed_on"], step["changed_on"]
        announced = step["end_known_on"]
        if signed is None and announced is not None and announced < history.as_of:
            days.setdefault("known", set()).add(announced)
        elif (day := signed or ended) < history.as_of:
            days.setdefault("before" if signed else "past", set()).add(day)
        elif day >= history.last:
            days.setdefault("after" if signed else "later", set()).add(day)
        else:
            days.setdefault("within" if signed else "ended", set()).add(day)
    return {
        kind: _PARTS[kind].format(_dates(days[kind]), history) for kind in _PARTS if kind in days
    }


_PARTS = {
    "within": "signed {0}",
    "ended": "ended {0} without notice before {1.as_of}",
    "before": "signed {0}, before {1.as_of}: contracted",
    "known": "end known {0}, before {1.as_of}: contracted",
    "past": "ended {0}, before {1.as_of}",
    "after": "signed {0}, after the horizon, which ends before {1.last}",
    "later": "ended {0}, after the horizon, which ends before {1.last}",
}


def _dates(days: set[date]) -> str:
    return " and ".join(str(day) for day in sorted(days))


def _ruled_out(target: Target, change: Record, history: _History) -> str:
    """Say why a change does not count for a target."""
    parts = _parts(change, history)
    is_decided = bool({"within", "ended"} & set(parts))
    if is_decided and (replacement := _replacement(change, history)):
        return f"{replacement}: by itself neither a new product nor a loss"
    considered = ConsideredChange(change, history.as_of, is_signed_within="within" in parts)
    if reason := target.provenance.rejects(considered):
        return reason
    if is_decided and (other := next(filter(history.of, target.excludes), None)):
        return f"part of the {history.titles[other].lower()}"
    others = [text for kind, text in parts.items() if kind not in ("within", "ended")]
    return ", ".join(others) or "what was decided within the horizon nets to nothing"


def _replacement(change: Record, history: _History) -> str:
    """Say what a started product replaces, or what replaces a stopped one."""
    for side, other, verb in (("start", "stop", "replaces"), ("stop", "start", "is replaced by")):
        pairs = [
            f"{pair[f'{other}_id']} ({pair[f'{other}_on']})"
            for pair in history.pairs
            if change[f"is_{side}"] and (pair[f"{side}_id"], pair[f"{side}_on"]) == _key(change)
        ]
        if pairs:
            return f"{verb} {' and '.join(sorted(pairs))}"
    return ""


def _sentence(change: Record, history: _History) -> str:
    """Say what was held before and after, and since when."""
    product, day = _key(change)
    before = _held(product, day - timedelta(days=1), history)
    after = _held(product, day, history)
    if change["is_start"] or change["is_stop"]:
        what = f"{product} {'starts' if change['is_start'] else 'ends'}, {before or after}"
    else:
        what = f"{product} {before} -> {after}"
    plan = ""
    if change["plan_in"] and change["plan_out"] not in (None, change["plan_in"]):
        plan = f", plan {change['plan_out'] or 'none'} -> {change['plan_in']}"
    return f"{what} on {day}{plan}"


def _held(product: str, day: date, history: _History) -> str:
    """Return how many units of a product run on a day, pauses closed."""
    running = [
        row["quantity"]
        for row in history.closed
        if row["product_id"] == product
        and row["starts_on"] <= day
        and (row["ended_on"] is None or row["ended_on"] > day)
    ]
    return f"{sum(running):,.10g}" if running else ""


def _rows_at(change: Mapping[str, Any], history: _History) -> tuple[int, ...]:
    """Return the subscription rows that start or end with a change."""
    product, day = change.get("product_id"), change["changed_on"]
    return tuple(
        row[NUMBER]
        for row in history.closed
        if product in (None, row["product_id"])
        and day in (row["starts_on"], row["ended_on"], row["ended_really_on"])
    )
