"""What a probability is worth: expected expansion ARR, and expected loss.

What no model says anything of is not known, NaN, and never 0. Needs NumPy alone: the server works
out amounts, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np

GAIN, LOSS, NEITHER = "+", "-", "="
"""The directions of outcomes: added up as expansion, as ARR at risk, or not at all."""


class Excluding(Protocol):
    """A target that knows which others never befall the same row."""

    @property
    def excludes(self) -> tuple[str, ...]:
        """The others' names."""


class Directed(Protocol):
    """A target that knows whether its outcome gains ARR, loses it, or counts as neither."""

    @property
    def direction(self) -> str:
        """``+``, ``-`` or ``=``."""


def exclusive(
    probabilities: Mapping[str, np.ndarray], labels: Mapping[str, Excluding]
) -> dict[str, np.ndarray]:
    """Return the probabilities with none of an exclusive pair above 1 together, shape (rows,).

    Each target has a model of its own, which knows nothing of the others; where two that exclude
    each other sum above 1, both are scaled down by the same factor.
    """
    scaled = dict(probabilities)
    for name, label in labels.items():
        for other in label.excludes:
            if name in scaled and other in scaled:
                factor = np.maximum(scaled[name] + scaled[other], 1.0)
                scaled |= {target: scaled[target] / factor for target in (name, other)}
    return scaled


def expected_amounts(
    probabilities: Mapping[str, np.ndarray], shares: Mapping[str, np.ndarray], arr: np.ndarray
) -> dict[str, np.ndarray]:
    """Return probability times ARR times its share, target by target, each of shape (rows,).

    NaN where the ARR or the probability is not known.
    """
    return {name: p * arr * shares[name] for name, p in probabilities.items()}


def expansion(
    amounts: Mapping[str, np.ndarray], labels: Mapping[str, Directed], rows: int
) -> np.ndarray:
    """Return the expected expansion ARR of all targets that gain ARR together, shape (rows,).

    NaN where no such target has a model; see ``left_out`` for those that are not in it.
    """
    return _sum(amounts, labels, GAIN, rows)


def loss(
    amounts: Mapping[str, np.ndarray], labels: Mapping[str, Directed], rows: int
) -> np.ndarray:
    """Return the ARR expected to be lost to all targets that lose ARR, as ``expansion`` does."""
    return _sum(amounts, labels, LOSS, rows)


def left_out(
    models: Iterable[str], labels: Mapping[str, Directed], *directions: str
) -> tuple[str, ...]:
    """Return the targets of ``directions`` that no model says anything of, in their order."""
    available = set(models)
    return tuple(
        name
        for name, label in labels.items()
        if label.direction in (directions or (GAIN, LOSS)) and name not in available
    )


def _sum(
    amounts: Mapping[str, np.ndarray], labels: Mapping[str, Directed], direction: str, rows: int
) -> np.ndarray:
    # In the order of declaration: in which order numbers are added up shows in the last digits.
    parts = [
        amounts[name]
        for name, label in labels.items()
        if label.direction == direction and name in amounts
    ]
    return np.sum(parts, axis=0) if parts else np.full(rows, np.nan)
