"""One LightGBM model a target: missing values and categories as they come, fixed seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix, specify
from models.dataset.time_split import Fitting, Fold
from models.inference.calibrators import logistic
from models.inference.encoding import FeatureSpec
from models.training.boosting import Boosting, EarlyStopped, Params

UNCALIBRATED = MappingProxyType({"method": "none"})
"""The model's own probability: curves fitted on scores of earlier models made later ones worse."""


@dataclass(frozen=True)
class FittedModel:
    """A fitted model: LightGBM's text, its inputs, and the dates it came about from."""

    target: str
    text: str
    features: tuple[FeatureSpec, ...]
    trees: int
    fitting: Fitting
    calibration: Mapping[str, Any] = field(default_factory=lambda: dict(UNCALIBRATED))

    def raw(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the score of each row, in log-odds."""
        booster = lgb.Booster(model_str=self.text)
        return np.asarray(booster.predict(matrix(rows, self.features), raw_score=True))

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the probability of each row."""
        return logistic(self.raw(rows))


@dataclass(frozen=True)
class TrainingSet:
    """A target's training rows, ready to be fitted with one set of parameters or another."""

    target: str
    rows: pd.DataFrame
    label: np.ndarray
    features: tuple[FeatureSpec, ...]
    fitting: Fitting
    boosting: Boosting

    @classmethod
    def of(cls, table: FeatureTable, target: str, fitting: Fitting) -> TrainingSet:
        """Encode the training rows of a target; ``table`` is left as it is."""
        rows = table.at(target, fitting.train).reset_index(drop=True)
        features = specify(table, rows)
        label = rows[table.labels[target].column].to_numpy(float)
        directions = [int(feature["monotone"].get(target, 0)) for feature in table.features]
        boosting = Boosting(matrix(rows, features), label, features, directions)
        return cls(target, rows[["account_id", "as_of"]], label, features, fitting, boosting)

    def sampled(self, most: int, seed: int) -> TrainingSet:
        """Return all rows of as many accounts as keep below ``most`` rows, drawn at random."""
        if len(self.rows) <= most:
            return self
        names = np.sort(self.rows["account_id"].unique().astype(str))
        drawn = np.random.default_rng(seed).permutation(names)
        sample = set(drawn[: max(1, len(names) * most // len(self.rows))])
        numbers = np.flatnonzero(self.rows["account_id"].isin(sample))
        matrix, label = self.boosting.matrix[numbers], self.label[numbers]
        boosting = Boosting(matrix, label, self.features, self.boosting.directions)
        rows = self.rows.iloc[numbers].reset_index(drop=True)
        return replace(self, rows=rows, label=label, boosting=boosting)

    def folds(self, params: Params) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield, oldest fold first, the log-odds by a booster stopped on it, and the outcomes.

        A fold without both outcomes on both sides tells nothing and is passed over.
        """
        for fold in self.fitting.folds:
            early, valid = self.numbers(fold)
            if self._tells(early, valid):
                stopped = self.boosting.early_stopped(early, valid, params)
                yield self.boosting.raw(stopped, valid), self.label[valid]

    def fit(self, params: Params) -> FittedModel:
        """Find the number of trees on the newest fold that tells, and fit on all rows."""
        trees = self._stopped(params).trees
        text = self.boosting.fitted(trees, params).model_to_string()
        return FittedModel(self.target, text, self.features, trees, self.fitting)

    def numbers(self, fold: Fold) -> tuple[np.ndarray, np.ndarray]:
        """Return the row numbers to fit on and to look at."""
        days = self.rows["as_of"]
        early, valid = (days.isin(list(dates)) for dates in (fold.early, fold.valid))
        return np.flatnonzero(early), np.flatnonzero(valid)

    def _stopped(self, params: Params) -> EarlyStopped:
        for fold in reversed(self.fitting.folds):
            early, valid = self.numbers(fold)
            if self._tells(early, valid):
                return self.boosting.early_stopped(early, valid, params)
        raise ValueError(f"{self.target}: no fold holds both outcomes before and after")

    def _tells(self, early: np.ndarray, valid: np.ndarray) -> bool:
        return all(len(np.unique(self.label[rows])) == 2 for rows in (early, valid))


def fit(table: FeatureTable, target: str, fitting: Fitting, params: Params) -> FittedModel:
    """Fit one target's model; ``table`` is left as it is.

    The number of trees is found with a model that has only seen the dates before the newest fold;
    the model is then fitted on all of ``fitting.train``. The same table, dates and parameters give
    the same text.
    """
    return TrainingSet.of(table, target, fitting).fit(params)
