"""What a prediction is about: upsell, cross-sell, downsell and churn in the days after ``as_of``.

A label looks at ``[as_of, as_of + horizon)`` with everything known today; features look at what
lies before ``as_of``. What was signed, or known to end, before ``as_of`` is contracted and no
label. Null means 'not mature yet' or 'not in the population', never 'no'.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import ibis

from features.labels.outcome_window import Decisions, Horizon, decide, happened, occurred, within
from features.point_in_time.facts import KEYS, Facts
from features.point_in_time.sql_dialects import kept, matching, number, without
from features.subscriptions.changes import CENTS, ROUNDING

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["TARGETS", "Horizon", "Target", "goes_on", "labels", "occurrences", "ran", "target"]

TargetFunction = Callable[[Decisions], "ir.Table"]


@dataclass(frozen=True)
class Target:
    """One outcome.

    ``occurrences`` returns one row for each time the outcome befell a row of the spine:
    ``account_id``, ``as_of``, ``product_id``, ``changed_on``, ``arr`` (yearly, never negative).
    ``needs_grace`` outcomes are mature only after the grace period, since a return or a
    replacement can undo them. What it ``excludes`` never befalls the same row.
    """

    occurrences: TargetFunction
    direction: Literal["+", "-"]
    needs_grace: bool
    excludes: tuple[str, ...] = ()

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

    def as_dict(self, days: int, grace_days: int) -> dict[str, Any]:
        """Return name, columns and direction, as stored in the feature table's metadata."""
        return {
            "name": self.name,
            "column": self.column(days),
            "amount_column": self.amount_column(days),
            "direction": self.direction,
            "mature_days": self.mature_days(days, grace_days),
            "description": self.description,
            "excludes": list(self.excludes),
        }


TARGETS: dict[str, Target] = {}
"""Every target by name, in the order in which they are shown."""


def target(
    *, direction: Literal["+", "-"], needs_grace: bool, excludes: tuple[str, ...] = ()
) -> Callable[[TargetFunction], TargetFunction]:
    """Declare a target; its function says when it occurs."""

    def declare(function: TargetFunction) -> TargetFunction:
        TARGETS[function.__name__] = Target(function, direction, needs_grace, excludes)
        return function

    return declare


@target(direction="+", needs_grace=False)
def upsell(decisions: Decisions) -> ir.Table:
    """More of a product the account holds, or a dearer plan or successor, signed in the horizon.

    A change of price alone is none, unless the company counts it.
    """
    changes, replaced = decisions.changes, decisions.replaced
    more = changes.filter(changes.is_up & (changes.moved > ROUNDING))
    ahead = changes.filter(_is_new(changes) & (changes.first_signed_on < changes.as_of))
    ahead = decisions.without_replacements(ahead, "start")
    dearer = replaced.filter((replaced.arr_decided > CENTS) & (replaced.arr_whole > CENTS))
    return occurred("+", more, ahead, dearer)


@target(direction="+", needs_grace=True)
def cross_sell(decisions: Decisions) -> ir.Table:
    """A product the account never held, signed within the horizon and replacing no other."""
    changes = decisions.changes
    new = changes.filter(_is_new(changes) & (changes.first_signed_on >= changes.as_of))
    return occurred("+", decisions.without_replacements(new, "start"))


@target(direction="-", needs_grace=True, excludes=("churn",))
def downsell(decisions: Decisions) -> ir.Table:
    """Less of a product, a cheaper plan or successor, or a product dropped; the account stays."""
    changes, replaced = decisions.changes, decisions.replaced
    less = changes.filter(changes.is_down & (changes.moved < -ROUNDING))
    dropped = decisions.without_replacements(changes.filter(changes.is_stop), "stop")
    cheaper = replaced.filter((replaced.arr_decided < -CENTS) & (replaced.arr_whole < -CENTS))
    return without(occurred("-", less, dropped, cheaper), churn(decisions), KEYS)


@target(direction="-", needs_grace=True)
def churn(decisions: Decisions) -> ir.Table:
    """The last subscription ends within the horizon and none follows in the grace days."""
    stops = decisions.spine.join(decisions.events.stops, "account_id")
    stops = stops.filter(within(stops.changed_on, stops.as_of, decisions.horizon.days))
    pause = stops.resumed_on.delta(stops.changed_on, unit="day")
    gone = stops.filter(stops.resumed_on.isnull() | (pause > decisions.horizon.grace_days))
    ended = decisions.changes.filter(decisions.changes.is_stop)
    lost = ended.group_by([*KEYS, "changed_on"]).aggregate(lost=-ended.arr_decided.sum())
    both = gone.left_join(lost, [*KEYS, "changed_on"])
    arr = both.lost.fill_null(0.0)
    return both.select(*KEYS, "changed_on", product_id=ibis.null("string"), arr=arr)


def _is_new(changes: ir.Table) -> ir.BooleanValue:
    """Say which changes are the first start of a product."""
    return changes.is_start & changes.is_first


def labels(facts: Facts, horizon: Horizon, names: Sequence[str] | None = None) -> ir.Table:
    """Return the spine with each target's label (0, 1, null) and its ARR (0 without the outcome).

    Null where the horizon is not complete, where the account had already left without its being
    known, or where it was already known that nothing runs at the horizon's end.
    """
    open_rows = kept(_population(facts, horizon))
    events = happened(facts.tables["subscriptions"], horizon)
    chosen = {name: TARGETS[name] for name in (names or TARGETS)}
    found = kept(occurrences(decide(open_rows, events, horizon), chosen))
    summed = found.group_by(KEYS).aggregate(
        **{f"_{name}": found.arr.sum(where=found.target == name) for name in chosen}
    )
    wide = open_rows.left_join(summed, KEYS).drop("account_id_right", "as_of_right")
    for one in chosen.values():
        wide = _labelled(wide, one, horizon)
    joined = facts.spine.select(*KEYS).left_join(wide, KEYS)
    return joined.drop("account_id_right", "as_of_right")


def occurrences(decisions: Decisions, chosen: Mapping[str, Target]) -> ir.Table:
    """Return what befell each row of the spine, as ``Target`` says, with the ``target``'s name."""
    parts = [
        one.occurrences(decisions).mutate(target=ibis.literal(name)) for name, one in chosen.items()
    ]
    columns = [*KEYS, "target", "product_id", "changed_on", "arr"]
    parts = [part.select(columns) for part in parts]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _labelled(wide: ir.Table, one: Target, horizon: Horizon) -> ir.Table:
    """Turn the sum of a target's occurrences into its two columns."""
    column, amount = one.column(horizon.days), one.amount_column(horizon.days)
    arr = wide[f"_{one.name}"]
    days = one.mature_days(horizon.days, horizon.grace_days)
    mature = wide.as_of + ibis.interval(days=days) <= ibis.literal(horizon.data_through)
    values = {
        column: ibis.ifelse(mature, ibis.ifelse(arr.notnull(), 1, 0).cast("int8"), ibis.null()),
        amount: ibis.ifelse(mature, number(arr.fill_null(0.0)), ibis.null()),
    }
    return wide.mutate(**values).drop(f"_{one.name}")


def _population(facts: Facts, horizon: Horizon) -> ir.Table:
    """Return the rows of the spine whose outcome was open on the day ``as_of``."""
    return matching(goes_on(facts, horizon).select(*KEYS).distinct(), ran(facts), KEYS)


def goes_on(facts: Facts, horizon: Horizon) -> ir.Table:
    """Return the periods that, by what was known before ``as_of``, run at the horizon's end."""
    known = facts.announced("subscriptions")
    last = known.as_of + ibis.interval(days=horizon.days)
    return known.filter(
        (known.starts_on < last) & (known.ended_on.isnull() | (known.ended_on >= last))
    )


def ran(facts: Facts) -> ir.Table:
    """Return the periods that, by what is known today, ran on the day before ``as_of``."""
    lines = facts.spine.join(facts.tables["subscriptions"], "account_id")
    return lines.filter(
        (lines.starts_on < lines.as_of)
        & (lines.ended_on.isnull() | (lines.ended_on >= lines.as_of))
    )
