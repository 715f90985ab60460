"""How far the inputs of models have moved from those of their training.

It is computed when metrics are asked for, in their thread: no answer waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.dataset.training_profile import FEWEST, index
from models.inference.encoding import encode_columns
from models.statistics.psi import LARGE

if TYPE_CHECKING:
    from models.inference.encoding import Row
    from serving.inference.scorer import Scorer

MOST_SHOWN = 20
"""So many inputs are shown one by one: each is a time series of its own in the monitoring."""
SAMPLE = 2000


@dataclass(frozen=True)
class Drift:
    """Of so many rows, the index of each of the most important inputs, and how many have moved.

    Without enough rows ``indices`` is empty and ``moved`` ``None``.
    """

    rows: int
    indices: Mapping[str, float]
    moved: int | None


class InputDrift:
    """Remembers what it found, as long as the same is asked."""

    def __init__(self) -> None:
        self._posted: tuple[object, Drift] | None = None
        self._scored: tuple[object, Drift] | None = None

    def of_posted(self, scorer: Scorer, posted: Iterable[tuple[str, Row]]) -> Drift:
        """Return the drift of the newest posted rows that this release has scored."""
        rows = [row for release_id, row in tuple(posted) if release_id == scorer.release_id]
        asked = (scorer.release_id, len(rows), id(rows[0]) if rows else 0)
        if self._posted is None or self._posted[0] != asked:
            columns = {
                name: [row[place] for row in rows] for place, name in enumerate(scorer.inputs)
            }
            self._posted = asked, drift(scorer, columns, len(rows))
        return self._posted[1]

    def of_scored(
        self, scorer: Scorer, scoring: object, sample: Callable[[int], Sequence[Mapping[str, Any]]]
    ) -> Drift:
        """Return the drift of a ``sample`` of the accounts of a ``scoring``, drawn once for it."""
        asked = (scorer.release_id, scoring)
        if self._scored is None or self._scored[0] != asked:
            rows = sample(SAMPLE)
            columns = {name: [row.get(name) for row in rows] for name in scorer.inputs}
            self._scored = asked, drift(scorer, columns, len(rows))
        return self._scored[1]


def drift(scorer: Scorer, columns: Mapping[str, Sequence[Any]], rows: int) -> Drift:
    """Return the drift of columns of values."""
    if rows < FEWEST:
        return Drift(rows, {}, None)
    features = list(scorer.inputs.values())
    matrix = encode_columns(columns, features)
    all_indices = {
        feature.name: index(feature, matrix[:, place]) for place, feature in enumerate(features)
    }
    indices = {
        name: index_value for name, index_value in all_indices.items() if index_value is not None
    }
    shown = [name for name in most_important(scorer) if name in indices][:MOST_SHOWN]
    return Drift(
        rows, {name: indices[name] for name in shown}, sum(o > LARGE for o in indices.values())
    )


def most_important(scorer: Scorer) -> list[str]:
    """Return the inputs by their share of the gain, the mean over models; unused ones are left out.

    Ties keep the order of the inputs.
    """
    gains = dict.fromkeys(scorer.inputs, 0.0)
    for model in scorer.models.values():
        gain = np.asarray(model.booster.feature_importance("gain"), dtype=float)
        for feature, share in zip(model.features, gain / max(gain.sum(), 1e-12), strict=True):
            gains[feature.name] += float(share)
    return sorted((name for name in gains if gains[name] > 0), key=lambda name: -gains[name])
