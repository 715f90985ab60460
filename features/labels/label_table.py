"""The labels of the rows of a spine: which outcomes befell them, and what they were worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis

from features.labels.declaration import Target
from features.labels.outcome_window import Decisions, Horizon, decide, happened, paid_periods
from features.labels.targets import TARGETS
from features.point_in_time.facts import KEYS, Facts
from features.point_in_time.lines import runs_on
from features.point_in_time.sql_dialects import cached, matching, number, without
from features.subscriptions.contracted_arr import contracted_arr

if TYPE_CHECKING:
    import ibis.expr.types as ir

OCCURRENCE = ("account_id", "as_of", "product_id", "changed_on", "arr")
"""The columns of what a target's function returns."""


def labels(facts: Facts, horizon: Horizon, targets: Mapping[str, Target] = TARGETS) -> ir.Table:
    """Return the spine with each target's label (0, 1, null) and its ARR (0 without the outcome).

    Null where the horizon is not complete, where the account had already left without its being
    known, or where it is decided: by what is contracted, it pays nothing at the horizon's end.
    """
    open_rows = cached(_population(facts, horizon))
    events = happened(facts.tables["subscriptions"], horizon)
    decisions = decide(open_rows, events, horizon, facts.paid_lines())
    outcomes = cached(occurrences(decisions, targets))
    summed = outcomes.group_by(KEYS).aggregate(
        **{f"_{name}": outcomes.arr.sum(where=outcomes.target == name) for name in targets}
    )
    wide = open_rows.left_join(summed, KEYS).drop("account_id_right", "as_of_right")
    for target in targets.values():
        wide = _labelled(wide, target, horizon)
    joined = facts.spine.select(*KEYS).left_join(wide, KEYS)
    return joined.drop("account_id_right", "as_of_right")


def occurrences(decisions: Decisions, targets: Mapping[str, Target]) -> ir.Table:
    """Return what befell each row of the spine, as ``Target`` says, with the ``target``'s name."""
    parts = [
        _befallen(target, decisions, {**TARGETS, **targets}).mutate(target=ibis.literal(name))
        for name, target in targets.items()
    ]
    columns = [*KEYS, "target", "product_id", "changed_on", "arr"]
    parts = [rows.select(columns) for rows in parts]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _befallen(target: Target, decisions: Decisions, targets: Mapping[str, Target]) -> ir.Table:
    """Return a target's occurrences, but for the rows that have an outcome which it excludes."""
    rows = target.occurrences(decisions)
    for name in target.excludes:
        rows = without(rows, targets[name].occurrences(decisions), KEYS)
    return rows


def _labelled(wide: ir.Table, target: Target, horizon: Horizon) -> ir.Table:
    """Turn the sum of a target's occurrences into its two columns."""
    column, amount = target.column(horizon.days), target.amount_column(horizon.days)
    arr = wide[f"_{target.name}"]
    days = target.mature_days(horizon.days, horizon.grace_days)
    mature = wide.as_of + ibis.interval(days=days) <= ibis.literal(horizon.data_through)
    values = {
        column: ibis.ifelse(mature, ibis.ifelse(arr.notnull(), 1, 0).cast("int8"), ibis.null()),
        amount: ibis.ifelse(mature, number(arr.fill_null(0.0)), ibis.null()),
    }
    return wide.mutate(**values).drop(f"_{target.name}")


def _population(facts: Facts, horizon: Horizon) -> ir.Table:
    """Return the rows of the spine, which pay, whose outcome was open on the day ``as_of``."""
    return matching(undecided(facts, horizon), paid_until(facts, horizon), KEYS)


def undecided(facts: Facts, horizon: Horizon) -> ir.Table:
    """Return ``KEYS`` of the rows that, by what is contracted, pay at the horizon's end."""
    contracted = contracted_arr(facts, horizon.days)
    return contracted.filter(contracted.arr > 0).select(*KEYS)


def paid_until(facts: Facts, horizon: Horizon) -> ir.Table:
    """Return the periods that, by what is known today, were paid on ``as_of`` or the day before."""
    periods = paid_periods(facts.tables["subscriptions"], horizon)
    lines = facts.spine.select(*KEYS).join(periods, "account_id")
    return lines.filter(
        runs_on(lines, lines.as_of) | runs_on(lines, lines.as_of - ibis.interval(days=1))
    )
