"""The adoption journey: access, use, the first outcome, the broad rollout, the next problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.synthetic.arrays import Array, logistic, total
from pipelines.synthetic.situation import look
from pipelines.synthetic.state import BAD_STAR, GOOD_STAR, UNDECIDED
from pipelines.synthetic.world import ADD_ONS, NEVER, WEEK

if TYPE_CHECKING:
    from pipelines.synthetic.population import Life
    from pipelines.synthetic.situation import Situation

DAY_30_WEEKS = 4
OVERAGE = 1.4
"""So many people get access at most for each licensed seat."""


def happen(life: Life, week: int) -> None:
    """Move use, demand, access, milestones, ripeness and the account map one week on."""
    _start_ramps(life, week)
    now = look(life.traits, life.state, week)
    _engage(life, now)
    _spread(life, now)
    _activate(life, now)
    _reach(life, now, week)
    _ripen(life, now)
    _talk(life, now, week)


def _start_ramps(life: Life, week: int) -> None:
    """Tranches signed earlier begin on their day; nothing is decided any more."""
    state = life.state
    due = state.ramp_day // WEEK == week
    state.seats = state.seats + total(state.ramp_seats * due)
    state.ramp_day = np.where(due, NEVER, state.ramp_day).astype(np.int32)


def _engage(life: Life, now: Situation) -> None:
    """Use per person drifts to what the account's people, luck and star make of it."""
    state, traits = life.state, life.traits
    people = 0.8 * (now.champions >= 1) + 0.3 * (now.champions >= 2) - 0.4 * state.blocker
    journey = 0.6 * now.has_outcome - 1.2 * (state.star == BAD_STAR)
    level = logistic(-0.7 + 0.8 * traits.fit + people + journey - 0.9 * state.trouble)
    noise = 0.025 * life.rng.standard_normal(life.size, np.float32)
    moved = state.engagement + 0.10 * (level - state.engagement) + noise
    moved = np.where(state.running, moved, state.engagement)
    state.engagement = np.clip(moved, 0.02, 0.98).astype(np.float32)


def _spread(life: Life, now: Situation) -> None:
    """Demand for access grows with use and champions up to all who could hold a seat."""
    state, traits = life.state, life.traits
    pull = 0.021 * (state.engagement - 0.40) + 0.002 * now.has_outcome
    pull = pull - 0.006 * (now.champions == 0)
    room = np.clip(1 - state.demand / traits.potential, 0, 1)
    growth = np.where(pull > 0, pull * room * ~state.blocker, pull)
    state.demand = np.maximum(state.demand * (1 + growth * state.running), 1).astype(np.float32)


def _activate(life: Life, now: Situation) -> None:
    """People get access: experts first, the many after the broad rollout, some over the licence."""
    state, traits = life.state, life.traits
    wanted = np.minimum(state.demand, OVERAGE * state.seats)
    few = traits.experts + 0.3 * np.maximum(wanted - traits.experts, 0)
    target = np.where(state.rollout_day < now.week * WEEK, wanted, np.minimum(few, wanted))
    speed = np.where(now.age < 13, 0.25 * logistic(traits.onboarding), 0.2)
    move = (target - state.activated) * speed * state.running
    stepped = np.floor(state.activated + move + life.chance())
    state.activated = np.clip(stepped, 0, np.ceil(OVERAGE * state.seats)).astype(np.float32)


def _reach(life: Life, now: Situation, week: int) -> None:
    """Reach milestones: the star of day 30, the first outcome, the broad rollout."""
    state, running = life.state, life.state.running
    used = (now.utilisation > 0.18) & (state.engagement > 0.36)
    at_day_30 = (now.age == DAY_30_WEEKS) & (state.star == UNDECIDED)
    state.star = np.where(at_day_30, np.where(used, GOOD_STAR, BAD_STAR), state.star)
    day = (week * WEEK + np.floor(5 * life.chance())).astype(np.int32)
    reached = running & (state.outcome_day == NEVER) & (life.chance() < _outcome_chance(life, now))
    state.outcome_day = np.where(reached, day, state.outcome_day)
    rolled = running & (state.rollout_day == NEVER) & (life.chance() < _rollout_chance(life, now))
    state.rollout_day = np.where(rolled, day, state.rollout_day)
    life.journal.note("first_outcome", week, reached, day=day)
    life.journal.note("broad_rollout", week, rolled, day=day)


def _outcome_chance(life: Life, now: Situation) -> Array:
    """A first success story needs use, somebody who carries it, and a good start."""
    state = life.state
    odds = -3.1 + 4.0 * (state.engagement - 0.4) + 0.7 * (now.champions >= 1)
    return logistic(odds - 1.2 * (state.star == BAD_STAR)) * (now.age >= 3)


def _rollout_chance(life: Life, now: Situation) -> Array:
    """The many get access once it works; a blocker holds it back though nothing technical does."""
    state = life.state
    pace = np.where(state.blocker, 0.01, 0.16) * np.where(state.star == BAD_STAR, 0.4, 1.0)
    chance: Array = pace * (0.3 + state.engagement) * (now.age >= 2)
    return chance


def _ripen(life: Life, now: Situation) -> None:
    """The next problem comes up and shows in the use of a neighbouring function for months.

    It is off the list when the product that solves it is bought, or by itself.
    """
    state, u = life.state, life.chance(len(ADD_ONS))
    onset = 0.010 * life.traits.affinity * np.where(now.has_outcome, 1.3, 0.5)[:, None]
    open_still = (state.held == 0) & state.running[:, None]
    state.ripe = np.where(state.ripe, u > 0.022, u < onset) & open_still


def _talk(life: Life, now: Situation, week: int) -> None:
    """The account map moves from hill to hill: talks start, end in use, or end in nothing."""
    state, u = life.state, life.chance()
    room = state.green + state.talks < life.traits.units
    starts = room & (u < 0.03 * now.has_outcome * (0.3 + (now.champions >= 1)))
    ends = (state.talks > 0) & (u > 0.975)
    starts, ends = starts & state.running, ends & state.running
    life.journal.note("unit", week, starts, unit=state.green + state.talks, status=1)
    life.journal.note("unit", week, ends, unit=state.green + state.talks - 1, status=0)
    state.talks = state.talks + starts - ends
