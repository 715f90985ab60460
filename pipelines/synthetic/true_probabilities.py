"""The true probabilities: many futures from one day, and how likely each outcome is along them.

From the state at ``as_of`` every account is copied and lives thirteen weeks on, on random numbers
of its own. Along each path the odds themselves are added up instead of counting what was drawn,
which needs far fewer copies. Nobody leaves on a path; its weight falls by the odds of leaving.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.synthetic.arrays import Array, rows
from pipelines.synthetic.event_log import Silence
from pipelines.synthetic.population import Life
from pipelines.synthetic.week import Week, live, turn
from pipelines.synthetic.world import HORIZON_WEEKS

OUTCOMES = ("upsell", "cross_sell", "downsell", "churn")


@dataclass(frozen=True)
class Truth:
    """True probabilities at one week's beginning: ``account`` (m,), ``p`` by outcome (m,)."""

    account: Array
    week: int
    p: dict[str, Array]


@dataclass
class _Tally:
    """Sums along the paths, (n,) each.

    ``stays`` is the weight of a path: the probability that nobody has decided to leave on it.
    """

    stays: Array
    churn: Array
    rest: dict[str, Array]
    came: dict[str, Array]


def look_ahead(life: Life, week: int, rng: np.random.Generator) -> Truth:
    """Return the probabilities of each outcome in [week, week + 13) by the state of ``life``.

    Churn is null (NaN) for accounts that have given notice; the rest is 0: they decide no more.
    """
    account = np.flatnonzero(life.state.running)
    copies = life.world.replicas
    index = np.repeat(account, copies)
    futures = replace(
        life,
        traits=rows(life.traits, index),
        state=rows(life.state, index),
        rng=rng,
        journal=Silence(),
    )
    tally = _run(futures, week, len(index))
    p = {name: v.reshape(-1, copies).mean(axis=1) for name, v in tally.rest.items()}
    p["churn"] = tally.churn.reshape(-1, copies).mean(axis=1)
    p["churn"][life.state.leaving[account]] = np.nan
    return Truth(account, week, p)


def _run(futures: Life, week: int, n: int) -> _Tally:
    tally = _Tally(
        stays=np.ones(n),
        churn=np.zeros(n),
        rest={name: np.zeros(n) for name in OUTCOMES[:3]},
        came={name: np.zeros(n, bool) for name in OUTCOMES[:3]},
    )
    for step in range(week, week + HORIZON_WEEKS):
        _add(tally, live(futures, step, may_leave=False), week + HORIZON_WEEKS)
        turn(futures, step)
    return tally


def _add(tally: _Tally, week: Week, last: int) -> None:
    """Add a week's odds: the first upsell, cross-sell and downsell count, and the end if in time.

    A downsell that is followed by the account's end in the same horizon is churn.
    """
    ends = week.leaving * (week.end_week < last)
    tally.churn += tally.stays * ends
    tally.rest["downsell"] *= 1 - ends
    tally.stays *= 1 - week.leaving
    for name, outcome in week.outcomes.items():
        tally.rest[name] += outcome.odds * tally.stays * ~tally.came[name]
        tally.came[name] |= outcome.came
