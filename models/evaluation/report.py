"""All that is said about a fitted model: on later dates, over time, on accounts never seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.evaluation.lift import Reach, reached
from models.evaluation.skill import Evaluation, evaluate
from models.evaluation.slices import Slice, slices
from models.explanation.importance import Importance, importance
from models.statistics import metrics
from models.statistics.bootstrap import Draws, Interval
from models.training import baselines
from models.training.boosting import Params
from models.training.classifier import Fitted, TrainingSet

HELD_OUT = 5
"""One account in so many is held out of a second fit."""


@dataclass(frozen=True)
class Stretch:
    """How well the accounts were ordered on some dates by a model fitted before them."""

    first: str
    last: str
    rows: int
    positives: int
    auc: Interval


@dataclass(frozen=True)
class HeldOut:
    """One model's AUC on the test dates: accounts that it was fitted on, and others."""

    fitted_on: Interval
    held_out: Interval
    accounts: int


@dataclass(frozen=True)
class Review:
    """The figures on the test dates, and those beside them; ``walk`` is oldest first."""

    evaluation: Evaluation
    reached: list[Reach]
    slices: list[Slice]
    walk: list[Stretch]
    held_out: HeldOut
    importance: Importance


def review(
    table: FeatureTable,
    training: TrainingSet,
    fitted: Fitted,
    params: Params,
    *,
    min_positives: int,
    capacity: int | None = None,
) -> Review:
    """Judge a model on dates later than all that it was fitted, stopped and calibrated on.

    Parameters
    ----------
    table, training, fitted, params
        What the model was made of.
    min_positives
        Fewer outcomes than this are too few for a verdict of skill.
    capacity
        Accounts that the whole team can call on at a date, where that is known.
    """
    target, label = fitted.target, table.labels[fitted.target]
    test = table.at(target, fitted.split.test)
    outcome, probability = test[label.column].to_numpy(float), fitted.probabilities(test)
    money = {}
    if label.amount_column is not None:
        amount = test[label.amount_column].fillna(0).to_numpy(float)
        money = {"amount": amount, "worth": probability * np.nan_to_num(test["arr"])}
    train = table.at(target, fitted.split.train)
    rivals = baselines.rivals(table, target, train, params.seed)
    return Review(
        evaluation=evaluate(
            test, outcome, probability, rivals, min_positives=min_positives, seed=params.seed
        ),
        reached=reached(test, outcome, probability, seed=params.seed, capacity=capacity, **money),
        slices=slices(test, outcome, probability, params.seed),
        walk=list(_walk(fitted, test, outcome, params.seed)),
        held_out=_held_out(training, fitted, params, test, outcome),
        importance=importance(fitted, test, params.seed),
    )


def _walk(fitted: Fitted, test: pd.DataFrame, outcome: np.ndarray, seed: int) -> Iterator[Stretch]:
    """Yield the folds and the test; each was scored by a model fitted on dates before it."""
    newest = test[["account_id", "as_of"]].assign(raw=fitted.raw(test), label=outcome)
    for rows in [*(rows for _, rows in fitted.seen.groupby("fold")), newest]:
        label = rows["label"].to_numpy(float)
        auc = Draws(rows["account_id"], seed).interval(metrics.auc, rows["raw"].to_numpy(), label)
        days = rows["as_of"]
        yield Stretch(str(days.min()), str(days.max()), len(rows), int(label.sum()), auc)


def _held_out(
    training: TrainingSet, fitted: Fitted, params: Params, test: pd.DataFrame, outcome: np.ndarray
) -> HeldOut:
    """Fit again without some accounts, and see whether they are ordered as well as the others.

    The same trees and dates; only whether an account's past was in the training differs.
    """
    away = _chosen(training.rows["account_id"])
    booster = training.boosting.grown(fitted.trees, params, np.flatnonzero(~away))
    raw = np.asarray(booster.predict(matrix(test, fitted.features), raw_score=True))
    known = set(training.rows["account_id"][~away])
    seen = test["account_id"].isin(known).to_numpy()
    one, two = (_auc(test[part], raw[part], outcome[part], params.seed) for part in (seen, ~seen))
    return HeldOut(fitted_on=one, held_out=two, accounts=test["account_id"][~seen].nunique())


def _auc(rows: pd.DataFrame, raw: np.ndarray, outcome: np.ndarray, seed: int) -> Interval:
    if rows.empty:
        return Interval(np.nan, np.nan, np.nan)
    return Draws(rows["account_id"], seed).interval(metrics.auc, raw, outcome)


def _chosen(account_ids: pd.Series) -> np.ndarray:
    """Say which rows' accounts are held out: by their name alone, so always the same ones."""
    held = {
        one: int(sha256(str(one).encode()).hexdigest(), 16) % HELD_OUT == 0
        for one in account_ids.unique()
    }
    chosen: np.ndarray = account_ids.map(held).to_numpy(bool)
    return chosen
