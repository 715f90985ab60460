"""How far all accounts move together: what a quarter does to every rate alike.

The counts of a quarter, against those that the rates of all quarters let expect, scatter more than
accounts on their own would. The excess is a common shock, with a size and a memory that few
quarters tell little about; so both are drawn from their posterior, never fixed.

Source: Gaussian process regression, Rasmussen and Williams (2006), chapter 2; the exponential
kernel of section 4.2.1 is an autoregression of first order.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

EVENTS = ("gone", "less", "more")
SIGNS = np.array([1.0, 1.0, -1.0])
"""A bad quarter makes accounts leave and shrink more often, and grow more rarely."""
SIZES = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65)
"""Standard deviations of a shock, in log-odds."""
USUAL_SIZE = 0.3
"""Prior: half-normal. A third more or fewer than usual in a quarter is not rare."""
MEMORIES = (0.0, 0.5, 0.8)
"""What share of a shock is still there a quarter later; each as likely, before looking."""
TOGETHER = (0.0, 0.5, 0.9)
"""Correlation of the shocks of different events; each as likely, before looking."""
LEVEL = 0.3
"""Prior standard deviation of how far the rates of the future are off those of the past."""


@dataclass(frozen=True)
class Shocks:
    """The posterior of the coming quarters' shocks: a mixture of normals.

    ``weight`` (mixture,), ``mean`` (mixture, quarters x events), ``root`` its covariance's root;
    ``sizes`` the shock's standard deviation of losses and of growth, (mixture, 2).
    """

    weight: np.ndarray
    mean: np.ndarray
    root: np.ndarray
    sizes: np.ndarray

    def draw(self, random: np.random.Generator, futures: int) -> np.ndarray:
        """Return what is added to the log-odds, (futures, quarters, events)."""
        which = random.choice(len(self.weight), size=futures, p=self.weight)
        normal = random.standard_normal((futures, self.mean.shape[1]))
        log = self.mean[which] + np.einsum("fij,fj->fi", self.root[which], normal)
        return np.asarray(log.reshape(futures, -1, len(EVENTS)))

    @property
    def size(self) -> dict[str, float]:
        """The expected standard deviation of a quarter's shock, of losses and of growth."""
        losses, growth = self.weight @ self.sizes
        return {"losses": float(losses), "growth": float(growth)}


def estimate(surprise: np.ndarray, noise: np.ndarray, ahead: int) -> Shocks:
    """Return what is known of the next ``ahead`` quarters' shocks.

    Parameters
    ----------
    surprise, noise
        By how much the log-odds of each event in each past quarter were off, oldest first, and the
        variance of that by chance alone, (quarters, events).
    ahead
        Quarters to come.
    """
    grid = np.array(list(product(SIZES, SIZES, MEMORIES, TOGETHER)))
    covariances, cut = _covariances(grid, len(surprise) + ahead), surprise.size
    root = np.linalg.cholesky(covariances[:, :cut, :cut] + np.diag(noise.ravel()))
    white = np.linalg.solve(root, np.broadcast_to(surprise.ravel()[:, None], (len(grid), cut, 1)))
    gain = np.linalg.solve(root, covariances[:, :cut, cut:])
    remaining = (
        covariances[:, cut:, cut:] - gain.mT @ gain + 1e-9 * np.eye(covariances.shape[1] - cut)
    )
    log = -0.5 * (white**2).sum(axis=(1, 2)) - np.log(np.linalg.diagonal(root)).sum(axis=1)
    log -= (grid[:, :2] ** 2).sum(axis=1) / (2 * USUAL_SIZE**2)
    weight = np.exp(log - log.max())
    mean = (gain.mT @ white)[:, :, 0]
    return Shocks(weight / weight.sum(), mean, np.linalg.cholesky(remaining), grid[:, :2])


def _covariances(grid: np.ndarray, quarters: int) -> np.ndarray:
    """Return the covariance of all events of all quarters at each point of the grid.

    A point holds the sizes of the shocks of losses and of growth, their memory, and their
    correlation.
    """
    size = grid[:, [0, 0, 1]] * SIGNS
    independent, together = np.eye(len(EVENTS)), grid[:, 3, None, None]
    events = size[:, :, None] * size[:, None, :] * (together + (1 - together) * independent)
    apart = np.abs(np.subtract.outer(np.arange(quarters), np.arange(quarters)))
    fading = grid[:, 2, None, None] ** apart
    level = LEVEL**2 * np.kron(np.ones((quarters, quarters)), independent)
    both = fading[:, :, None, :, None] * events[:, None, :, None, :]
    return np.asarray(both.reshape(len(grid), *level.shape) + level)
