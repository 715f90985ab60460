"""Why a probability moved between two scorings: the account's data, the model, the calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from models.dataset.matrix import matrix
from models.explanation.reasons import contributions, summed_by_stem
from models.i18n.feature_text import age_of, changed
from models.i18n.messages import Catalogue
from models.i18n.number_format import ENGLISH
from models.inference.calibrators import apply
from models.inference.encoding import FeatureSpec
from models.release.model_files import ModelFiles


@dataclass(frozen=True)
class ScoreChange:
    """What one target's probabilities changed by, and the parts that sum to it, shape (rows,).

    ``data`` is what the earlier model says to the newer data, ``model`` what the newer one says
    to them differently, ``calibration`` what is left.
    """

    before: np.ndarray
    after: np.ndarray
    data: np.ndarray
    model: np.ndarray
    calibration: np.ndarray


@dataclass(frozen=True)
class ChangeReason:
    """One feature that changed, and what the earlier model made of it in log-odds."""

    feature: str
    group: str
    text: str
    contribution: float


def score_change(
    earlier: ModelFiles, newer: ModelFiles, then: pd.DataFrame, now: pd.DataFrame
) -> ScoreChange:
    """Take a change apart, one step at a time: new data, then new model, then new calibration.

    Parameters
    ----------
    earlier, newer
        The models of the two scorings.
    then, now
        The inputs of the same accounts in the same order, as they were scored.
    """
    old, new = _raw(earlier, then), _raw(newer, now)
    with_data, with_model = _raw(earlier, now), new
    steps = [
        apply(earlier.calibration, old),
        apply(earlier.calibration, with_data),
        apply(earlier.calibration, with_model),
        apply(newer.calibration, new),
    ]
    return ScoreChange(steps[0], steps[-1], *(later - sooner for sooner, later in pairwise(steps)))


def change_reasons(
    files: ModelFiles,
    then: pd.DataFrame,
    now: pd.DataFrame,
    currency: str,
    most: int = 3,
    words: Catalogue = ENGLISH,
) -> list[list[ChangeReason]]:
    """Return for each account the changes in its data that moved its score most, weightiest first.

    What the model makes of a feature may change because others did; only features whose value
    changed are returned. Contributions are log-odds before calibration, by the model of ``files``.
    """
    features = tuple(files.features)
    booster = lgb.Booster(model_str=files.text)
    sooner, later = (contributions(booster, matrix(rows, features)) for rows in (then, now))
    weights = summed_by_stem(later - sooner, features)
    before, after = (_values(rows, features) for rows in (then, now))
    return [
        _row_reasons(features, weights[row], before[row], after[row], currency, words)[:most]
        for row in range(len(now))
    ]


def _raw(files: ModelFiles, rows: pd.DataFrame) -> np.ndarray:
    booster = lgb.Booster(model_str=files.text)
    return np.asarray(booster.predict(matrix(rows, tuple(files.features)), raw_score=True))


def _values(rows: pd.DataFrame, features: Sequence[FeatureSpec]) -> list[list[Any]]:
    frame = rows[[feature.name for feature in features]].astype(object)
    values: list[list[Any]] = frame.where(frame.notna(), None).to_numpy().tolist()
    return values


def _row_reasons(
    features: Sequence[FeatureSpec],
    weights: np.ndarray,
    before: Sequence[Any],
    after: Sequence[Any],
    currency: str,
    words: Catalogue,
) -> list[ChangeReason]:
    """Return one reason a feature: of its windows, the first whose value changed."""
    reasons: dict[str, ChangeReason] = {}
    names = (feature.name for feature in features)
    age = age_of(dict(zip(names, after, strict=True)))
    for number in np.argsort(-np.abs(weights), kind="stable"):
        feature, weight = features[number], float(weights[number])
        if feature.stem in reasons or before[number] == after[number] or not weight:
            continue
        text = changed(feature, before[number], after[number], currency, words, age)
        reasons[feature.stem] = ChangeReason(feature.name, feature.group, text, round(weight, 6))
    return list(reasons.values())
