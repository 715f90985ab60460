"""What an outcome is worth when it comes: a share of the account's ARR.

A model of the share is kept only where it is clearly nearer than one typical share for all on
later dates: of few outcomes the plain mean is the better teacher.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable
from models.release.card import Amount
from models.statistics.bootstrap import Draws
from models.statistics.interval import Interval
from models.training.boosting import Boosting, EarlyStopped, Params
from models.training.classifier import TrainingSet

FEWEST_OUTCOMES = 200
"""So many outcomes are needed to fit on, and a quarter of them to compare on."""
TYPICAL, MODEL = "typical", "model"


@dataclass(frozen=True)
class Amounts:
    """How the share of an outcome is found.

    ``method`` is what the card holds; ``text`` is LightGBM's, empty where one share is typical.
    """

    method: Amount
    text: str = ""


def fit_amounts(table: FeatureTable, target: str, training: TrainingSet, params: Params) -> Amounts:
    """Fit what an outcome of ``target`` is worth; ``table`` is left as it is.

    The model is LightGBM with Tweedie's deviance on the share, stopped on the newest fold. Shares
    beyond their 95th percentile are taken down to it, and the model's are scaled so that on the
    newest fold they add up to what happened.

    Source: B. Jørgensen, Exponential dispersion models (1987), for amounts that can be zero.
    """
    rows = table.at(target, training.fitting.train).reset_index(drop=True)
    typical = Amount(TYPICAL, typical_share(table, target, rows))
    amount_column = table.labels[target].amount_column
    if amount_column is None:
        return Amounts(typical)
    happened = (training.label == 1) & (rows["arr"] > 0).to_numpy()
    early, valid = (
        numbers[happened[numbers]] for numbers in training.numbers(training.fitting.newest)
    )
    if len(early) < FEWEST_OUTCOMES or len(valid) < FEWEST_OUTCOMES / 4:
        return Amounts(typical)
    outcomes = _Outcomes.of(training, rows, rows[amount_column], early, valid)
    return outcomes.compared(typical, params)


@dataclass(frozen=True)
class _Outcomes:
    """The outcomes of the newest fold and of the dates before it, a row each.

    ``early`` and ``valid`` are row numbers; ``cap`` is the highest share that is learned from.
    """

    account_ids: pd.Series
    arr: np.ndarray
    amount: np.ndarray
    early: np.ndarray
    valid: np.ndarray
    cap: float
    boosting: Boosting

    @classmethod
    def of(
        cls,
        training: TrainingSet,
        rows: pd.DataFrame,
        amounts: pd.Series,
        early: np.ndarray,
        valid: np.ndarray,
    ) -> _Outcomes:
        both = np.sort(np.concatenate([early, valid]))
        arr = rows["arr"].to_numpy(float)[both]
        amount = amounts.fillna(0).to_numpy(float)[both]
        early, valid = np.searchsorted(both, early), np.searchsorted(both, valid)
        share = amount / arr
        cap = float(np.quantile(share[early], TAIL))
        matrix, label = training.boosting.matrix[both], np.minimum(share, cap)
        boosting = Boosting(matrix, label, training.features, objective="tweedie")
        ids = rows["account_id"].iloc[both].reset_index(drop=True)
        return cls(ids, arr, amount, early, valid, cap, boosting)

    def compared(self, typical: Amount, params: Params) -> Amounts:
        """Return the model where it is clearly nearer than the typical share, else that."""
        stopped = self.boosting.early_stopped(self.early, self.valid, params)
        predicted, amount = self._predicted(stopped), self.amount[self.valid]
        factor = float(amount.sum() / predicted.sum()) if predicted.sum() > 0 else 1.0
        nearer = self._nearer(typical.share * self.arr[self.valid], predicted * factor)
        compared = replace(typical, nearer=(nearer.value, nearer.low, nearer.high))
        if not nearer.low > 0:
            return Amounts(compared)
        text = self.boosting.fitted(stopped.trees, params).model_to_string()
        return Amounts(replace(compared, method=MODEL, cap=self.cap, factor=factor), text)

    def _predicted(self, stopped: EarlyStopped) -> np.ndarray:
        """Return the ARR that a stopped model predicts for the outcomes it has not seen."""
        share = np.exp(self.boosting.raw(stopped, self.valid))  # Tweedie's raw score is a log
        arr: np.ndarray = np.minimum(share, self.cap) * self.arr[self.valid]
        return arr

    def _nearer(self, typical: np.ndarray, predicted: np.ndarray) -> Interval:
        """Return by what part of the ARR the model's error is smaller, with its interval."""
        amount = self.amount[self.valid]
        saved = np.abs(typical - amount) - np.abs(predicted - amount)

        def gain(saved: np.ndarray, amount: np.ndarray, weight: np.ndarray) -> np.ndarray:
            share: np.ndarray = (weight @ saved) / np.maximum(weight @ amount, 1e-12)
            return share

        return Draws(self.account_ids.iloc[self.valid], seed=0).interval(gain, saved, amount)


TAIL = 0.95
"""Shares above this quantile are taken down to it: one giant deal is no forecast for all."""


def typical_share(table: FeatureTable, target: str, train: pd.DataFrame) -> float:
    """Return an outcome's ARR as a share of the account's ARR, among training outcomes.

    The mean is weighted by ARR, so that amounts add up: small accounts grow by the larger share,
    and their plain mean would promise a large account too much.
    """
    label = table.labels[target]
    if label.amount_column is None:
        return 0.0
    happened = train[(train[label.column] == 1) & (train["arr"] > 0)]
    if happened.empty:
        return 0.0
    share = (happened[label.amount_column] / happened["arr"]).to_numpy(float)
    usual = np.minimum(share, np.quantile(share, TAIL))
    return float(np.average(usual, weights=happened["arr"]))
