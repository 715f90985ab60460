"""The adoption journey: what an account had reached by an age, and what the year after held.

A row is an account that is still a customer at the age of 30, 60 ... 360 days, as it was known on
that day; its ``as_of`` is the day itself. What was reached counts before it, outcomes from it on:
nobody is counted as having reached a step for having stayed long enough to reach it later.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING

import ibis

from features.contract import TABLES
from features.groups.adoption import adoption_half, adoption_lines, adoption_milestones
from features.groups.commercial import newest_account
from features.labels.declaration import Target
from features.labels.label_table import labels
from features.labels.outcome_window import Horizon
from features.labels.targets import TARGETS
from features.point_in_time.facts import KEYS, Facts
from features.point_in_time.lines import GRACE_DAYS, pays, runs_on
from features.point_in_time.sql_dialects import cached, number

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAYS = (30, 60, 90, 180, 270, 360)
"""Ages at which the journey is looked at."""
FIRST_DAY = date(1980, 1, 1)
"""Nothing that an account did with software is older; 1970-01-01 is a clock that was not set."""
YEAR = 365
"""Days after such an age in which outcomes count."""
OUTCOMES = {name: target for name, target in TARGETS.items() if target.is_leading}
"""The outcomes of the year; a loss that gives way to a larger one is no outcome of its own."""

ReachedFunction = Callable[[Facts], "ir.Table"]


@dataclass(frozen=True)
class Step:
    """A step of the journey; ``reached`` returns ``KEYS`` of the rows that had reached it."""

    reached: ReachedFunction
    sources: tuple[str, ...]

    @property
    def name(self) -> str:
        """The function's name, the column's too."""
        return self.reached.__name__

    @property
    def description(self) -> str:
        """The docstring without its full stop."""
        return (inspect.getdoc(self.reached) or "").rstrip(".")


STEPS: dict[str, Step] = {}
"""Every step by name, in the order in which they are usually reached."""


def step(*sources: str) -> Callable[[ReachedFunction], ReachedFunction]:
    """Declare a step; without one of its ``sources`` nobody can say who reached it."""

    def declare(function: ReachedFunction) -> ReachedFunction:
        STEPS[function.__name__] = Step(function, sources)
        return function

    return declare


@step("usage_daily")
def usage_begun(facts: Facts) -> ir.Table:
    """Somebody had used it."""
    usage = facts.tables["usage_daily"]
    usage = usage.filter(usage.day >= ibis.literal(FIRST_DAY))
    # One row an account suffices: the first day on which some use was known to have happened.
    seen_on = ibis.greatest(usage.day, usage.known_at.date())
    first = usage.mutate(seen=seen_on).group_by("account_id").aggregate(seen=ibis._.seen.min())
    rows = facts.spine.join(first, "account_id")
    return rows.filter(rows.seen < rows.as_of)


@step("users", "subscriptions")
def half_activated(facts: Facts) -> ir.Table:
    """Half of the seats bought at the start had been activated."""
    return adoption_half.build(facts)


@step("milestones")
def first_outcome(facts: Facts) -> ir.Table:
    """A first measurable outcome had been reached."""
    rows = adoption_milestones.build(facts)
    return rows.filter(rows.milestone == "first_outcome")


@step("milestones")
def broad_rollout(facts: Facts) -> ir.Table:
    """The broad rollout had been reached."""
    rows = adoption_milestones.build(facts)
    return rows.filter(rows.milestone == "broad_rollout")


def journey(
    tables: Mapping[str, ir.Table],
    horizon: Horizon,
    outcomes: Mapping[str, Target] = OUTCOMES,
) -> ir.Table:
    """Return a row for each account and age at which it was a customer.

    Columns: ``account_id``, ``as_of``, ``day`` (the age), ``started_on``, ``segment``, ``units``
    (bought at the start), a column 0 or 1 for each of ``STEPS`` (null where the company lacks the
    source, or its records begin after the account did), and for each of ``outcomes`` its label
    within ``horizon`` (null where it is not mature or was no longer open).
    """
    spine = cached(ages(tables, horizon.grace_days))
    dates = spine.select("as_of").distinct().to_pyarrow()["as_of"].to_pylist()
    facts = Facts(tables, spine, dates, horizon.grace_days)
    labelled = labels(facts, horizon, outcomes)
    values = {
        name: number(labelled[target.column(horizon.days)]) for name, target in outcomes.items()
    }
    columns = [_described(facts), labelled.select(*KEYS, **values)]
    columns += [_flagged(facts, step) for step in STEPS.values()]
    return reduce(_beside, columns, spine)


def ages(tables: Mapping[str, ir.Table], grace_days: int = GRACE_DAYS) -> ir.Table:
    """Return the customers at each of ``DAYS`` after the start that was known on that day.

    A customer pays on the day, as in the feature table.
    """
    lines = tables["subscriptions"]
    starts = lines.select("account_id", started_on=lines.starts_on).distinct()
    parts = [
        starts.mutate(
            day=ibis.literal(day, "int64"), as_of=starts.started_on + ibis.interval(days=day)
        )
        for day in DAYS
    ]
    lines = Facts(tables, ibis.union(*parts), (), grace_days).rows("subscriptions")
    rows = lines.group_by([*KEYS, "day", "started_on"]).aggregate(
        first_on=lines.starts_on.min(), pays=(pays(lines) & runs_on(lines, lines.as_of)).any()
    )
    rows = rows.filter(rows.pays & (rows.first_on == rows.started_on))
    return rows.select(*KEYS, "day", "started_on")


def _described(facts: Facts) -> ir.Table:
    """Return segment and units bought at the start."""
    lines, accounts = adoption_lines.build(facts), newest_account.build(facts)
    units = lines.group_by(KEYS).aggregate(units=number(lines.quantity.sum()))
    segments = accounts.group_by(KEYS).aggregate(segment=accounts.segment.max())
    return _beside(units, segments)


def _flagged(facts: Facts, step: Step) -> ir.Table:
    """Return 1 where the step was reached, 0 where not, null where nobody can say."""
    if not all(facts.has(name) for name in step.sources):
        return facts.spine.select(*KEYS, **{step.name: ibis.null("float64")})
    rows = step.reached(facts).select(*KEYS).distinct().mutate(reached=1.0)
    both = _beside(facts.spine.select(*KEYS, "started_on"), rows)
    begun = _first_record(facts.tables[step.sources[0]], TABLES[step.sources[0]].happened)
    flag = ibis.ifelse(both.started_on >= begun, both.reached.fill_null(0.0), ibis.null())
    return both.select(*KEYS, **{step.name: flag})


def _first_record(rows: ir.Table, happened: str) -> ir.Scalar:
    """Return the first day on record; a placeholder such as 1970-01-01 is no record of that day."""
    day = rows[happened]
    return day.min(where=day >= ibis.literal(FIRST_DAY)).as_scalar()


def _beside(rows: ir.Table, more: ir.Table) -> ir.Table:
    joined = rows.left_join(more, KEYS)
    return joined.drop(*(f"{key}_right" for key in KEYS))
