"""What accounts decide: to leave, to renew, to grow, to shrink, to buy the next product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.synthetic.arrays import Array, Flags, any_of, chance_of_any
from pipelines.synthetic.behaviour import hazards, prices
from pipelines.synthetic.world import ADD_ONS, WEEK

if TYPE_CHECKING:
    from pipelines.synthetic.population import Life
    from pipelines.synthetic.situation import Situation

TRANCHE_DAYS = (91, 182)


def begin(life: Life, week: int, starts: Flags) -> None:
    """Note the first order, signed a few days before its start."""
    day = life.traits.start_day
    signed = day - np.floor(12 * life.chance()).astype(np.int32)
    prices.note_core(life, week, starts, day, signed)
    life.journal.note("start", week, starts, signed=signed)


def decide_leaving(
    life: Life, now: Situation, day: Array, *, may_leave: bool
) -> tuple[Array, Array]:
    """Return the odds of deciding to leave and the week of the end; decide unless told not to."""
    state = life.state
    free = state.running & ~state.leaving
    at_renewal = hazards.leaving_at_renewal(state, now)
    in_term = hazards.leaving_in_term(state, now)
    odds = (1 - (1 - at_renewal) * (1 - in_term)) * free
    u = life.chance()
    decides = now.weeks_to_renewal == state.notice
    soon = np.minimum(day + WEEK * state.notice, state.term_end)
    end_day = np.where(decides, state.term_end, soon)
    leaves = (u < odds) & may_leave
    state.leaving = state.leaving | leaves
    state.end_day = np.where(leaves, end_day, state.end_day).astype(np.int32)
    life.journal.note("end", now.week, leaves, day=end_day, known=np.minimum(day, end_day))
    return odds, end_day // WEEK


@dataclass(frozen=True)
class Outcome:
    """One outcome in a week: how likely it was, and for whom it came about; (n,) each."""

    odds: Array
    came: Flags


def decide_rest(life: Life, now: Situation, day: Array) -> dict[str, Outcome]:
    """Decide on upsell, cross-sell and downsell of those who are not leaving."""
    state = life.state
    free = state.running & ~state.leaving
    renews = free & (now.weeks_to_renewal == 0)
    within = free & ~renews
    down = _odds_down(life, now, renews, within)
    up = _odds_up(life, now, renews, within)
    more = hazards.add_on_upsell(state, now) * within[:, None]
    drop = hazards.add_on_drop_at_renewal(state, now) * renews[:, None]
    new = hazards.cross_sell(state, now) * within[:, None]
    plan = hazards.plan_upgrade(state, now) * within
    fewer, dearer = _core(life, now, day, renews, down, up, plan)
    drops, grows, buys = _add_ons(life, now, day, renews, more, drop, new)
    upsell: Array = 1 - (1 - up * (1 - down)) * (1 - plan) * (1 - chance_of_any(more))
    downsell = 1 - (1 - down) * (1 - chance_of_any(drop))
    return {
        "upsell": Outcome(upsell, dearer | grows),
        "cross_sell": Outcome(chance_of_any(new), buys),
        "downsell": Outcome(downsell, fewer | drops),
    }


def _odds_down(life: Life, now: Situation, renews: Flags, within: Flags) -> Array:
    at_renewal = hazards.seat_downsell_at_renewal(life.state, now)
    in_term = hazards.seat_downsell_in_term(life.state, now)
    odds: Array = np.where(renews, at_renewal, in_term * within)
    return odds


def _odds_up(life: Life, now: Situation, renews: Flags, within: Flags) -> Array:
    at_renewal = hazards.seat_upsell_at_renewal(life.state, now)
    in_term = hazards.seat_upsell(life.state, now)
    odds: Array = np.where(renews, at_renewal, in_term * within)
    return odds


def _core(
    life: Life,
    now: Situation,
    day: Array,
    renews: Flags,
    down: Array,
    up: Array,
    plan: Array,
) -> tuple[Flags, Flags]:
    """Decide on seats, plan and the new term of the core product; return who shrank, who grew."""
    state, u = life.state, life.chance(3)
    fewer = u[:, 0] < down
    more = ~fewer & (u[:, 1] < up)
    upgrade = u[:, 2] < plan
    start = np.where(renews, state.term_end, day).astype(np.int32)
    signed = np.minimum(day, start)
    if renews.any():
        _new_term(life, renews)
    state.plan = state.plan + upgrade
    ramps = _order_seats(life, now, more, start)
    _return_seats(life, fewer)
    prices.note_core(life, now.week, renews | fewer | more | upgrade, start, signed)
    for tranche in range(len(TRANCHE_DAYS)):
        prices.note_tranche(life, now.week, ramps, tranche, signed)
    return fewer, more | upgrade


def _new_term(life: Life, renews: Flags) -> None:
    """A new term at a somewhat higher price: a rise of price alone is no upsell."""
    state, u = life.state, life.chance(2)
    rise = np.where(u[:, 0] < 0.7, 2 * life.world.escalator * u[:, 1], 0)
    state.uplift = np.where(renews, state.uplift * (1 + rise), state.uplift).astype(np.float32)
    longer = state.term_end + life.traits.term_days
    state.term_end = np.where(renews, longer, state.term_end).astype(np.int32)


def _order_seats(life: Life, now: Situation, more: Flags, start: Array) -> Flags:
    """Order seats, a quarter of all orders too many; a large one may come in tranches.

    The discount is at least kept. Returns who gets a ramp.
    """
    state, traits, u = life.state, life.traits, life.chance(3)
    if not more.any():
        return more
    wanted = np.maximum(state.demand * 1.05, state.seats * 1.12)
    oversold = np.where(u[:, 0] < 0.25, 1.25 + 0.4 * u[:, 1], 1.0)
    order = np.ceil(np.minimum(wanted * oversold, 1.1 * traits.potential))
    added = np.maximum(order - state.seats, 1) * more
    spare = state.term_end - start > TRANCHE_DAYS[-1] + 2 * WEEK
    ramps: Flags = more & (added >= 12) & spare & (u[:, 2] < 0.35) & (traits.term_days > 0)
    later = np.floor(added * 0.25) * ramps
    days = start[:, None] + np.array(TRANCHE_DAYS)
    state.ramp_day = np.where(ramps[:, None], days, state.ramp_day).astype(np.int32)
    state.ramp_seats = np.where(ramps[:, None], later[:, None], state.ramp_seats)
    better = 0.02 * (added > 0.5 * state.seats)
    state.seats = (state.seats + added - 2 * later).astype(np.float32)
    state.discount = np.minimum(state.discount + better * more, 0.45).astype(np.float32)
    state.upsold_week = np.where(more, now.week, state.upsold_week).astype(np.int32)
    _prove(life, now, more)
    return ramps


def _prove(life: Life, now: Situation, more: Flags) -> None:
    """A department in talks goes into productive use with the order."""
    state = life.state
    proven = more & (state.talks > 0)
    life.journal.note("unit", now.week, proven, unit=state.green, status=2)
    state.green = state.green + proven
    state.talks = state.talks - proven


def _return_seats(life: Life, fewer: Flags) -> None:
    """Give back what is not used, at least a tenth."""
    state = life.state
    seats = np.maximum(np.ceil(1.15 * state.activated), np.ceil(0.7 * state.seats))
    seats = np.minimum(seats, np.floor(0.9 * state.seats))
    state.seats = np.where(fewer, seats, state.seats).astype(np.float32)


def _add_ons(
    life: Life, now: Situation, day: Array, renews: Flags, more: Array, drop: Array, new: Array
) -> tuple[Flags, Flags, Flags]:
    """Decide on the add-ons; return who dropped, who enlarged, who bought one."""
    state, k = life.state, len(ADD_ONS)
    u, size = life.chance(k), life.chance(k, 2)
    drops, grows, buys = u < drop, u < more, u < new
    tail = np.where(size[..., 1] < 0.05, 1 + 5 * size[..., 0], 0.8 + 0.6 * size[..., 0])
    first = np.maximum(np.ceil(now.need * tail), 2)
    enlarged = np.maximum(np.ceil(now.need * 1.3), np.ceil(1.2 * state.held))
    renewed = renews[:, None] & (state.held > 0) & ~drops
    held = np.where(buys, first, np.where(grows, enlarged, state.held))
    end = (state.term_end - life.traits.term_days)[:, None]
    for j in range(k):
        life.journal.note("drop", now.week, drops[:, j], product=j + 1, day=end[:, 0])
    state.held = np.where(drops, 0, held).astype(np.float32)
    state.dropped = state.dropped | drops
    moved = any_of(drops | buys)
    state.bundle_week = np.where(moved, now.week, state.bundle_week).astype(np.int32)
    start = np.where(renews, end[:, 0], day).astype(np.int32)
    for j in range(k):
        changed = renewed[:, j] | grows[:, j] | buys[:, j]
        prices.note_add_on(life, now.week, changed, j, start, np.minimum(day, start))
    return any_of(drops), any_of(grows), any_of(buys)
