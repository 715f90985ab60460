"""By how much accounts shrink or grow when they do: steps that accounts of their size took."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.forecast.quarterly_panel import BINDINGS
from models.forecast.transition_rates import LESS, MORE, events

NEIGHBOURS, FEWEST = 20, 5
"""A step is drawn from so many on either side of an account's size; from fewer among the largest,
which would otherwise grow like smaller ones."""
USUAL = {LESS: 0.75, MORE: 1.25}
"""What is taken for a step where none was ever seen: a quarter."""
Kind = tuple[int, int]
"""An event and a binding."""


@dataclass(frozen=True)
class Steps:
    """The steps of the past: announced ARR and ratio, (2, steps), ordered by ARR, by kind.

    ``drift`` is what the ARR of accounts that did not move was multiplied by, by binding.
    """

    taken: dict[Kind, np.ndarray]
    drift: np.ndarray

    def resampled(self, random: np.random.Generator, futures: int) -> dict[Kind, np.ndarray]:
        """Return which steps each future knows: as many as there are, some repeated."""
        return {
            kind: np.sort(random.integers(0, n, (futures, n)), axis=1)
            for kind, n in ((kind, steps.shape[1]) for kind, steps in self.taken.items())
        }

    def drawn(
        self,
        kind: Kind,
        order: np.ndarray,
        future: np.ndarray,
        arr: np.ndarray,
        random: np.random.Generator,
    ) -> np.ndarray:
        """Return ratios that accounts of about the size ``arr`` had, in each one's ``future``.

        ``known`` is what ``resampled`` gave for the kind, (futures, steps).
        """
        arrs, ratios = self.taken[kind]
        most = len(arrs) - 1
        place = np.searchsorted(arrs, arr)
        reach = np.clip(np.minimum(place, most - place), FEWEST, NEIGHBOURS)
        near = np.rint(place + reach * random.uniform(-1, 1, len(arr)))
        drawn_ratios: np.ndarray = ratios[order[future, np.clip(near, 0, most).astype(int)]]
        return drawn_ratios


def gathered(transitions: pd.DataFrame) -> Steps:
    """Return the steps of ``Panel.transitions``; a binding with few of them draws from all."""
    going = transitions[~transitions["ending"]]
    arr, ratio = (going[name].to_numpy(float) for name in ("announced", "ratio"))
    binding, event = going["binding"].to_numpy(int), events(ratio)
    taken = {}
    for kind in (LESS, MORE):
        for binding_kind in range(BINDINGS):
            those = event[:, kind] & (binding == binding_kind)
            those = those if those.sum() >= 2 * NEIGHBOURS else event[:, kind]
            order = np.argsort(arr[those], kind="stable")
            pairs = np.stack([arr[those][order], ratio[those][order]])
            taken[kind, binding_kind] = pairs if those.any() else np.array([[1.0], [USUAL[kind]]])
    return Steps(taken, _drift(arr, ratio, binding, np.asarray(event.any(axis=1))))


def _drift(
    arr: np.ndarray, ratio: np.ndarray, binding: np.ndarray, moved: np.ndarray
) -> np.ndarray:
    drift = np.ones(BINDINGS)
    for binding_kind in range(BINDINGS):
        those = (binding == binding_kind) & ~moved
        if those.any():
            drift[binding_kind] = np.average(ratio[those], weights=arr[those])
    return drift
