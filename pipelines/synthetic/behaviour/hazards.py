"""How likely each outcome is in a week. Each function is one mechanism of the domain.

All return a probability a row, (n,) or (n, add-ons), before it is known who is leaving.
"""

from __future__ import annotations

import numpy as np

from pipelines.synthetic.arrays import Array, logistic, ramp, total
from pipelines.synthetic.situation import Situation
from pipelines.synthetic.state import BAD_STAR, State

COOLING_WEEKS = 10


def appetite_for_seats(state: State, now: Situation) -> Array:
    """Log-odds that an account wants more seats.

    Absorbed licences ask for more; an initiative in talks, champions in several departments and
    people who really use it push the same way.
    """
    full = 3.4 * ramp(now.utilisation, 0.55, 1.1)
    carried = 0.7 * (now.champions >= 1) + 0.4 * (now.champions >= 2)
    talks = 0.9 * (state.talks > 0)
    wants: Array = full + carried + talks + 2.0 * (state.engagement - 0.5) - now.strain
    return wants


def allowed_to_grow(state: State, now: Situation) -> Array:
    """Share of the appetite that may turn into an order.

    Without an outcome by day 90 no upsell in the first year and little afterwards; nothing where
    a signed ramp is still to come or all seats are bought; blockers and escalations hold back.
    """
    late = np.where(now.has_outcome & ~now.first_year, 0.35, 0.0)
    journey = np.where(now.in_time & now.has_outcome, 1.0, late)
    free = ramp(now.headroom, 0.0, 0.3) * ~now.ramp_ahead
    rested = now.week - state.upsold_week >= COOLING_WEEKS
    held_back = np.where(state.blocker, 0.25, 1.0) * np.exp(-0.5 * state.escalations)
    share: Array = journey * free * rested * held_back
    return share


def seat_upsell(state: State, now: Situation) -> Array:
    """More seats within the term; likelier when the renewal is near and talked about anyway."""
    near = 0.6 * (now.weeks_to_renewal <= 9)
    chance = logistic(-8.05 + appetite_for_seats(state, now) + near)
    return chance * allowed_to_grow(state, now)


def seat_upsell_at_renewal(state: State, now: Situation) -> Array:
    """More seats with the new term."""
    chance = logistic(-5.05 + appetite_for_seats(state, now))
    return chance * allowed_to_grow(state, now)


def plan_upgrade(state: State, now: Situation) -> Array:
    """A dearer edition of the core product: for deep use, after the first outcome."""
    chance = logistic(-8.4 + 3.0 * (state.engagement - 0.5) + 0.6 * (now.champions >= 2))
    ready = (state.plan < 2) & now.has_outcome & (now.age > 26) & ~now.ramp_ahead
    odds: Array = chance * ready
    return odds


def add_on_upsell(state: State, now: Situation) -> Array:
    """More GB, cases or seats of an add-on whose use has grown past what was bought."""
    chance = logistic(-6.9 + 2.6 * ramp(now.load, 0.7, 1.3))
    return chance * (state.held > 0)


def cross_sell(state: State, now: Situation) -> Array:
    """A product that solves the account's next problem, carried by somebody inside."""
    carried = 0.8 * (now.champions >= 1) + 0.6 * (now.champions >= 2)
    success = 0.8 * now.has_outcome + 0.5 * np.log10(1 + state.activated)
    held_back = 1.2 * state.blocker + 0.5 * state.escalations + now.strain
    odds = -9.75 + 3.7 * state.ripe + (carried + success - held_back)[:, None]
    free = (state.held == 0) & ~state.dropped
    quiet = (now.age >= 8) & (now.week - state.bundle_week >= 6)
    chance: Array = logistic(odds) * free * quiet[:, None]
    return chance


def seat_downsell_at_renewal(state: State, now: Situation) -> Array:
    """Overselling comes back: seats that nobody activated are not renewed."""
    alone = 0.7 * (now.champions == 0)
    empty = 6.0 * (0.72 - now.utilisation)
    odds = -2.3 + np.minimum(empty, 3.5) + alone + 0.4 * state.escalations + now.strain
    chance: Array = logistic(odds) * (state.seats >= 4) * ~now.ramp_ahead
    return chance


def seat_downsell_in_term(state: State, now: Situation) -> Array:
    """The rare early return of seats; commoner where notice can be given every month."""
    odds = -7.0 + 0.9 * now.monthly + np.minimum(6.0 * (0.72 - now.utilisation), 3.0)
    chance: Array = logistic(odds) * (state.seats >= 4) * ~now.ramp_ahead
    return chance


def add_on_drop_at_renewal(state: State, now: Situation) -> Array:
    """An add-on that is hardly used is not renewed."""
    odds = -3.2 + 3.0 * ramp(1.0 - now.load, 0.2, 0.8)
    settled = now.week - state.bundle_week >= 13
    return logistic(odds) * (state.held > 0) * settled[:, None]


def unhappiness(state: State, now: Situation) -> Array:
    """Log-odds of leaving: missing use and the loss of champions above all.

    A bad star over the first 30 days and escalations add to it; an outcome, more products and
    size hold an account.
    """
    unused = 5.0 * (0.45 - state.engagement) + 1.5 * (0.7 - np.minimum(now.utilisation, 1.0))
    alone = 1.1 * (now.champions == 0)
    scars = 0.6 * (state.star == BAD_STAR) + 0.6 * np.minimum(state.escalations, 3)
    products = 0.35 * total((state.held > 0).astype(np.int8))
    held = 0.7 * now.has_outcome + products + 0.9 * np.log10(state.seats / 10)
    wants: Array = unused + alone + scars - held + now.strain
    return wants


def leaving_at_renewal(state: State, now: Situation) -> Array:
    """Not renewing; decided ``notice`` weeks before the term ends."""
    decides = now.weeks_to_renewal == state.notice
    chance: Array = logistic(-2.4 + 0.7 * unhappiness(state, now)) * decides
    return chance


def leaving_in_term(state: State, now: Situation) -> Array:
    """Monthly contracts can leave at any time; for the others only something dramatic does it."""
    monthly = logistic(-5.3 + 0.7 * unhappiness(state, now)) * now.monthly
    chance: Array = (monthly + 0.0008) * ~now.ramp_ahead
    return chance
