"""How often accounts alike leave, shrink and grow in a quarter.

Each event has a logistic regression on size, term, tenure and what is signed ahead, among the
accounts that none of the events before it befell. Size must be smooth: the few largest accounts
carry most of the ARR, and no band of them is large enough to count in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.forecast.common_shocks import EVENTS
from models.forecast.quarterly_panel import BINDINGS, TENURES

MOVED = 0.08
"""A step by at most so much is a change of price; a larger one is more, or less, of something."""
FARTHEST = 2.5
"""Beyond so many standard deviations, a larger account counts as no larger."""
LEAST_SPREAD = 0.5
"""Of the logarithm of ARR; where all pay about the same, a ramp makes nobody large."""
RIDGE, TENURE_RIDGE, SIZE_RIDGE = 1.0, 4.0, 10.0
"""Prior precision of the slopes, of those of tenure and of size (per standard deviation): none is
believed to be huge. The few largest accounts carry most of the ARR, and a slope that few outcomes
leave open makes their rate anything: uncertain log-odds at 2.5 deviations raise its mean."""
STEPS = 25
SAVED = (0.1, 4.9)
"""Prior counts of accounts that stayed, and that left, after their end was announced."""
GONE, LESS, MORE = range(len(EVENTS))


@dataclass(frozen=True)
class Scale:
    """Centre and spread of the logarithm of ARR, and its ends in standard deviations.

    Who grows beyond all that was seen counts as the largest seen: nothing tells what comes there.
    """

    centre: float
    spread: float
    smallest: float
    largest: float

    @classmethod
    def of(cls, arr: np.ndarray) -> Scale:
        """Return the scale of some accounts' ARR, (accounts,)."""
        logs = np.log(arr)
        centre, spread = float(logs.mean()), max(float(logs.std()), LEAST_SPREAD)
        ends = (float(end - centre) / spread for end in (logs.min(), logs.max()))
        return cls(centre, spread, *np.clip(list(ends), -FARTHEST, FARTHEST).tolist())

    def size(self, arr: np.ndarray) -> np.ndarray:
        """Return the size of accounts in standard deviations."""
        scaled = (np.log(np.maximum(arr, 1e-9)) - self.centre) / self.spread
        return np.asarray(np.clip(scaled, self.smallest, self.largest))


@dataclass(frozen=True)
class Rates:
    """What the quarters so far tell.

    ``slope`` of each event with the ``root`` of its covariance, (events, columns) and
    (events, columns, columns); ``saved`` and ``ended``, accounts that stayed or left when their
    end was announced; by quarter, the ``surprise`` of each event's log-odds and its variance from
    chance alone, ``noise``, (quarters, events). ``excess`` is by how much the mean of the odds
    exceeds that of the log-odds for what is not known of a trait, (events, columns).
    """

    scale: Scale
    slope: np.ndarray
    root: np.ndarray
    excess: np.ndarray
    saved: int
    ended: int
    surprise: np.ndarray
    noise: np.ndarray

    def draw(self, random: np.random.Generator, futures: int) -> np.ndarray:
        """Return slopes as each future has them, (events, futures, columns)."""
        normal = random.standard_normal((len(EVENTS), futures, self.slope.shape[1]))
        centre = self.slope - self.excess
        return np.asarray(centre[:, None] + normal @ self.root.transpose(0, 2, 1))

    def draw_saved(self, random: np.random.Generator, futures: int) -> np.ndarray:
        """Return the share of announced ends that do not come, as each future has it."""
        return random.beta(self.saved + SAVED[0], self.ended + SAVED[1], futures)


def traits(binding: np.ndarray, tenure: np.ndarray, ramp: np.ndarray) -> np.ndarray:
    """Return what is known of accounts ahead of their size, (accounts, columns without size)."""
    bound = np.eye(BINDINGS)[binding]
    # A step up at each band: one that nobody has reached yet is like the band before it.
    reached = tenure[:, None] > np.arange(len(TENURES))
    return np.hstack([bound, reached, ramp[:, None]]).astype(float)


def sizes(binding: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the columns of size: a slope for each binding, and one more for the large."""
    return np.hstack([np.eye(BINDINGS)[binding] * size[:, None], np.maximum(size, 0)[:, None]])


def learn(steps: pd.DataFrame) -> Rates:
    """Return what ``Panel.transitions`` tells."""
    going = steps[~steps["ending"]]
    scale = Scale.of(going["announced"].to_numpy(float))
    matrix, event = _matrix(going, scale), events(going["ratio"].to_numpy(float))
    days, quarter = np.unique(going["as_of"].to_numpy(), return_inverse=True)
    fits, is_open = [], np.ones(len(going), bool)
    for happened in event.T:
        fits.append(_fitted(matrix[is_open], happened[is_open], quarter[is_open], len(days)))
        is_open &= ~happened
    slope, root, surprise, noise = (np.array(column) for column in zip(*fits, strict=True))
    saved = int((steps["ending"] & (steps["ratio"] > 0)).sum())
    ended = int(steps["ending"].sum()) - saved
    excess = np.array([_excess(matrix, covariance_root) for covariance_root in root])
    return Rates(scale, slope, root, excess, saved, ended, surprise.T, noise.T)


def _excess(matrix: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Return half the variance of each slope, as far as it is the prior's, (columns,).

    A trait that nobody had, such as a ramp where none was ever signed, may raise the odds or lower
    them: its slope has mean 0, and without this the odds would rise by two thirds on average. Of
    bindings that were seen and of sizes nothing is taken off.
    """
    variance = (root**2).sum(axis=1)
    excess = _precision(len(variance)) * variance**2 / 2
    excess[:BINDINGS][matrix[:, :BINDINGS].any(axis=0)] = 0.0
    excess[BINDINGS + len(TENURES) + 1 :] = 0.0
    return np.asarray(excess)


def _matrix(steps: pd.DataFrame, scale: Scale) -> np.ndarray:
    bound = steps["binding"].to_numpy(int)
    columns = traits(bound, steps["tenure"].to_numpy(int), steps["ramp"].to_numpy())
    return np.hstack([columns, sizes(bound, scale.size(steps["announced"].to_numpy(float)))])


def _fitted(
    matrix: np.ndarray, outcome: np.ndarray, quarter: np.ndarray, quarters: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return slopes, root, and by how much each quarter's log-odds were off, with its variance."""
    slope, root = logistic(matrix, outcome.astype(float), _precision(matrix.shape[1]))
    rate = 1 / (1 + np.exp(-matrix @ slope))
    observed, expected, spread = (
        np.bincount(quarter, values, minlength=quarters) + 0.5
        for values in (outcome.astype(float), rate, rate * (1 - rate))
    )
    return slope, root, np.log(observed / expected) * expected / spread, 1 / spread


def _precision(columns: int) -> np.ndarray:
    """Return the prior precision of each slope, (columns,)."""
    precision = np.full(columns, RIDGE)
    precision[BINDINGS : BINDINGS + len(TENURES)] = TENURE_RIDGE
    precision[BINDINGS + len(TENURES) + 1 :] = SIZE_RIDGE
    return precision


def events(ratio: np.ndarray) -> np.ndarray:
    """Say what each step was, (steps, events); a step of a price is none of them."""
    gone = ratio <= 0
    return np.stack([gone, ~gone & (ratio < 1 - MOVED), ratio > 1 + MOVED], axis=1)


def logistic(
    matrix: np.ndarray, outcome: np.ndarray, ridge: np.ndarray | float = RIDGE
) -> tuple[np.ndarray, np.ndarray]:
    """Return the slopes of a logistic regression and the root of their covariance.

    The prior is normal around the outcome's base rate, with precision ``ridge`` a slope, so that
    few outcomes give wide draws. Source: Laplace's approximation, Bishop (2006), section 4.5.
    """
    base = (outcome.sum() + 0.5) / (len(outcome) + 1)
    prior = np.zeros(matrix.shape[1])
    prior[:BINDINGS] = np.log(base / (1 - base))
    slope, penalty = prior.copy(), np.zeros(len(prior)) + ridge
    precision = np.diag(penalty)
    for _ in range(STEPS):
        rate = 1 / (1 + np.exp(-matrix @ slope))
        weight = rate * (1 - rate)
        precision = np.diag(penalty) + (matrix * weight[:, None]).T @ matrix
        step = matrix.T @ (outcome - rate) - penalty * (slope - prior)
        moved = np.linalg.solve(precision, step)
        slope = slope + np.clip(moved, -1, 1)
        if np.abs(moved).max() < 1e-9:
            break
    return slope, np.linalg.cholesky(np.linalg.inv(precision))
