"""LightGBM as we use it: one matrix, binned once, and boosters fitted on parts of its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import lightgbm as lgb
import numpy as np

from models.inference.encoding import FeatureSpec

FEWEST_TREES = 20


@dataclass(frozen=True)
class Params:
    """How a model is fitted; small trees, since an account's rows repeat each other.

    Rare outcomes are not weighted up: that would order accounts no better and make every
    probability too high. ``rows_in_leaf`` is the least number of rows a leaf holds in a large
    table; in a small one it is a sixtieth of the rows. More would put the few largest accounts,
    which make most of the ARR, into one leaf with others. ``monotone`` heeds the directions that
    features declare; without a declaration it does nothing.
    """

    learning_rate: float = 0.03
    leaves: int = 7
    rows_in_leaf: int = 40
    max_trees: int = 400
    patience: int = 60
    feature_share: float = 0.5
    row_share: float = 0.8
    l2: float = 5.0
    monotone: bool = True
    seed: int = 7
    threads: int = 2

    def lightgbm(self, rows: int, objective: str = "binary") -> dict[str, Any]:
        """Return LightGBM's own parameters for a fit on so many rows."""
        return {
            "objective": objective,
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": int(np.clip(rows // 60, 5, self.rows_in_leaf)),
            "feature_fraction": self.feature_share,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1,
            "lambda_l2": self.l2,
            "max_cat_to_onehot": 64,
            "seed": self.seed,
            "num_threads": self.threads,
            "deterministic": True,
            "force_row_wise": True,
            "feature_pre_filter": False,  # the least rows in a leaf differ from part to part
            "verbose": -1,
        }


@dataclass(frozen=True)
class EarlyStopped:
    """A booster that was stopped on rows it had not seen, and how many trees were best there."""

    booster: lgb.Booster
    trees: int


class Boosting:
    """A matrix of inputs with its outcomes, binned once for all fits on parts of it.

    Parameters
    ----------
    matrix
        Encoded inputs, shape (rows, features).
    label
        Outcomes, 0 or 1, or what else the ``objective`` is about, shape (rows,).
    features
        What the columns are.
    directions
        Per feature +1, -1 or 0: how the probability may move with it; empty is all 0.
    objective
        LightGBM's name of what is predicted, with its own ``settings``.
    """

    def __init__(
        self,
        matrix: np.ndarray,
        label: np.ndarray,
        features: Sequence[FeatureSpec],
        directions: Sequence[int] = (),
        objective: str = "binary",
        settings: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.matrix = matrix
        self.label = label
        self.directions = list(directions)
        self.objective = objective
        self.settings = settings
        self._data = lgb.Dataset(
            matrix,
            label,
            feature_name=[plain_name(feature.name) for feature in features],
            categorical_feature=[n for n, feature in enumerate(features) if feature.categories],
            params={"feature_pre_filter": False, "max_cat_to_onehot": 64, "verbose": -1},
            free_raw_data=False,
        )

    def early_stopped(self, early: np.ndarray, valid: np.ndarray, params: Params) -> EarlyStopped:
        """Fit on the rows ``early`` until the loss on ``valid`` has stopped falling.

        Both are sorted row numbers, shape (n,).
        """
        booster = lgb.train(
            self._settings(params, len(early)),
            self._data.subset(early.tolist()),
            num_boost_round=params.max_trees,
            valid_sets=[self._data.subset(valid.tolist())],
            callbacks=[lgb.early_stopping(params.patience, verbose=False)],
        )
        return EarlyStopped(booster, max(booster.best_iteration, FEWEST_TREES))

    def fitted(self, trees: int, params: Params, rows: np.ndarray | None = None) -> lgb.Booster:
        """Fit so many trees on all rows, or on the sorted row numbers ``rows``."""
        data = self._data if rows is None else self._data.subset(rows.tolist())
        settings = self._settings(params, len(self.label) if rows is None else len(rows))
        return lgb.train(settings, data, num_boost_round=trees)

    def raw(self, stopped: EarlyStopped, rows: np.ndarray) -> np.ndarray:
        """Return the log-odds that a stopped booster gives to rows, shape (rows,)."""
        matrix = self.matrix[rows]
        raw = stopped.booster.predict(matrix, raw_score=True, num_iteration=stopped.trees)
        return np.asarray(raw)

    def _settings(self, params: Params, rows: int) -> dict[str, Any]:
        held = params.monotone and any(self.directions)
        settings = params.lightgbm(rows, self.objective) | dict(self.settings)
        return settings | ({"monotone_constraints": self.directions} if held else {})


def plain_name(name: str) -> str:
    """Return the name by which LightGBM may call an input: it takes no comma, quote or bracket.

    Nothing reads it there: matrices are by place, and the release lists the inputs by their names.
    """
    return name if re.fullmatch("[A-Za-z0-9_]+", name) else quote(name, safe="")
