"""What the hazards look at: the state of a week, put the way a practitioner would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.arrays import Array, Flags, any_of, total
from pipelines.synthetic.state import LOOKING, PRESENT, State
from pipelines.synthetic.traits import Traits
from pipelines.synthetic.world import NEVER, UNITS_A_PERSON, WEEK

DAY_90 = 90


@dataclass(frozen=True)
class Situation:
    """One row an account; (n,) unless a comment says otherwise."""

    week: int
    age: Array
    utilisation: Array
    champions: Array
    has_outcome: Flags
    in_time: Flags
    first_year: Flags
    weeks_to_renewal: Array
    monthly: Flags
    ramp_ahead: Flags
    headroom: Array
    load: Array  # (n, add-ons): need against what is held
    need: Array  # (n, add-ons)
    strain: float  # the same for all accounts


def look(traits: Traits, state: State, week: int, strain: float = 0.0) -> Situation:
    """Describe every account at ``week``, in which ``strain`` is on all of them."""
    day = week * WEEK
    present = (state.champions == PRESENT) | (state.champions == LOOKING)
    people = (state.activated * (0.4 + state.engagement))[:, None]
    need = people * traits.appetite * np.array(UNITS_A_PERSON, np.float32)
    return Situation(
        week=week,
        age=week - traits.start_day // WEEK,
        utilisation=state.activated / state.seats,
        champions=total(present.astype(np.int8)),
        has_outcome=state.outcome_day < day,
        in_time=state.outcome_day - traits.start_day <= DAY_90,
        first_year=day - traits.start_day < 364,
        weeks_to_renewal=state.term_end // WEEK - week,
        monthly=traits.term_days == 0,
        ramp_ahead=any_of(state.ramp_day < NEVER),
        headroom=(traits.potential - state.seats) / state.seats,
        load=need / np.maximum(state.held, 1.0),
        need=need,
        strain=strain,
    )
