"""From an account's features to the numbers a model takes; shared by training and serving."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Row = Sequence[float | str | None]
"""An account's features in the order of a model's inputs; ``None`` is unknown."""
SEGMENT = "segment"
"""The column whose values say which accounts are alike."""


OTHER = "other"
"""What all names are called that no category stands for."""


@dataclass(frozen=True)
class Merged:
    """The names of an input that too few accounts carry to be categories.

    ``names`` are the most frequent of them with their accounts, ``levels`` how many there are,
    ``accounts`` how many carry one of them.
    """

    names: Mapping[str, int]
    levels: int
    accounts: int


@dataclass(frozen=True)
class FeatureSpec:
    """One input of a model: what it means, its categories, and what is typical.

    ``categories`` is ``None`` for numbers; otherwise the names the model knows, in order. All
    others are one category more, ``OTHER``; ``merged`` says which those were in training.
    ``typical`` is the median of the training rows, or their most frequent name; ``typical_of``
    is the median by segment, of those with enough accounts. ``edges`` and ``shares`` say how its
    values lay in training (``models.dataset.training_profile``); empty in models from before.
    ``says`` is the English sentence that people read, by form (``features.declaration.sentences``);
    without it, as in models from before, they read the description.
    """

    name: str
    group: str
    stem: str
    unit: str
    description: str
    window_days: int | None
    by_day: int | None
    expected: tuple[float | None, float | None]
    categories: tuple[str, ...] | None
    typical: float | str | None
    typical_of: Mapping[str, float] = field(default_factory=dict)
    edges: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    says: Mapping[str, str] = field(default_factory=dict)
    merged: Merged | None = None

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> FeatureSpec:
        """Return the input that ``as_dict`` described."""
        categories, merged = stored["categories"], stored.get("merged")
        return cls(
            **{
                **stored,
                "expected": tuple(stored["expected"]),
                "categories": None if categories is None else tuple(categories),
                "edges": tuple(stored.get("edges", ())),
                "shares": tuple(stored.get("shares", ())),
                "says": {str(form): str(text) for form, text in stored.get("says", {}).items()},
                "merged": None if merged is None else Merged(**merged),
            }
        )


def encode(rows: Sequence[Mapping[str, Any]], features: Sequence[FeatureSpec]) -> np.ndarray:
    """Return rows of named values as float64 of shape (rows, features).

    Categories become their index, names that are none the one after the last; null and absent
    values become ``nan``.
    """
    columns = {feature.name: [row.get(feature.name) for row in rows] for feature in features}
    return encode_columns(columns, features)


def encode_columns(
    columns: Mapping[str, Sequence[Any] | np.ndarray], features: Sequence[FeatureSpec]
) -> np.ndarray:
    """Return columns of values as float64 of shape (rows, features), as ``encode`` does."""
    encoded = [_encoded(columns[feature.name], feature) for feature in features]
    return np.column_stack(encoded) if encoded else np.empty((0, 0))


def _encoded(values: Sequence[Any] | np.ndarray, feature: FeatureSpec) -> np.ndarray:
    if feature.categories is None:
        return np.array(values, dtype=float)
    index = category_index(feature.categories)
    return np.array([category_number(value, index) for value in values], dtype=float)


def category_index(categories: Sequence[str]) -> dict[str, float]:
    """Return the number of each category."""
    return {name: float(number) for number, name in enumerate(categories)}


def category_number(value: Any, index: Mapping[str, float]) -> float:
    """Return the number of a value: that of its category, of all others, or ``nan`` for null.

    A release from before all others were one category takes them for null: LightGBM lets both go
    the same way where it was not fitted on such a number.
    """
    return index.get(value, float(len(index))) if isinstance(value, str) else math.nan
