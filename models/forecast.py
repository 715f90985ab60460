"""NRR and GRR of today's base in twelve months, by simulating every account's coming quarters.

Each future draws its own rates, its own common shocks and its own steps to learn the amounts from,
so the interval holds what is not known of them as well as chance. What is signed or announced comes
as it is; only what differs from it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from features.errors import DataError
from models import shocks
from models.panel import QUARTERS, Panel, binding, contracted, quarters_of, ramps, tenures
from models.rates import LESS, MORE, Rates, learn, traits
from models.retention import PARTS, Retention, band, retained
from models.shocks import EVENTS, Shocks
from models.steps import Steps, gathered

FUTURES = 1000
FEWEST_QUARTERS = 2
"""So many quarters that have passed are needed; the fewer, the wider the interval."""
MOST_QUARTERS = 20
"""Quarters longer ago than that tell of another company."""
MOST_CELLS = 1_000_000


@dataclass(frozen=True)
class Spread:
    """The mean of a figure over all futures, and the ends of its 80 and 95 % intervals."""

    value: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float

    @classmethod
    def of(cls, futures: np.ndarray) -> Spread:
        """Return the spread of a figure, (futures,)."""
        low_95, low_80, high_80, high_95 = np.quantile(futures, [0.025, 0.1, 0.9, 0.975])
        ends = [float(one) for one in (low_80, high_80, low_95, high_95)]
        return cls(float(futures.mean()), *ends)


@dataclass(frozen=True)
class Forecast:
    """What becomes of today's base; shares of its ARR today, ``arr`` (currency a year).

    ``parts`` add up to ``nrr.value - 1``. ``quarters`` have passed since the history begins;
    ``shock`` is the size of a quarter's common shock, in log-odds.
    """

    origin: date
    accounts: int
    arr: float
    nrr: Spread
    grr: Spread
    parts: Mapping[str, Spread]
    band: str
    quarters: int
    shock: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return the forecast as JSON-able values."""
        return {**asdict(self), "origin": str(self.origin)}


@dataclass(frozen=True)
class History:
    """What the quarters so far tell: rates, the steps taken, and common shocks."""

    rates: Rates
    steps: Steps
    common: Shocks


def forecast(panel: Panel, origin: date, *, seed: int, futures: int = FUTURES) -> Forecast:
    """Forecast the retention of the accounts that pay at ``origin``, over the 364 days from it.

    Parameters
    ----------
    panel
        The accounts by quarter; rows later than ``origin`` are not looked at.
    origin
        One of the panel's dates.
    seed
        Same panel and seed, same forecast.
    futures
        How many futures are drawn.

    Raises
    ------
    DataError
        When nobody pays at ``origin``, or too few quarters have passed before it.
    """
    seen = panel.until(origin)
    rows, steps = seen.at(origin), seen.transitions()
    quarters = quarters_of(steps)
    _refuse(rows, quarters, origin)
    steps = steps[steps["as_of"] >= quarters[-MOST_QUARTERS:][0]]
    rates = learn(steps)
    common = shocks.estimate(rates.surprise, rates.noise, QUARTERS)
    found = _retention(
        rows, History(rates, gathered(steps), common), np.random.default_rng(seed), futures
    )
    nrr = Spread.of(found.nrr)
    return Forecast(
        origin=origin,
        accounts=len(rows),
        arr=float(rows["arr"].sum()),
        nrr=nrr,
        grr=Spread.of(found.grr),
        parts={name: Spread.of(found.parts[name]) for name in PARTS},
        band=band(nrr.value),
        quarters=len(rates.surprise),
        shock=common.size,
    )


def _refuse(rows: pd.DataFrame, quarters: Any, origin: date) -> None:
    problems = []
    if rows.empty:
        problems.append(f"no account pays on {origin}; there is no base to forecast")
    if len(quarters) < FEWEST_QUARTERS:
        problems.append(
            f"{len(quarters)} full quarters of subscriptions lie before {origin}; a forecast needs "
            f"{FEWEST_QUARTERS}: read older subscriptions in, or wait"
        )
    if problems:
        raise DataError(problems)


def _retention(
    rows: pd.DataFrame, history: History, random: np.random.Generator, futures: int
) -> Retention:
    """Simulate in portions that fit into memory, and put them together."""
    signed = contracted(rows)
    portion = max(1, min(futures, MOST_CELLS // len(rows)))
    sizes = [min(portion, futures - first) for first in range(0, futures, portion)]
    found = [
        retained(signed[:, 0], signed[:, -1], _Futures(rows, history, random, size).end())
        for size in sizes
    ]
    return Retention(
        nrr=np.concatenate([one.nrr for one in found]),
        grr=np.concatenate([one.grr for one in found]),
        parts={name: np.concatenate([one.parts[name] for one in found]) for name in PARTS},
    )


class _Futures:
    """Some futures of a base, each with its own rates, shocks and steps to draw from."""

    def __init__(
        self, rows: pd.DataFrame, history: History, random: np.random.Generator, futures: int
    ) -> None:
        self.rows, self.signed = rows, contracted(rows)
        self.history, self.random, self.futures = history, random, futures
        self.slope = history.rates.draw(random, futures).astype(np.float32)
        self.shock = history.common.draw(random, futures).astype(np.float32)
        self.saved = history.rates.draw_saved(random, futures)[:, None]
        self.known = history.steps.resampled(random, futures)

    def end(self) -> np.ndarray:
        """Return every account's ARR after the last quarter, (futures, accounts)."""
        arr = np.repeat(self.signed[None, :, 0], self.futures, axis=0)
        for quarter in range(QUARTERS):
            arr = self._lived(arr, quarter)
        return arr

    def _lived(self, arr: np.ndarray, quarter: int) -> np.ndarray:
        """Return the ARR after a quarter: what was announced, times what came instead."""
        before, after = self.signed[:, quarter], self.signed[:, quarter + 1]
        ending = (after <= 0) & (before > 0)
        announced = np.where(after > 0, np.maximum(arr + after - before, 0), arr)
        then = announced * self._ratios(announced, quarter)
        stays = self.random.random(arr.shape, np.float32) < self.saved
        return np.where(ending, arr * stays, np.where(arr > 0, then, 0.0))

    def _ratios(self, announced: np.ndarray, quarter: int) -> np.ndarray:
        """Return what each account's ARR is to what was announced, (futures, accounts)."""
        bound = binding(self.rows, quarter)
        known = traits(bound, tenures(self.rows, quarter), ramps(self.rows, quarter + 1))
        known = known.astype(np.float32)
        size = self.history.rates.scale.size(announced).astype(np.float32)
        drift = self.history.steps.drift[bound]
        ratio = np.broadcast_to(drift, announced.shape).copy()
        left = np.ones(announced.shape, bool)
        for event in range(len(EVENTS)):
            rate = self._rate(event, quarter, known, bound, size)
            comes = left & (self.random.random(announced.shape, np.float32) < rate)
            left &= ~comes
            ratio[comes] = 0.0
            if event in (LESS, MORE):
                self._step(event, comes, bound, announced, ratio)
        return ratio

    def _rate(
        self, event: int, quarter: int, known: np.ndarray, bound: np.ndarray, size: np.ndarray
    ) -> np.ndarray:
        slope = self.slope[event]
        cut = known.shape[1]
        odds = slope[:, :cut] @ known.T + self.shock[:, None, quarter, event]
        odds += slope[:, cut:-1][:, bound] * size + slope[:, -1:] * np.maximum(size, 0)
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))

    def _step(
        self,
        event: int,
        comes: np.ndarray,
        bound: np.ndarray,
        announced: np.ndarray,
        ratio: np.ndarray,
    ) -> None:
        """Draw the steps of those to whom ``event`` comes into ``ratio``, binding by binding."""
        future, account = np.nonzero(comes)
        for one in np.unique(bound[account]):
            where = future[bound[account] == one], account[bound[account] == one]
            kind = (event, int(one))
            ratio[where] = self.history.steps.drawn(
                kind, self.known[kind], where[0], announced[where], self.random
            )
