"""One LightGBM model a target: missing values and categories as they come, fixed seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix, specify
from models.dataset.time_split import Fold, Split
from models.inference.calibrators import apply
from models.inference.encoding import FeatureSpec
from models.training.boosting import Boosting, EarlyStopped, Params
from models.training.calibration import calibrate


@dataclass(frozen=True)
class FittedModel:
    """A fitted model: LightGBM's text, the calibration, its inputs, and how it came about.

    ``out_of_fold`` are the rows of the folds, scored by models fitted on earlier dates:
    ``account_id``, ``as_of``, ``fold``, ``raw`` (log-odds) and ``label``.
    """

    target: str
    text: str
    calibration: Mapping[str, Any]
    features: tuple[FeatureSpec, ...]
    trees: int
    split: Split
    out_of_fold: pd.DataFrame

    def raw(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the score of each row before calibration, in log-odds."""
        booster = lgb.Booster(model_str=self.text)
        return np.asarray(booster.predict(matrix(rows, self.features), raw_score=True))

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the calibrated probability of each row."""
        return apply(self.calibration, self.raw(rows))


@dataclass(frozen=True)
class TrainingSet:
    """A target's training rows, ready to be fitted with one set of parameters or another."""

    target: str
    rows: pd.DataFrame
    label: np.ndarray
    features: tuple[FeatureSpec, ...]
    split: Split
    boosting: Boosting

    @classmethod
    def of(cls, table: FeatureTable, target: str, split: Split) -> TrainingSet:
        """Encode the training rows of a target; ``table`` is left as it is."""
        rows = table.at(target, split.train).reset_index(drop=True)
        features = specify(table, rows)
        label = rows[table.labels[target].column].to_numpy(float)
        directions = [int(feature["monotone"].get(target, 0)) for feature in table.features]
        boosting = Boosting(matrix(rows, features), label, features, directions)
        return cls(target, rows[["account_id", "as_of"]], label, features, split, boosting)

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

    def folds(self, params: Params) -> Iterator[tuple[EarlyStopped, pd.DataFrame]]:
        """Yield, oldest fold first, the booster stopped on it and its rows, scored by it.

        A fold without both outcomes on both sides tells nothing and is passed over.
        """
        for number, fold in enumerate(self.split.folds):
            early, valid = self.numbers(fold)
            if all(len(np.unique(self.label[rows])) == 2 for rows in (early, valid)):
                stopped = self.boosting.early_stopped(early, valid, params)
                yield (
                    stopped,
                    self.rows.iloc[valid].assign(
                        fold=number, raw=self.boosting.raw(stopped, valid), label=self.label[valid]
                    ),
                )

    def numbers(self, fold: Fold) -> tuple[np.ndarray, np.ndarray]:
        """Return the row numbers to fit on and to look at."""
        days = self.rows["as_of"]
        early, valid = (days.isin(list(dates)) for dates in (fold.early, fold.valid))
        return np.flatnonzero(early), np.flatnonzero(valid)


def fit(
    table: FeatureTable,
    target: str,
    split: Split,
    params: Params,
) -> FittedModel:
    """Fit one target's model; ``table`` is left as it is.

    The calibration is found on ``split.folds`` and the number of trees on the newest of them, with
    models that have only seen the dates before; the final model is fitted on all of
    ``split.train``. The same table, split and parameters give the same text.
    """
    return fit_final(TrainingSet.of(table, target, split), params, table.labels[target].mature_days)


def fit_final(training: TrainingSet, params: Params, mature_days: int) -> FittedModel:
    """Fit the model with the parameters settled on."""
    folds = list(training.folds(params))
    out_of_fold = pd.concat([rows for _, rows in folds], ignore_index=True)
    trees = folds[-1][0].trees
    return FittedModel(
        training.target,
        training.boosting.fitted(trees, params).model_to_string(),
        calibrate(out_of_fold, mature_days),
        training.features,
        trees,
        training.split,
        out_of_fold,
    )
