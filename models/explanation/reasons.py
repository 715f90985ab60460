"""Why a score is what it is: TreeSHAP, summed by feature, as sentences.

Contributions are log-odds before calibration (Lundberg et al., Consistent individualized feature
attribution for tree ensembles, 2018); with the model's bias they add up to the raw score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from models.i18n.feature_text import AGE, age_of, sentence, typical
from models.i18n.messages import Catalogue
from models.i18n.number_format import ENGLISH
from models.inference.encoding import FeatureSpec
from models.inference.reasons import GroupContribution, Reason, Reasons

MOST_CELLS = 2_000_000


def contributions(booster: lgb.Booster, matrix: np.ndarray) -> np.ndarray:
    """Return each input's contribution to each row in log-odds, shape (rows, features)."""
    step = max(1, MOST_CELLS // max(1, matrix.shape[1]))
    parts = [
        np.asarray(booster.predict(matrix[start : start + step], pred_contrib=True))[:, :-1]
        for start in range(0, len(matrix), step)
    ]
    return np.concatenate(parts) if parts else np.zeros(matrix.shape)


def reasons(
    shares: np.ndarray,
    values: Sequence[Sequence[Any]],
    features: Sequence[FeatureSpec],
    currency: str,
    *,
    segments: Sequence[str | None] = (),
    up: int = 3,
    down: int = 2,
    words: Catalogue = ENGLISH,
) -> list[Reasons]:
    """Return for each row what raises its score most (``up``) and what lowers it most (``down``).

    ``groups`` holds what each family of features adds up to, in log-odds before calibration.

    Parameters
    ----------
    shares
        Contributions, shape (rows, features).
    values
        The row's own values in the order of ``features``; ``None`` is unknown.
    features
        The inputs; windows of one feature count as one.
    currency
        What amounts are in.
    segments
        Each row's segment, to compare it with accounts alike; empty compares with all.
    up, down
        How many reasons of each kind at the most.
    words
        The language they are in.
    """
    member = _members(features)
    by_stem = shares @ member
    order = np.argsort(by_stem, axis=1, kind="stable")
    windows = [np.flatnonzero(column) for column in member.T]
    explained = _Explained(shares, by_stem, values, features, windows, currency, segments, words)
    groups = by_group(shares, features)
    return [
        Reasons(
            up=explained.row(row, order[row, ::-1][:up], sign=1),
            down=explained.row(row, order[row, :down], sign=-1),
            groups=_group_contributions(groups, row),
        )
        for row in range(len(shares))
    ]


def summed_by_stem(shares: np.ndarray, features: Sequence[FeatureSpec]) -> np.ndarray:
    """Return, for every input, what all windows of its feature add up to, shape as ``shares``."""
    member = _members(features)
    summed: np.ndarray = shares @ member @ member.T
    return summed


def _members(features: Sequence[FeatureSpec]) -> np.ndarray:
    """Return which inputs are windows of one feature, shape (inputs, features)."""
    stems = {stem: number for number, stem in enumerate(dict.fromkeys(f.stem for f in features))}
    member = np.zeros((len(features), len(stems)))
    member[np.arange(len(features)), [stems[f.stem] for f in features]] = 1
    return member


def _group_contributions(
    groups: Mapping[str, np.ndarray], row: int
) -> tuple[GroupContribution, ...]:
    """Return a row's contributions by family of features, the weightiest first."""
    contributions = (
        GroupContribution(name, round(float(column[row]), 6)) for name, column in groups.items()
    )
    return tuple(sorted(contributions, key=lambda group: -abs(group.contribution)))


def by_group(shares: np.ndarray, features: Sequence[FeatureSpec]) -> dict[str, np.ndarray]:
    """Return the contributions of each family of features added up, each of shape (rows,)."""
    families = dict.fromkeys(feature.group for feature in features)
    return {
        name: shares[:, [feature.group == name for feature in features]].sum(axis=1)
        for name in families
    }


@dataclass(frozen=True)
class _Explained:
    """Rows with their contributions; ``windows`` are the columns of each feature."""

    shares: np.ndarray
    by_stem: np.ndarray
    values: Sequence[Sequence[Any]]
    features: Sequence[FeatureSpec]
    windows: list[np.ndarray]
    currency: str
    segments: Sequence[str | None]
    words: Catalogue

    def row(self, row: int, stems: np.ndarray, *, sign: int) -> tuple[Reason, ...]:
        """Return the reasons of one row that move its score in the direction of ``sign``."""
        moving = [int(stem) for stem in stems if sign * self.by_stem[row, stem] > 0]
        return tuple(self._reason(row, stem, sign) for stem in moving)

    def _reason(self, row: int, stem: int, sign: int) -> Reason:
        windows = self.windows[stem]
        column = int(windows[np.argmax(sign * self.shares[row, windows])])
        feature, value = self.features[column], self.values[row][column]
        segment = self.segments[row] if self.segments else None
        return Reason(
            feature=feature.name,
            group=feature.group,
            text=sentence(feature, value, self.currency, segment, self.words, self._age(row)),
            value=value,
            typical=typical(feature, segment),
            contribution=round(float(self.by_stem[row, stem]), 6),
        )

    def _age(self, row: int) -> float | None:
        """Return for how many days the row's account has been a customer, where a model asks it."""
        names = [feature.name for feature in self.features]
        return age_of({AGE: self.values[row][names.index(AGE)]}) if AGE in names else None
