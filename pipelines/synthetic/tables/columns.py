"""Small tools for building columns: days, times of arrival, identifiers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipelines.synthetic.arrays import Array
from pipelines.synthetic.world import NEVER, Clock

DAY_IN_US = 86_400_000_000
HOUR_IN_US = 3_600_000_000


def dates(clock: Clock, day: Array) -> pa.Array:
    """Return days of the simulation as dates; ``NEVER`` and later become null."""
    never = np.asarray(day) >= NEVER
    shifted = np.where(never, 0, day).astype(np.int32) + np.int32(clock.epoch_day)
    return pa.array(shifted, mask=never).cast(pa.date32())


def times(clock: Clock, day: Array, hour: int) -> pa.Array:
    """Return an hour of a day of the simulation as a timestamp."""
    at = (np.asarray(day, np.int64) + clock.epoch_day) * DAY_IN_US + hour * HOUR_IN_US
    return pa.array(at).cast(pa.timestamp("us"))


def late(rng: np.random.Generator, day: Array, share: float, most: int = 12) -> Array:
    """Return the day on which a fact of ``day`` is known: the same for most, later for some."""
    lag = rng.integers(2, most + 1, len(day))
    known_on: Array = np.asarray(day) + lag * (rng.random(len(day)) < share)
    return known_on


def ids(prefix: str, number: Array, suffix: Array | None = None) -> list[str]:
    """Return identifiers such as ``a-000123`` or, with parts, ``s-000123-2``."""
    if suffix is None:
        return [f"{prefix}-{n:06d}" for n in number.tolist()]
    pairs = zip(number.tolist(), suffix.tolist(), strict=True)
    return [f"{prefix}-{n:06d}-{p}" for n, p in pairs]


def coded(code: Array, words: tuple[str, ...]) -> pa.DictionaryArray:
    """Return words by their codes, stored once each."""
    return pa.DictionaryArray.from_arrays(pa.array(np.asarray(code, np.int32)), pa.array(words))


def rank(key: Array) -> Array:
    """Return, for sorted ``key``, 1, 2, 3 within each run of equal values."""
    position = np.arange(len(key))
    first = np.ones(len(key), bool)
    first[1:] = key[1:] != key[:-1]
    start = np.maximum.accumulate(np.where(first, position, 0))
    return position - start + 1


def last_of(*keys: Array) -> Array:
    """Say, for rows sorted by ``keys``, which are the last of theirs."""
    last = np.ones(len(keys[0]), bool)
    last[:-1] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return last
