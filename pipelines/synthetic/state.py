"""Where an account stands at the beginning of a week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.arrays import Flags, Floats, Ints
from pipelines.synthetic.traits import Traits
from pipelines.synthetic.world import ADD_ONS, NEVER, World

SLOTS = 3
"""Most champions an account has at a time."""
EMPTY, PRESENT, LOOKING, ON_LEAVE = range(4)
"""What a champion's place can hold."""
UNDECIDED, BAD_STAR, GOOD_STAR = -1, 0, 1


@dataclass
class State:
    """One row an account; (n,), but champions (n, 3) and add-ons (n, add-ons)."""

    running: Flags
    leaving: Flags
    end_day: Ints
    seats: Floats
    activated: Floats
    demand: Floats
    engagement: Floats
    star: Ints
    outcome_day: Ints
    rollout_day: Ints
    champions: Ints
    back_week: Ints
    had_leave: Flags
    blocker: Flags
    trouble: Flags
    escalations: Floats
    ripe: Flags
    held: Floats
    dropped: Flags
    bundle_week: Ints
    green: Ints
    talks: Ints
    plan: Ints
    discount: Floats
    uplift: Floats
    term_end: Ints
    notice: Ints
    upsold_week: Ints
    ramp_day: Ints
    ramp_seats: Floats


def first(traits: Traits, rng: np.random.Generator, world: World) -> State:
    """Return every account as it will be on its first day; ``running`` comes with that day."""
    n, k = len(traits.start_day), len(ADD_ONS)
    champions = np.zeros((n, SLOTS), np.int32)
    champions[:, 0] = np.where(rng.random(n) < 0.85, PRESENT, EMPTY)
    champions[:, 1] = np.where((rng.random(n) < 0.35) & (traits.slots > 1), PRESENT, EMPTY)
    plan = np.minimum(rng.integers(0, 2, n) + (traits.first_seats > 200), 2).astype(np.int32)
    monthly = traits.term_days == 0
    return State(
        running=np.zeros(n, bool),
        leaving=np.zeros(n, bool),
        end_day=np.full(n, NEVER, np.int32),
        seats=traits.first_seats.copy(),
        activated=np.zeros(n, np.float32),
        demand=np.minimum(traits.first_demand, traits.potential),
        engagement=np.full(n, 0.4, np.float32),
        star=np.full(n, UNDECIDED, np.int32),
        outcome_day=np.full(n, NEVER, np.int32),
        rollout_day=np.full(n, NEVER, np.int32),
        champions=champions,
        back_week=np.full((n, SLOTS), NEVER, np.int32),
        had_leave=np.zeros((n, SLOTS), bool),
        blocker=rng.random(n) < 0.08,
        trouble=np.zeros(n, bool),
        escalations=np.zeros(n, np.float32),
        ripe=np.zeros((n, k), bool),
        held=np.zeros((n, k), np.float32),
        dropped=np.zeros((n, k), bool),
        bundle_week=np.full(n, -NEVER, np.int32),
        green=np.ones(n, np.int32),
        talks=np.zeros(n, np.int32),
        plan=plan,
        discount=traits.discount.copy(),
        uplift=np.ones(n, np.float32),
        term_end=np.where(monthly, NEVER, traits.start_day + traits.term_days).astype(np.int32),
        notice=rng.integers(0, world.notice_weeks + 1, n).astype(np.int32),
        upsold_week=np.full(n, -NEVER, np.int32),
        ramp_day=np.full((n, 2), NEVER, np.int32),
        ramp_seats=np.zeros((n, 2), np.float32),
    )
