"""What an outcome is worth when it comes: a share of the account's ARR.

Large accounts grow by a smaller share than small ones, so the share follows the account's ARR: a
line in logarithms, shrunk to one share for all where few outcomes tell its slope. A model of the
share is used only where it is clearly nearer than the line. What is chosen is chosen on accounts
that no candidate was fitted on, and judged on later dates, which chose nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import lightgbm as lgb
import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable
from models.inference.encoding import FeatureSpec
from models.inference.expected_arr import LOSS
from models.release.card import Amount, SizeTrend
from models.release.golden_rows import shares_by, size_factors
from models.statistics import metrics
from models.statistics.bootstrap import Draws
from models.training.boosting import Boosting, Params
from models.training.classifier import TrainingSet

FEWEST_OUTCOMES = 200
"""So many outcomes are needed to fit a model of the share on."""
FEWEST_TO_JUDGE = 30
"""So many are needed on later dates, and before, to say how near amounts come."""
TYPICAL, MODEL = "typical", "model"
TAIL = 0.95
"""Shares above this quantile are taken down to it: one giant deal is no forecast for all."""
FOLDS = 5
"""Accounts are divided so often, to predict each by what has not seen it."""
SHRINKAGE = 2.0
"""How strongly the trend is held level: as by outcomes that together are worth twice the ARR."""
THIRDS = ("small", "middle", "large")
FLATTEST = 1e-6
MOST_STEPS, CONVERGED = 50, 1e-10


@dataclass(frozen=True)
class Amounts:
    """How the share of an outcome is found.

    ``method`` is what the card holds; ``text`` is LightGBM's, empty without a model of the share.
    """

    method: Amount
    text: str = ""

    def shares(self, matrix: np.ndarray, features: Sequence[FeatureSpec]) -> np.ndarray:
        """Return the share of its ARR an outcome is worth to each row of a matrix, (rows,)."""
        booster = lgb.Booster(model_str=self.text) if self.text else None
        return shares_by(self.method, booster, matrix, features)


def fit_amounts(table: FeatureTable, target: str, training: TrainingSet, params: Params) -> Amounts:
    """Fit what an outcome of ``target`` is worth; ``table`` is left as it is.

    Shares beyond their 95th percentile are taken down to it. The model of the share is LightGBM
    with Tweedie's deviance. Whether it is used is decided on the dates before the newest fold, and
    that fold judges what was chosen; then it is fitted on all training rows.

    Source: B. Jørgensen, Exponential dispersion models (1987), for amounts that can be zero.
    """
    rows = table.at(target, training.fitting.train).reset_index(drop=True)
    label = table.labels[target]
    typical = typical_share(table, target, rows)
    if label.amount_column is None:
        return Amounts(Amount(TYPICAL, typical))
    happened = (training.label == 1) & (rows["arr"] > 0).to_numpy()
    if rows["account_id"][happened].nunique() < FOLDS:
        return Amounts(Amount(TYPICAL, typical))
    outcomes = _Outcomes(
        account_ids=rows["account_id"].astype(str),
        arr=rows["arr"].to_numpy(float),
        amount=rows[label.amount_column].fillna(0).to_numpy(float),
        training=training,
        params=params,
        is_loss=label.direction == LOSS,
    )
    early, later = (
        numbers[happened[numbers]] for numbers in training.numbers(training.fitting.newest)
    )
    crossed = outcomes.crossed(early) if len(early) >= FEWEST_OUTCOMES else None
    if crossed and not outcomes.prefers(crossed, early):
        crossed = None
    every = np.flatnonzero(happened)
    amounts = outcomes.fitted(every, typical, outcomes.crossed(every) if crossed else None)
    if min(len(early), len(later)) < FEWEST_TO_JUDGE:
        return amounts
    before = outcomes.fitted(early, typical_share(table, target, rows.iloc[early]), crossed)
    return replace(amounts, method=outcomes.judged(amounts.method, before, later))


@dataclass(frozen=True)
class _Crossed:
    """The shares by models that saw none of an account's rows, (rows,), and their usual trees."""

    shares: np.ndarray
    trees: int


@dataclass(frozen=True)
class _Outcomes:
    """Training rows with what their outcomes were worth; methods take numbers of such rows.

    ``is_loss``: no more than all of the ARR is lost.
    """

    account_ids: pd.Series
    arr: np.ndarray
    amount: np.ndarray
    training: TrainingSet
    params: Params
    is_loss: bool

    def fitted(self, numbers: np.ndarray, typical: float, crossed: _Crossed | None) -> Amounts:
        """Return the shares fitted on ``numbers``: a model's where it is crossed, or the typical.

        Either by size.
        """
        base, text = np.full(len(numbers), typical), ""
        if crossed is not None:
            base = crossed.shares
            text = self._boosting(numbers).fitted(crossed.trees, self.params).model_to_string()
        expected = self.arr[numbers] * self._crossed_by_size(numbers, base)
        missed = self.amount[numbers] - expected
        amount = Amount(
            MODEL if text else TYPICAL,
            typical,
            cap=self._cap(numbers),
            size=self._trend(numbers, base),
            spread=float(np.sqrt(np.mean(missed**2) / np.mean(expected**2))),
        )
        return Amounts(amount, text)

    def crossed(self, numbers: np.ndarray) -> _Crossed:
        """Return each row's share by a model that is fitted and stopped on other accounts."""
        boosting, fold = self._boosting(numbers), self._folds(numbers)
        shares, trees = np.empty(len(numbers)), []
        for number in range(FOLDS):
            stops = fold == (number + 1) % FOLDS
            early = np.flatnonzero(~stops & (fold != number))
            stopped = boosting.early_stopped(early, np.flatnonzero(stops), self.params)
            rows = np.flatnonzero(fold == number)
            shares[rows] = np.exp(boosting.raw(stopped, rows))  # Tweedie's raw score is a log
            trees.append(stopped.trees)
        return _Crossed(shares, int(np.median(trees)))

    def prefers(self, crossed: _Crossed, numbers: np.ndarray) -> bool:
        """Say whether a model of the share is clearly nearer than the line, on accounts not seen.

        Nearer by Poisson's deviance in ARR: the mean makes it least, and the median does not.
        """
        plain = np.full(len(numbers), float(self._shares(numbers).mean()))
        line, model = (
            self.arr[numbers] * self._crossed_by_size(numbers, base)
            for base in (plain, crossed.shares)
        )
        missed = _deviance(self.amount[numbers], line)
        saved = missed - _deviance(self.amount[numbers], model)
        draws = Draws(self.account_ids.iloc[numbers], seed=0)
        return draws.interval(metrics.ratio, saved, missed).low > 0

    def judged(self, amount: Amount, before: Amounts, later: np.ndarray) -> Amount:
        """Return ``amount`` with how near ``before``, its like, came on later rows."""
        arr, actual = self.arr[later], self.amount[later]
        matrix = self.training.boosting.matrix[later]
        expected = arr * before.shares(matrix, self.training.features)
        saved = np.abs(before.method.share * arr - actual) - np.abs(expected - actual)
        draws = Draws(self.account_ids.iloc[later], seed=0)

        def figure(top: np.ndarray, bottom: np.ndarray) -> tuple[float, float, float]:
            interval = draws.interval(metrics.ratio, top, bottom)
            return interval.value, interval.low, interval.high

        third = np.digitize(arr, np.quantile(arr, [1 / 3, 2 / 3]))
        members = {"all": np.ones(len(arr)), **{n: third == i for i, n in enumerate(THIRDS)}}
        calibration = {
            name: figure(expected * member, actual * member)
            for name, member in members.items()
            if (actual * member).any()
        }
        return replace(amount, nearer=figure(saved, actual), calibration=calibration)

    def _shares(self, numbers: np.ndarray) -> np.ndarray:
        """Return the shares of the ARR that outcomes were worth, the tail taken down."""
        share = self.amount[numbers] / self.arr[numbers]
        shares: np.ndarray = np.minimum(share, self._cap(numbers))
        return shares

    def _cap(self, numbers: np.ndarray) -> float:
        highest = float(np.quantile(self.amount[numbers] / self.arr[numbers], TAIL))
        return min(highest, 1.0) if self.is_loss else highest

    def _boosting(self, numbers: np.ndarray) -> Boosting:
        """Return the boosting of the shares of ``numbers``, whose rows it counts from 0."""
        matrix, features = self.training.boosting.matrix[numbers], self.training.features
        return Boosting(matrix, self._shares(numbers), features, objective="tweedie")

    def _crossed_by_size(self, numbers: np.ndarray, base: np.ndarray) -> np.ndarray:
        """Return ``base`` by trends that saw none of an account's rows."""
        fold, shares = self._folds(numbers), np.empty(len(numbers))
        for number in range(FOLDS):
            rest, rows = fold != number, fold == number
            trend = self._trend(numbers[rest], base[rest])
            shares[rows] = base[rows] * size_factors(trend, self.arr[numbers[rows]])
        return shares

    def _folds(self, numbers: np.ndarray) -> np.ndarray:
        """Return the fold of each row's account, drawn by lot."""
        codes = pd.factorize(self.account_ids.iloc[numbers], sort=True)[0]
        drawn = np.random.default_rng(self.params.seed).permutation(codes.max() + 1)
        folds: np.ndarray = drawn[codes] % FOLDS
        return folds

    def _trend(self, numbers: np.ndarray, base: np.ndarray) -> SizeTrend:
        """Return the trend that takes ``base``, shares of ``numbers``, to the actual ones.

        Poisson's quasi-likelihood with a log link, ``log share = log base + a + b * log ARR``, so
        that shares add up; ``b`` by ridge.
        """
        log = np.log(self.arr[numbers])
        pivot, spread = float(log.mean()), max(float(log.std()), FLATTEST)
        inputs = np.column_stack([np.ones(len(log)), (log - pivot) / spread])
        share, ridge, line = self._shares(numbers), np.diag([0.0, SHRINKAGE]), np.zeros(2)
        for _ in range(MOST_STEPS):
            mean = base * np.exp(inputs @ line)
            gradient = inputs.T @ (share - mean) - ridge @ line
            step = np.linalg.solve((inputs * mean[:, None]).T @ inputs + ridge, gradient)
            line = line + np.clip(step, -1.0, 1.0)
            if np.abs(step).max() < CONVERGED:
                break
        return SizeTrend(
            factor=float(np.exp(line[0])),
            pivot=float(np.exp(pivot)),
            slope=float(line[1]) / spread,
            smallest=float(self.arr[numbers].min()),
            largest=float(self.arr[numbers].max()),
        )


def _deviance(actual: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return Poisson's deviance of each amount, shape (rows,)."""
    log = np.zeros(len(actual))
    np.log(np.divide(actual, expected), out=log, where=actual > 0)
    deviance: np.ndarray = 2 * (actual * log - actual + expected)
    return deviance


def typical_share(table: FeatureTable, target: str, train: pd.DataFrame) -> float:
    """Return an outcome's ARR as a share of the account's ARR, among training outcomes.

    The mean is weighted by ARR: what one share for all would have to be for amounts to add up.
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
