"""Structs of arrays: one row an account, and how to copy chosen rows."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Array = NDArray[Any]
Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int32]

S = TypeVar("S", bound="DataclassInstance")


def rows(struct: S, index: Array) -> S:
    """Return a copy of ``struct`` that holds the rows of ``index``, in its order."""
    chosen = {f.name: getattr(struct, f.name)[index] for f in fields(struct)}
    return replace(struct, **chosen)


def logistic(x: Array) -> Array:
    """Return the probability of log-odds ``x``."""
    chance: Array = 1.0 / (1.0 + np.exp(-x))
    return chance


def ramp(x: Array, low: float, high: float) -> Array:
    """Return 0 below ``low``, 1 above ``high`` and a straight line between."""
    share: Array = np.clip((x - low) / (high - low), 0.0, 1.0)
    return share


# A column at a time: numpy reduces short rows slowly, and there are many of them.
def any_of(flags: Array) -> Flags:
    """Return for each row of (n, k) whether one of it holds."""
    any_flag: Flags = reduce(np.logical_or, flags.T)
    return any_flag


def total(values: Array) -> Array:
    """Return the sum of each row of (n, k)."""
    return sum(values.T[1:], start=values[:, 0])


def chance_of_any(chances: Array) -> Array:
    """Return the probability that at least one of a row's independent (n, k) chances comes."""
    spared: Array = reduce(np.multiply, 1 - chances.T)
    return 1 - spared
