"""Why an account's label is positive, negative, excluded or not yet mature, in sentences.

The verdict is that of ``targets.labels`` and its occurrences; what is added here is how each
change of the account's subscriptions stands to the horizon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from features.labels.outcome_window import Horizon, decide, happened
from features.labels.targets import TARGETS, Target, goes_on, labels, occurrences, ran
from features.point_in_time.facts import KEYS, Facts
from features.provenance.visibility import NUMBER
from features.subscriptions.changes import without_pauses

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


def verdicts(facts: Facts, horizon: Horizon, as_of: date) -> list[Verdict]:
    """Return the verdict on each target for the one account of ``facts``, which runs at ``as_of``.

    ``facts`` holds the account's tables with numbered rows.
    """
    lines = facts.tables["subscriptions"].drop(NUMBER)
    events = happened(lines, horizon)
    told = _Told(
        as_of=as_of,
        horizon=horizon,
        rows=_list(facts.tables["subscriptions"]),
        changes=_list(events.changes.order_by("changed_on", "product_id")),
        steps=_list(events.steps),
        pairs=_list(events.replacements),
        stops=_list(events.stops),
        closed=_list(_closed(facts.tables["subscriptions"], horizon)),
    )
    found = _list(occurrences(decide(facts.spine.select(*KEYS), events, horizon), TARGETS))
    label = _list(labels(facts, horizon))[0]
    excluded = _excluded(facts, horizon, told)
    return [_verdict(one, label, excluded, found, told) for one in TARGETS.values()]


def _closed(lines: ir.Table, horizon: Horizon) -> ir.Table:
    """Return the periods without pauses, numbered, with the day on which they really ended."""
    return without_pauses(lines.mutate(ended_really_on=lines.ended_on), horizon.grace_days)


def _list(table: ir.Table) -> list[Record]:
    found: list[Record] = table.to_pyarrow().to_pylist()
    return found


@dataclass(frozen=True)
class _Told:
    """All that happened in one account's subscriptions, as records; ``closed`` without pauses."""

    as_of: date
    horizon: Horizon
    rows: Sequence[Record]
    changes: Sequence[Record]
    steps: Sequence[Record]
    pairs: Sequence[Record]
    stops: Sequence[Record]
    closed: Sequence[Record]

    @property
    def last(self) -> date:
        """The first day after the horizon."""
        return self.as_of + timedelta(days=self.horizon.days)


def _verdict(
    one: Target, label: Record, excluded: str, found: Sequence[Record], told: _Told
) -> Verdict:
    mine = [row for row in found if row["target"] == one.name]
    changes = () if excluded else tuple(_considered(one.name, mine, told))
    arr = label[one.amount_column(told.horizon.days)]
    state, why = _state(one, label[one.column(told.horizon.days)], excluded, changes, told)
    return Verdict(one.name, state, arr, why, changes)


def _state(
    one: Target, value: int | None, excluded: str, changes: Sequence[Change], told: _Told
) -> tuple[State, str]:
    days = one.mature_days(told.horizon.days, told.horizon.grace_days)
    if excluded:
        return "excluded", excluded
    if value is None:
        until = told.as_of + timedelta(days=days)
        return "not mature", f"not mature before {until}; data is complete before " + str(
            told.horizon.data_through
        )
    if value:
        return "positive", "; ".join(f"{c.text}, {c.why}" for c in changes if c.counts)
    span = f"from {told.as_of} to before {told.last}"
    return "negative", f"{_NOTHING[one.name]} {span}"


_NOTHING = {
    "upsell": "no more of a product held was signed",
    "cross_sell": "no new product was signed",
    "downsell": "nothing was given up",
    "churn": "the last subscription did not end for good",
}


def _excluded(facts: Facts, horizon: Horizon, told: _Told) -> str:
    """Say why the outcome was settled before ``as_of``; empty when it was open."""
    if not _list(goes_on(facts, horizon)):
        ends = [r for r in told.rows if r["ended_on"] and r["ended_on"] < told.last]
        known = [r for r in ends if r["ended_known_on"] and r["ended_known_on"] < told.as_of]
        when = max((r["ended_on"] for r in known), default=None)
        since = max((r["ended_known_on"] for r in known), default=None)
        told_so = f" (the last line ends on {when}, known on {since})" if when else ""
        return f"it was known before that nothing runs on {told.last}, the horizon's end{told_so}"
    if not _list(ran(facts)):
        gone = [r["ended_on"] for r in told.rows if r["ended_on"] and r["ended_on"] < told.as_of]
        ended = f" (ended on {max(gone)}, known only later)" if gone else ""
        return f"no line really ran on the day before {told.as_of}{ended}"
    return ""


# --- The changes considered -----------------------------------------------------------------------


def _considered(target: str, counted: Sequence[Record], told: _Told) -> Iterator[Change]:
    """Yield the changes that bear on a target, the counted ones first."""
    days = {(row["product_id"], row["changed_on"]) for row in counted}
    for row in sorted(counted, key=lambda row: row["changed_on"]):
        yield _counted(target, row, told)
    if target == "churn":
        stops = [stop for stop in told.stops if (None, stop["changed_on"]) not in days]
        yield from (_stop(stop, told) for stop in stops)
        return
    for change in told.changes:
        if _bears(target, change) and _key(change) not in days and _is_recent(change, told):
            why = _ruled_out(target, change, told)
            yield Change(_sentence(change, told), why, False, _rows_at(change, told))


def _key(change: Record) -> tuple[str, date]:
    return change["product_id"], change["changed_on"]


def _counted(target: str, row: Record, told: _Told) -> Change:
    sign = TARGETS[target].direction
    money = f"{sign}{row['arr']:,.0f} ARR"
    if target == "churn":
        known = "" if row["arr"] else "; all of it was known to end before"
        text = f"the last line ends on {row['changed_on']}"
        return Change(text, money + known, True, _rows_at(row, told))
    change = next(c for c in told.changes if _key(c) == _key(row))
    parts = [_replacement(change, told), *_parts(change, told).values(), money]
    return Change(
        _sentence(change, told), ", ".join(filter(None, parts)), True, _rows_at(change, told)
    )


def _stop(stop: Record, told: _Told) -> Change:
    """Say why the end of an account's last line is no churn within the horizon."""
    day, back = stop["changed_on"], stop["resumed_on"]
    if day < told.as_of:
        why = f"before {told.as_of}"
    elif day >= told.last:
        why = f"after the horizon, which ends before {told.last}"
    else:
        why = f"back on {back}, within the {told.horizon.grace_days} days of grace"
    return Change(f"the last line ends on {day}", why, False, _rows_at(stop, told))


def _bears(target: str, change: Record) -> bool:
    """Say whether a change is of the kind that a target could count."""
    if target == "cross_sell":
        return bool(change["is_start"])
    if target == "upsell":
        return bool(not change["is_stop"] and (change["is_up"] or _is_same(change)))
    return bool(not change["is_start"] and (change["is_down"] or change["is_stop"]))


def _is_same(change: Record) -> bool:
    """Say whether the price alone changed, or nothing."""
    return not any(change[kind] for kind in ("is_start", "is_stop", "is_up", "is_down"))


def _is_recent(change: Record, told: _Told) -> bool:
    """Say whether a change is more than history: it happened, or was signed, from ``as_of`` on."""
    signed = [step["signed_on"] for step in _steps(change, told) if step["signed_on"]]
    return bool(max([change["changed_on"], *signed]) >= told.as_of)


def _steps(change: Record, told: _Told) -> list[Record]:
    return [step for step in told.steps if _key(step) == _key(change)]


def _parts(change: Record, told: _Told) -> dict[str, str]:
    """Say when the parts of a change were decided: before, within, or after the horizon."""
    days: dict[str, set[date]] = {}
    for step in _steps(change, told):
        signed, ended = step["signed_on"], step["changed_on"]
        known = step["end_known_on"]
        if signed is None and known is not None and known < told.as_of:
            days.setdefault("known", set()).add(known)
        elif (day := signed or ended) < told.as_of:
            days.setdefault("before" if signed else "past", set()).add(day)
        elif day >= told.last:
            days.setdefault("after" if signed else "later", set()).add(day)
        else:
            days.setdefault("within" if signed else "ended", set()).add(day)
    return {kind: _PARTS[kind].format(_dates(days[kind]), told) for kind in _PARTS if kind in days}


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


def _ruled_out(target: str, change: Record, told: _Told) -> str:
    """Say why a change does not count for a target."""
    parts = _parts(change, told)
    if (replaced := _replacement(change, told)) and {"within", "ended"} & set(parts):
        return f"{replaced}: by itself neither a new product nor a loss"
    if target == "cross_sell" and not change["is_first"]:
        return "no new product: held before"
    if target == "upsell" and _is_same(change) and "within" in parts:
        return "the price or the paper alone changed"
    if target == "downsell" and {"within", "ended"} & set(parts) and _churned(told):
        return "part of the churn"
    if target == "cross_sell" and change["first_signed_on"] < told.as_of:
        return f"signed {change['first_signed_on']}, before {told.as_of}: contracted"
    other = [text for kind, text in parts.items() if kind not in ("within", "ended")]
    return ", ".join(other) or "what was decided within the horizon nets to nothing"


def _churned(told: _Told) -> bool:
    return any(not _stop_is_soothed(stop, told) for stop in told.stops)


def _stop_is_soothed(stop: Record, told: _Told) -> bool:
    back = stop["resumed_on"]
    soon = back is not None and (back - stop["changed_on"]).days <= told.horizon.grace_days
    return soon or not told.as_of <= stop["changed_on"] < told.last


def _replacement(change: Record, told: _Told) -> str:
    """Say what a started product replaces, or what replaces a stopped one."""
    for side, other, verb in (("start", "stop", "replaces"), ("stop", "start", "is replaced by")):
        pairs = [
            f"{pair[f'{other}_id']} ({pair[f'{other}_on']})"
            for pair in told.pairs
            if change[f"is_{side}"] and (pair[f"{side}_id"], pair[f"{side}_on"]) == _key(change)
        ]
        if pairs:
            return f"{verb} {' and '.join(sorted(pairs))}"
    return ""


def _sentence(change: Record, told: _Told) -> str:
    """Say what was held before and after, and since when."""
    product, day = _key(change)
    before = _held(product, day - timedelta(days=1), told)
    after = _held(product, day, told)
    if change["is_start"] or change["is_stop"]:
        what = f"{product} {'starts' if change['is_start'] else 'ends'}, {before or after}"
    else:
        what = f"{product} {before} -> {after}"
    plan = ""
    if change["plan_in"] and change["plan_out"] not in (None, change["plan_in"]):
        plan = f", plan {change['plan_out'] or 'none'} -> {change['plan_in']}"
    return f"{what} on {day}{plan}"


def _held(product: str, day: date, told: _Told) -> str:
    """Return how many units of a product run on a day, pauses closed."""
    running = [
        row["quantity"]
        for row in told.closed
        if row["product_id"] == product
        and row["starts_on"] <= day
        and (row["ended_on"] is None or row["ended_on"] > day)
    ]
    return _number(sum(running)) if running else ""


def _number(value: float) -> str:
    return f"{value:,.10g}"


def _rows_at(change: Mapping[str, Any], told: _Told) -> tuple[int, ...]:
    """Return the subscription rows that start or end with a change."""
    product, day = change.get("product_id"), change["changed_on"]
    return tuple(
        row[NUMBER]
        for row in told.closed
        if product in (None, row["product_id"])
        and day in (row["starts_on"], row["ended_on"], row["ended_really_on"])
    )
