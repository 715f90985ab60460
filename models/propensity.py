"""One LightGBM model a target: missing values and categories as they come, fixed seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from models.calibration import sigmoid
from models.calibrators import apply
from models.dataset import FeatureTable
from models.encoding import FeatureSpec, encode_columns
from models.split import Split

FEWEST_ACCOUNTS = 30
"""A category carried by fewer accounts, or a smaller share of them, tells who the account is."""
SMALLEST_SHARE = 0.1
FEWEST_TREES = 20


@dataclass(frozen=True)
class Params:
    """How a model is fitted; small trees, since an account's rows repeat each other.

    ``monotone`` heeds the directions that features declare; without a declaration it does nothing.
    """

    learning_rate: float = 0.03
    leaves: int = 7
    most_rows_in_leaf: int = 150
    max_trees: int = 400
    patience: int = 60
    feature_share: float = 0.5
    row_share: float = 0.8
    l2: float = 5.0
    monotone: bool = True
    seed: int = 7
    threads: int = 2


@dataclass(frozen=True)
class Fitted:
    """A fitted model: LightGBM's text, the calibration, its inputs, and how it came about."""

    target: str
    text: str
    calibration: Mapping[str, Any]
    features: tuple[FeatureSpec, ...]
    trees: int
    split: Split

    def raw(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the score of each row before calibration, in log-odds."""
        booster = lgb.Booster(model_str=self.text)
        return np.asarray(booster.predict(matrix(rows, self.features), raw_score=True))

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the calibrated probability of each row."""
        return apply(self.calibration, self.raw(rows))


def fit(table: FeatureTable, target: str, split: Split, params: Params) -> Fitted:
    """Fit one target's model; ``table`` is left as it is.

    The number of trees and the calibration are found on ``split.valid`` with a model that has
    only seen ``split.early``; the final model is fitted on all of ``split.train``. The same
    table, split and parameters give the same text.
    """
    train = table.at(target, split.train)
    features = specify(table, train)
    early, valid = table.at(target, split.early), table.at(target, split.valid)
    settings = _lightgbm(params, len(early)) | _directions(table, target, params)
    stopped = _train(_dataset(table, target, early, features), settings, params,
                     _dataset(table, target, valid, features))  # fmt: skip
    trees = max(stopped.best_iteration, FEWEST_TREES)
    raw = np.asarray(stopped.predict(matrix(valid, features), raw_score=True, num_iteration=trees))
    calibration = sigmoid(raw, valid[table.labels[target].column].to_numpy(float))
    settings |= _lightgbm(params, len(train))
    final = _train(_dataset(table, target, train, features), settings, params, trees=trees)
    return Fitted(target, final.model_to_string(), calibration, features, trees, split)


def specify(table: FeatureTable, rows: pd.DataFrame) -> tuple[FeatureSpec, ...]:
    """Return each input with what the model has to know of it: categories and a typical value."""
    return tuple(_specify(feature, rows) for feature in table.features)


def matrix(rows: pd.DataFrame, features: tuple[FeatureSpec, ...]) -> np.ndarray:
    """Return ``rows`` as float64 of shape (rows, features), categories as their index."""
    columns = {one.name: rows[one.name].to_numpy(object if one.categories is not None else float)
               for one in features}  # fmt: skip
    return encode_columns(columns, features)


def _specify(feature: Mapping[str, Any], rows: pd.DataFrame) -> FeatureSpec:
    values = rows[feature["name"]]
    described = {
        "name": feature["name"],
        "group": feature["group"],
        "stem": feature["stem"],
        "unit": feature["unit"],
        "description": feature["description"],
        "window_days": feature["window_days"],
        "by_day": feature["by_day"],
        "expected": tuple(feature["expected"]),
    }
    if feature["unit"] != "category":
        typical = None if values.isna().all() else float(values.median())
        return FeatureSpec(**described, categories=None, typical=typical)
    accounts = rows.groupby(values)["account_id"].nunique()
    fewest = max(FEWEST_ACCOUNTS, SMALLEST_SHARE * rows["account_id"].nunique())
    kept = tuple(sorted(str(name) for name in accounts.index[accounts >= fewest]))
    return FeatureSpec(
        **described, categories=kept, typical=str(accounts.idxmax()) if len(accounts) else None
    )


def _dataset(
    table: FeatureTable, target: str, rows: pd.DataFrame, features: tuple[FeatureSpec, ...]
) -> lgb.Dataset:
    label = rows[table.labels[target].column].to_numpy(float)
    categories = [number for number, one in enumerate(features) if one.categories]
    names = [one.name for one in features]
    return lgb.Dataset(
        matrix(rows, features), label, feature_name=names, categorical_feature=categories,
        free_raw_data=False,
    )  # fmt: skip


def _train(
    data: lgb.Dataset,
    settings: Mapping[str, Any],
    params: Params,
    valid: lgb.Dataset | None = None,
    trees: int | None = None,
) -> lgb.Booster:
    stop: list[Callable[..., Any]] = (
        [lgb.early_stopping(params.patience, verbose=False)] if valid else []
    )
    return lgb.train(
        dict(settings),
        data,
        num_boost_round=trees or params.max_trees,
        valid_sets=[valid] if valid else None,
        callbacks=stop,
    )


def _directions(table: FeatureTable, target: str, params: Params) -> dict[str, Any]:
    """Return LightGBM's constraints where the declarations hold some for this target."""
    signs = [int(feature["monotone"].get(target, 0)) for feature in table.features]
    return {"monotone_constraints": signs} if params.monotone and any(signs) else {}


def _lightgbm(params: Params, rows: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "learning_rate": params.learning_rate,
        "num_leaves": params.leaves,
        "min_data_in_leaf": int(np.clip(rows // 60, 5, params.most_rows_in_leaf)),
        "feature_fraction": params.feature_share,
        "bagging_fraction": params.row_share,
        "bagging_freq": 1,
        "lambda_l2": params.l2,
        "max_cat_to_onehot": 64,
        "seed": params.seed,
        "num_threads": params.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }
