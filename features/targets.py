"""What a prediction is about: upsell, cross-sell, downsell and churn in the days after ``as_of``.

A label looks at ``[as_of, as_of + horizon)`` with everything known today; features look at what
lies before ``as_of``. What was signed, or known to end, before ``as_of`` is contracted and no
label. Null means 'not mature yet' or 'not in the population', never 'no'.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import ibis

from features.as_of import KEYS, Facts
from features.changes import account_stops, product_changes

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Horizon:
    """The time a label looks at.

    ``days`` after ``as_of``; ``grace_days`` within which a pause or a replacement is no loss;
    ``data_through``, the first day that is not complete in the data; ``price_changes``, whether
    the company counts a rise of the price alone as upsell and a cut as downsell.
    """

    days: int
    grace_days: int
    data_through: date
    price_changes: bool = False


@dataclass(frozen=True)
class Events:
    """What happened to accounts, over the whole of the data."""

    changes: ir.Table
    stops: ir.Table


TargetFunction = Callable[["ir.Table", Events, Horizon], "ir.Table"]


@dataclass(frozen=True)
class Target:
    """One outcome.

    ``occurrences`` returns one row for each time the outcome befell a row of the spine:
    ``account_id``, ``as_of``, ``arr`` (yearly amount, positive). ``needs_grace`` outcomes are
    mature only after the grace period, since a return or a replacement can undo them.
    """

    occurrences: TargetFunction
    direction: Literal["+", "-"]
    needs_grace: bool

    @property
    def name(self) -> str:
        """The function's name."""
        return self.occurrences.__name__

    @property
    def description(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.occurrences) or "").split("\n", 1)[0]

    def column(self, days: int) -> str:
        """Return the label's column name, such as ``churn_next_91d``."""
        return f"{self.name}_next_{days}d"

    def amount_column(self, days: int) -> str:
        """Return the column name of its ARR, such as ``churn_arr_next_91d``."""
        return f"{self.name}_arr_next_{days}d"

    def mature_days(self, days: int, grace_days: int) -> int:
        """Return how many days after ``as_of`` the label is known."""
        return days + (grace_days if self.needs_grace else 0)

    def as_dict(self, days: int, grace_days: int) -> dict[str, str | int]:
        """Return name, columns and direction, as stored in the feature table's metadata."""
        return {
            "name": self.name,
            "column": self.column(days),
            "amount_column": self.amount_column(days),
            "direction": self.direction,
            "mature_days": self.mature_days(days, grace_days),
            "description": self.description,
        }


TARGETS: dict[str, Target] = {}
"""Every target by name, in the order in which they are shown."""


def target(
    *, direction: Literal["+", "-"], needs_grace: bool
) -> Callable[[TargetFunction], TargetFunction]:
    """Declare a target; its function says when it occurs."""

    def declare(function: TargetFunction) -> TargetFunction:
        TARGETS[function.__name__] = Target(function, direction, needs_grace)
        return function

    return declare


@target(direction="+", needs_grace=False)
def upsell(spine: ir.Table, events: Events, horizon: Horizon) -> ir.Table:
    """More of a product the account holds, or a dearer plan of it, signed within the horizon.

    A change of price alone is none.
    """
    changes = _decided(spine, events.changes, horizon).filter(ibis._.is_up)
    return changes.select(*KEYS, arr=_gain(changes.arr_change))


@target(direction="+", needs_grace=True)
def cross_sell(spine: ir.Table, events: Events, horizon: Horizon) -> ir.Table:
    """A product the account never held, signed within the horizon and replacing no other."""
    changes = _decided(spine, events.changes, horizon)
    new = changes.filter(changes.is_start & changes.is_first)
    dropped = _lasting(events.changes.filter(events.changes.is_stop), horizon)
    bought = _unpaired(new, dropped, horizon)
    return bought.select(*KEYS, arr=bought.arr_change)


@target(direction="-", needs_grace=True)
def downsell(spine: ir.Table, events: Events, horizon: Horizon) -> ir.Table:
    """Less of a product, a cheaper plan, or a product dropped within the horizon; it stays."""
    changes = _decided(spine, events.changes, horizon)
    fewer = changes.filter(changes.is_down).select(*KEYS, arr=_gain(-changes.arr_change))
    started = _lasting(events.changes.filter(events.changes.is_start), horizon)
    dropped = _unpaired(_lasting(changes.filter(changes.is_stop), horizon), started, horizon)
    losses = fewer.union(dropped.select(*KEYS, arr=-dropped.arr_change))
    return losses.anti_join(churn(spine, events, horizon), KEYS)


@target(direction="-", needs_grace=True)
def churn(spine: ir.Table, events: Events, horizon: Horizon) -> ir.Table:
    """The last subscription ends within the horizon and none follows in the grace days."""
    stops = spine.join(events.stops, "account_id")
    stops = stops.filter(_within(stops.stopped_on, stops.as_of, horizon.days))
    pause = stops.resumed_on.delta(stops.stopped_on, unit="day")
    gone = stops.filter(stops.resumed_on.isnull() | (pause > horizon.grace_days))
    return gone.select(*KEYS, arr=gone.arr_lost)


def labels(facts: Facts, horizon: Horizon, names: Sequence[str] | None = None) -> ir.Table:
    """Return the spine with each target's label (0, 1, null) and its ARR (0 without the outcome).

    Null where the horizon is not complete, where the account had already left without its being
    known, or where it was already known that nothing runs at the horizon's end.
    """
    lines = facts.tables["subscriptions"]
    changes = product_changes(lines, ["account_id"])
    events = Events(changes=changes.cache(), stops=account_stops(lines).cache())
    open_rows = facts.spine.semi_join(_population(facts, horizon), KEYS).select(*KEYS).cache()
    wide = open_rows
    for one in _named(names).values():
        wide = _labelled(wide, open_rows, one, events, horizon).cache()
    joined = facts.spine.select(*KEYS).left_join(wide, KEYS)
    return joined.drop("account_id_right", "as_of_right")


def _named(names: Sequence[str] | None) -> Mapping[str, Target]:
    return {name: TARGETS[name] for name in (names or TARGETS)}


def _labelled(
    wide: ir.Table, open_rows: ir.Table, one: Target, events: Events, horizon: Horizon
) -> ir.Table:
    """Add one target's two columns to ``wide``."""
    column, amount = one.column(horizon.days), one.amount_column(horizon.days)
    found = one.occurrences(open_rows, events, horizon)
    summed = found.group_by(KEYS).aggregate(_arr=found.arr.sum())
    joined = wide.left_join(summed, KEYS).drop("account_id_right", "as_of_right")
    days = one.mature_days(horizon.days, horizon.grace_days)
    mature = joined.as_of + ibis.interval(days=days) <= ibis.literal(horizon.data_through)
    return joined.mutate(
        **{
            column: ibis.ifelse(mature, joined._arr.notnull().cast("int8"), ibis.null()),
            amount: ibis.ifelse(mature, joined._arr.fill_null(0.0).cast("float64"), ibis.null()),
        }
    ).drop("_arr")


def _population(facts: Facts, horizon: Horizon) -> ir.Table:
    """Return the rows of the spine whose outcome was open on the day ``as_of``.

    By what was known before it, something still runs at the horizon's end; by what is known
    today, something really ran on the day before it.
    """
    known = facts.announced("subscriptions")
    last = known.as_of + ibis.interval(days=horizon.days)
    goes_on = known.filter(
        (known.starts_on < last) & (known.ended_on.isnull() | (known.ended_on >= last))
    )
    lines = facts.spine.join(facts.tables["subscriptions"], "account_id")
    ran = lines.filter(
        (lines.starts_on < lines.as_of)
        & (lines.ended_on.isnull() | (lines.ended_on >= lines.as_of))
    )
    return goes_on.select(*KEYS).distinct().semi_join(ran, KEYS)


def _decided(spine: ir.Table, changes: ir.Table, horizon: Horizon) -> ir.Table:
    """Return the changes decided within the horizon: signed there, or ended there unannounced."""
    joined = spine.join(changes, "account_id")
    decided_on = ibis.coalesce(joined.signed_on, joined.changed_on)
    announced = joined.signed_on.isnull() & (joined.end_known_on < joined.as_of).fill_null(False)
    return joined.filter(_within(decided_on, joined.as_of, horizon.days) & ~announced)


def _within(day: ir.DateValue, as_of: ir.DateValue, days: int) -> ir.BooleanValue:
    return (day >= as_of) & (day < as_of + ibis.interval(days=days))


def _gain(arr: ir.NumericValue) -> ir.NumericValue:
    """Return 0 where more was bought for less money, or less for more: no amount is negative."""
    return ibis.greatest(arr, 0.0)


def _lasting(changes: ir.Table, horizon: Horizon) -> ir.Table:
    """Drop the stops and starts at the two ends of a pause within the grace days."""
    return changes.filter(changes.gap_days.isnull() | (changes.gap_days > horizon.grace_days))


def _unpaired(changes: ir.Table, others: ir.Table, horizon: Horizon) -> ir.Table:
    """Drop ``changes`` with one of ``others``, of another product, within the grace days.

    A product that starts about when another one stops replaces it.
    """
    other = others.select("account_id", other_id=others.product_id, other_on=others.changed_on)
    joined = changes.join(other, "account_id")
    apart = joined.other_on.delta(joined.changed_on, unit="day").abs()
    pairs = joined.filter((joined.other_id != joined.product_id) & (apart <= horizon.grace_days))
    return changes.anti_join(pairs, [*KEYS, "product_id", "changed_on"])
