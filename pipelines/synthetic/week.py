"""One week in the life of all accounts: what happens to them, then what they decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.arrays import Array
from pipelines.synthetic.behaviour import adoption, commerce, people
from pipelines.synthetic.population import Life
from pipelines.synthetic.situation import look
from pipelines.synthetic.world import WEEK


@dataclass(frozen=True)
class Week:
    """What a week brought.

    ``leaving`` is the probability of deciding to leave in it and ``end_week`` the week in which
    it would end; ``outcomes`` hold for those who do not decide so.
    """

    leaving: Array
    end_week: Array
    outcomes: dict[str, commerce.Outcome]


def live(life: Life, week: int, *, may_leave: bool = True) -> Week:
    """Run one week: moves ``life.state`` on, notes what happened, returns the odds it had.

    ``may_leave=False`` keeps everybody while the odds of leaving are still counted.
    """
    people.happen(life, week)
    adoption.happen(life, week)
    now = look(life.traits, life.state, week, life.strains[week])
    day = (week * WEEK + np.floor(5 * life.chance())).astype(np.int32)
    leaving, end_week = commerce.decide_leaving(life, now, day, may_leave=may_leave)
    return Week(leaving, end_week, commerce.decide_rest(life, now, day))


def turn(life: Life, week: int) -> None:
    """Close the week: accounts whose end has come stop, those whose start has come begin."""
    state, traits = life.state, life.traits
    ends = state.running & (state.end_day // WEEK == week)
    starts = traits.start_day // WEEK == week
    state.running = (state.running & ~ends) | starts
    state.activated = np.where(ends, 0, state.activated).astype(np.float32)
    if starts.any():
        commerce.begin(life, week, starts)
        people.begin(life, week, starts)
