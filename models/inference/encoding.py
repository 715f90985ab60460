"""From an account's features to the numbers a model takes; shared by training and serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Row = Sequence[float | str | None]
"""An account's features in the order of a model's inputs; ``None`` is unknown."""
SEGMENT = "segment"
"""The column whose values say which accounts are alike."""


@dataclass(frozen=True)
class FeatureSpec:
    """One input of a model: what it means, its categories, and what is typical.

    ``categories`` is ``None`` for numbers; otherwise the names the model knows, in order.
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

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> FeatureSpec:
        """Return the input that ``as_dict`` described."""
        categories = stored["categories"]
        return cls(
            **{
                **stored,
                "expected": tuple(stored["expected"]),
                "categories": None if categories is None else tuple(categories),
                "edges": tuple(stored.get("edges", ())),
                "shares": tuple(stored.get("shares", ())),
                "says": {str(form): str(text) for form, text in stored.get("says", {}).items()},
            }
        )


def encode(rows: Sequence[Mapping[str, Any]], features: Sequence[FeatureSpec]) -> np.ndarray:
    """Return rows of named values as float64 of shape (rows, features).

    Categories become their index; null, absent and unknown values become ``nan``.
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
    index = {name: float(number) for number, name in enumerate(feature.categories)}
    return np.array([index.get(value, np.nan) for value in values], dtype=float)
