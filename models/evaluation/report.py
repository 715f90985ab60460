"""All figures of a fitted model: on later dates, over time, on accounts it never saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from features.labels.declaration import Rule
from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.evaluation.lift import reached
from models.evaluation.skill import Evaluation, evaluate
from models.evaluation.slices import slices
from models.explanation.importance import importance
from models.release.card import HeldOutAccounts, Importance, Reach, Slice, WalkForwardFold
from models.statistics import metrics
from models.statistics.bootstrap import Draws
from models.statistics.interval import Interval
from models.training import baselines
from models.training.boosting import Params
from models.training.classifier import FittedModel, TrainingSet

HELD_OUT = 5
"""One account in so many is held out of a second fit."""


@dataclass(frozen=True)
class Review:
    """The figures on the test dates, and those beside them; ``walk`` is oldest first."""

    evaluation: Evaluation
    reached: tuple[Reach, ...]
    slices: tuple[Slice, ...]
    walk: tuple[WalkForwardFold, ...]
    held_out: HeldOutAccounts
    importance: Importance


def review(
    table: FeatureTable,
    training: TrainingSet,
    fitted: FittedModel,
    params: Params,
    *,
    min_positives: int,
    capacity: int | None = None,
    rule: Rule | None = None,
) -> Review:
    """Judge a model on dates later than all that it was fitted, stopped and calibrated on.

    Parameters
    ----------
    table, training, fitted, params
        What the model was made of.
    min_positives
        Fewer outcomes than this are too few for a verdict of skill.
    capacity
        Accounts that the whole team can contact on a date, where that is known.
    rule
        The practitioner's rule of the label, if it has one.
    """
    target, label = fitted.target, table.labels[fitted.target]
    test = table.at(target, fitted.split.test)
    outcome, probability = test[label.column].to_numpy(float), fitted.probabilities(test)
    money = {}
    if label.amount_column is not None:
        amount = test[label.amount_column].fillna(0).to_numpy(float)
        money = {"amount": amount, "worth": probability * np.nan_to_num(test["arr"])}
    train = table.at(target, fitted.split.train)
    rivals = baselines.rivals(table, target, train, params.seed, rule)
    return Review(
        evaluation=evaluate(
            test, outcome, probability, rivals, min_positives=min_positives, seed=params.seed
        ),
        reached=reached(test, outcome, probability, seed=params.seed, capacity=capacity, **money),
        slices=slices(test, outcome, probability, params.seed, table.todays),
        walk=tuple(_walk_forward(fitted, test, outcome, params.seed)),
        held_out=_held_out(training, fitted, params, test, outcome),
        importance=importance(fitted, test, params.seed),
    )


def _walk_forward(
    fitted: FittedModel, test: pd.DataFrame, outcome: np.ndarray, seed: int
) -> Iterator[WalkForwardFold]:
    """Yield the folds and the test; each was scored by a model fitted on dates before it."""
    newest = test[["account_id", "as_of"]].assign(raw=fitted.raw(test), label=outcome)
    for rows in [*(rows for _, rows in fitted.out_of_fold.groupby("fold")), newest]:
        label = rows["label"].to_numpy(float)
        auc = Draws(rows["account_id"], seed).interval(metrics.auc, rows["raw"].to_numpy(), label)
        days = rows["as_of"]
        yield WalkForwardFold(days.min(), days.max(), len(rows), int(label.sum()), auc)


def _held_out(
    training: TrainingSet,
    fitted: FittedModel,
    params: Params,
    test: pd.DataFrame,
    outcome: np.ndarray,
) -> HeldOutAccounts:
    """Fit again without some accounts, and see whether they are ordered as well as the others.

    The same trees and dates; only whether an account's past was in the training differs.
    """
    held_out = _held_out_rows(training.rows["account_id"])
    booster = training.boosting.fitted(fitted.trees, params, np.flatnonzero(~held_out))
    raw = np.asarray(booster.predict(matrix(test, fitted.features), raw_score=True))
    fitted_accounts = set(training.rows["account_id"][~held_out])
    fitted_on = test["account_id"].isin(fitted_accounts).to_numpy()

    def area(rows: np.ndarray) -> Interval:
        return _auc(test[rows], raw[rows], outcome[rows], params.seed)

    return HeldOutAccounts(
        fitted_on=area(fitted_on),
        held_out=area(~fitted_on),
        accounts=test["account_id"][~fitted_on].nunique(),
    )


def _auc(rows: pd.DataFrame, raw: np.ndarray, outcome: np.ndarray, seed: int) -> Interval:
    if rows.empty:
        return Interval(np.nan, np.nan, np.nan)
    return Draws(rows["account_id"], seed).interval(metrics.auc, raw, outcome)


def _held_out_rows(account_ids: pd.Series) -> np.ndarray:
    """Say which rows' accounts are held out: by their id alone, so always the same ones."""
    held_out = {
        account_id: int(sha256(str(account_id).encode()).hexdigest(), 16) % HELD_OUT == 0
        for account_id in account_ids.unique()
    }
    rows: np.ndarray = account_ids.map(held_out).to_numpy(bool)
    return rows
