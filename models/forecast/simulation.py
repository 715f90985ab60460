"""Futures of a base: every account's coming quarters, drawn as the quarters so far went.

Each future draws its own rates, its own common shocks and its own steps to learn the amounts from,
so the interval holds what is not known of them as well as chance. What is signed or announced comes
as it is; only what differs from it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.errors import DataError
from models.forecast import common_shocks
from models.forecast.common_shocks import EVENTS, Shocks
from models.forecast.quarterly_panel import AHEAD, QUARTERS, binding, ramps, tenures
from models.forecast.retention import PARTS, Retention, retained
from models.forecast.step_sizes import Steps, gathered
from models.forecast.transition_rates import LESS, MORE, Rates, learn, traits

MOST_CELLS = 1_000_000
"""Accounts times futures that are simulated at once; more would cost memory and gain no time."""


@dataclass(frozen=True)
class History:
    """What the quarters so far tell: rates, the steps taken, and common shocks."""

    rates: Rates
    steps: Steps
    common: Shocks


def learned(steps: pd.DataFrame) -> History:
    """Return what ``Panel.transitions`` tells.

    Raises
    ------
    DataError
        When every step was announced, so that nothing was left open.
    """
    if steps["ending"].all():
        raise DataError(
            "every account was known to end within a quarter, at every date: ended_on holds ends "
            "that were only signed; map those to term_ends_on, or say in ended_known_on when an "
            "end became known"
        )
    rates = learn(steps)
    return History(
        rates, gathered(steps), common_shocks.estimate(rates.surprise, rates.noise, QUARTERS)
    )


@dataclass(frozen=True)
class Base:
    """The accounts of a day over the coming quarters.

    ``signed``, the announced ARR today and after each quarter, (accounts, 5); in each quarter, how
    terms bind, ``bound`` (4, accounts), and what else is known, ``traits`` (4, accounts, columns).
    """

    signed: np.ndarray
    bound: np.ndarray
    traits: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Base:
        """Return the base of ``Panel.at``."""
        bound = np.stack([binding(rows, quarter) for quarter in range(QUARTERS)])
        rates = [
            traits(bound[quarter], tenures(rows, quarter), ramps(rows, quarter + 1))
            for quarter in range(QUARTERS)
        ]
        signed = rows[["arr", *AHEAD]].to_numpy(float)
        return cls(signed, bound, np.stack(rates).astype(np.float32))


def imagined(base: Base, history: History, random: np.random.Generator, futures: int) -> Retention:
    """Return the retention of ``base`` in each of ``futures``, simulated in portions."""
    portion = max(1, min(futures, MOST_CELLS // len(base.signed)))
    sizes = [min(portion, futures - first) for first in range(0, futures, portion)]
    today, last = base.signed[:, 0], base.signed[:, -1]
    batches = [retained(today, last, _Futures(base, history, random, size).end()) for size in sizes]
    return Retention(
        nrr=np.concatenate([batch.nrr for batch in batches]),
        grr=np.concatenate([batch.grr for batch in batches]),
        parts={name: np.concatenate([batch.parts[name] for batch in batches]) for name in PARTS},
    )


class _Futures:
    """Some futures of a base, each with its own rates, shocks and steps to draw from."""

    def __init__(
        self, base: Base, history: History, random: np.random.Generator, futures: int
    ) -> None:
        self.base, self.history, self.random, self.futures = base, history, random, futures
        self.slope = history.rates.draw(random, futures).astype(np.float32)
        self.shock = history.common.draw(random, futures).astype(np.float32)
        self.saved = history.rates.draw_saved(random, futures)[:, None]
        self.known = history.steps.resampled(random, futures)

    def end(self) -> np.ndarray:
        """Return every account's ARR after the last quarter, (futures, accounts)."""
        arr = np.repeat(self.base.signed[None, :, 0], self.futures, axis=0)
        for quarter in range(QUARTERS):
            arr = self._lived(arr, quarter)
        return arr

    def _lived(self, arr: np.ndarray, quarter: int) -> np.ndarray:
        """Return the ARR after a quarter: what was announced, times what came instead."""
        before, after = self.base.signed[:, quarter], self.base.signed[:, quarter + 1]
        coming = announced(arr, before, after)
        then = coming * self._ratios(coming, quarter)
        stays = self.random.random(arr.shape, np.float32) < self.saved
        ending = (after <= 0) & (before > 0)
        return np.where(ending, arr * stays, then)

    def _ratios(self, coming: np.ndarray, quarter: int) -> np.ndarray:
        """Return what each account's ARR is to what was announced, (futures, accounts)."""
        bound = self.base.bound[quarter]
        size = self.history.rates.scale.size(coming).astype(np.float32)
        ratio = np.broadcast_to(self.history.steps.drift[bound], coming.shape).copy()
        is_open = coming > 0
        for event in range(len(EVENTS)):
            rate = self._rate(event, quarter, size)
            comes = is_open & (self.random.random(coming.shape, np.float32) < rate)
            is_open &= ~comes
            ratio[comes] = 0.0
            if event in (LESS, MORE):
                self._step(event, comes, bound, coming, ratio)
        return ratio

    def _rate(self, event: int, quarter: int, size: np.ndarray) -> np.ndarray:
        """Return the rate of an event for each account, (futures, accounts)."""
        slope, traits = self.slope[event], self.base.traits[quarter]
        bound, cut = self.base.bound[quarter], traits.shape[1]
        odds = slope[:, :cut] @ traits.T + self.shock[:, None, quarter, event]
        odds += slope[:, cut:-1][:, bound] * size + slope[:, -1:] * np.maximum(size, 0)
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))

    def _step(
        self,
        event: int,
        comes: np.ndarray,
        bound: np.ndarray,
        coming: np.ndarray,
        ratio: np.ndarray,
    ) -> None:
        """Draw the steps of those to whom ``event`` comes into ``ratio``, binding by binding."""
        future, account = np.nonzero(comes)
        for binding_kind in np.unique(bound[account]):
            of_kind = bound[account] == binding_kind
            where, kind = (future[of_kind], account[of_kind]), (event, int(binding_kind))
            ratio[where] = self.history.steps.drawn(
                kind, self.known[kind], where[0], coming[where], self.random
            )


def announced(arr: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the ARR that is to come by all that is announced, for accounts that pay ``arr`` now.

    A tranche comes on top of what an account pays, less of a product is a share of it. One that
    pays although its end was announced goes on, one that is gone takes its tranches with it, and
    one that is to begin again after a pause does.

    Parameters
    ----------
    arr
        What each account pays in each future, (futures, accounts).
    before, after
        The announced ARR at the quarter's start and end, (accounts,).
    """
    remaining_share = np.divide(after, before, out=np.ones_like(after), where=before > 0)
    coming = np.where(
        after > 0, arr * np.minimum(remaining_share, 1) + np.maximum(after - before, 0), arr
    )
    return np.where((arr > 0) | (before <= 0), coming, 0.0)
