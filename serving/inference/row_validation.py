"""Posted rows, checked one by one: what is wrong with one leaves the others alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from features.errors import UsageError
from models.inference.encoding import OTHER, FeatureSpec

if TYPE_CHECKING:
    from models.inference.encoding import Row
    from serving.inference.scorer import Scorer

LARGEST = 1e15
"""Beyond this a number is a mistake, and no longer exact."""
MOST_PROBLEMS = 5
NUMBERS = {float, int, bool, type(None)}
NAMES = {str, type(None)}


@dataclass(frozen=True)
class CheckedRow:
    """A row as the models take it, or what is wrong with it; and what is merely odd."""

    row: Row
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class RowValidator:
    """Checks rows whose values are in the order of ``features`` against the models' inputs.

    Raises
    ------
    UsageError
        When ``features`` lacks an input or names what is none.
    """

    def __init__(self, scorer: Scorer, features: Sequence[str]) -> None:
        self._inputs = list(scorer.inputs.values())
        self._known = scorer.names
        self._length = len(features)
        places = {name: place for place, name in enumerate(features)}
        problems = [
            f"{name}: is not a model input" for name in features if name not in scorer.inputs
        ]
        problems += [
            f"{name}: is missing; give null if unknown"
            for name in scorer.inputs
            if name not in places
        ]
        if problems:
            raise UsageError(problems)
        self._take = [places[name] for name in scorer.inputs]
        self._is_name = [feature.categories is not None for feature in self._inputs]
        self._numbers = [place for place, is_name in enumerate(self._is_name) if not is_name]
        self._names = [place for place, is_name in enumerate(self._is_name) if is_name]
        bounds = [_bounds(self._inputs[place]) for place in self._numbers]
        self._low, self._high = np.array(bounds, dtype=float).reshape(-1, 2).T

    def check(self, values: Sequence[Any]) -> CheckedRow:
        """Return one row checked."""
        if len(values) != self._length:
            return CheckedRow((), (f"has {len(values)} values for {self._length} features",))
        row = [values[place] for place in self._take]
        numbers = [row[place] for place in self._numbers]
        names = [row[place] for place in self._names]
        if not (set(map(type, numbers)) <= NUMBERS and set(map(type, names)) <= NAMES):
            return CheckedRow((), tuple(self._wrong_types(row))[:MOST_PROBLEMS])
        return self._in_range(row, numbers)

    def _in_range(self, row: list[Any], numbers: list[Any]) -> CheckedRow:
        try:
            vector = np.array(numbers, dtype=float)
        except OverflowError:
            vector = np.array([_finite(number) for number in numbers], dtype=float)
        odd = np.flatnonzero((vector < self._low) | (vector > self._high))
        if np.any(np.abs(vector[odd]) > LARGEST):
            return CheckedRow((), tuple(self._too_large(row, vector))[:MOST_PROBLEMS])
        warnings = (*self._out_of_range(row, odd), *self._unknown(row))
        return CheckedRow(row, (), warnings[:MOST_PROBLEMS])

    def _wrong_types(self, row: Sequence[Any]) -> Iterator[str]:
        for feature, value, is_name in zip(self._inputs, row, self._is_name, strict=True):
            if type(value) not in (NAMES if is_name else NUMBERS):
                wanted = "a text" if is_name else "a number"
                yield f"{feature.name}: {_short(value)} is not {wanted} or null"

    def _too_large(self, row: Sequence[Any], vector: np.ndarray) -> Iterator[str]:
        for number in np.flatnonzero(np.abs(vector) > LARGEST):
            place = self._numbers[number]
            yield f"{self._inputs[place].name}: {_short(row[place])} is beyond {LARGEST:.0e}"

    def _out_of_range(self, row: Sequence[Any], odd: np.ndarray) -> Iterator[str]:
        for number in odd:
            place = self._numbers[number]
            feature = self._inputs[place]
            yield f"{feature.name}: {_short(row[place])} is outside {range_of(feature)}"

    def _unknown(self, row: Sequence[Any]) -> Iterator[str]:
        for place in self._names:
            name, value = self._inputs[place].name, row[place]
            if value is not None and value not in self._known[name]:
                yield f"{name}: the models do not know {_short(value)} and treat it as {OTHER}"


def range_of(feature: FeatureSpec) -> str:
    """Return what is expected of a feature, such as ``0 to 1.5`` or ``0 or more``."""
    low, high = feature.expected
    if low is None:
        return "any number" if high is None else f"{high:g} or less"
    return f"{low:g} or more" if high is None else f"{low:g} to {high:g}"


def _bounds(feature: FeatureSpec) -> tuple[float, float]:
    """Return the range of a feature; whatever is beyond ``LARGEST`` is out of every range."""
    low, high = feature.expected
    return -LARGEST if low is None else low, LARGEST if high is None else high


def _finite(value: Any) -> float:
    """Return a number as a float; one that no float can hold as infinity."""
    try:
        return np.nan if value is None else float(value)
    except OverflowError:
        return np.inf


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
