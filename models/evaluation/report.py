"""All figures of a recipe: on later dates, over time, on accounts it never saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from features.labels.declaration import Rule
from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.dataset.time_split import Split
from models.evaluation.levels import levels
from models.evaluation.lift import reached, simple_orders
from models.evaluation.rolling_origin import OutOfTime, Trial, trials
from models.evaluation.skill import Evaluation, RivalScore, evaluate
from models.evaluation.slices import slices
from models.explanation.importance import importance
from models.release.card import HeldOutAccounts, Importance, Level, Reach, Slice, WalkForwardFold
from models.statistics import metrics
from models.statistics.bootstrap import Draws
from models.statistics.interval import Interval
from models.training import baselines
from models.training.boosting import Params
from models.training.classifier import FittedModel

HELD_OUT = 5
"""One account in so many is held out of a second fit."""


@dataclass(frozen=True)
class Review:
    """The figures on the judged dates, and those beside them; ``walk`` is oldest first.

    ``judged`` are the rows that they were measured on.
    """

    judged: OutOfTime
    evaluation: Evaluation
    reached: tuple[Reach, ...]
    slices: tuple[Slice, ...]
    levels: tuple[Level, ...]
    walk: tuple[WalkForwardFold, ...]
    held_out: HeldOutAccounts
    importance: Importance


def review(
    table: FeatureTable,
    fitted: FittedModel,
    split: Split,
    params: Params,
    *,
    capacity: int | None = None,
    rule: Rule | None = None,
) -> Review:
    """Judge the recipe of a model at each origin, on dates later than all that it rests on there.

    Parameters
    ----------
    table, split, params
        What the recipe is made of.
    fitted
        The version itself, fitted on all mature rows; only what it goes by is taken from it.
    capacity
        Accounts that the whole team can contact on a date, where that is known.
    rule
        The practitioner's rule of the label, if it has one.
    """
    target, label, seed = fitted.target, table.labels[fitted.target], params.seed
    # One column for all origins: scores in different units could not be put in one order. It is
    # chosen with hindsight, which favours the rival.
    newest = table.at(target, split.origins[-1].fitting.train)
    column = baselines.best_column(table, newest, newest[label.column].to_numpy(float))
    tried, rivals, without = [], [], []
    for trial in trials(table, target, split, params):
        tried.append(trial)
        rivals.append(_rivals(table, trial, seed, column, rule))
        without.append(_without_some_accounts(trial, params))
    judged = OutOfTime.of(tried)
    scores = _joined(rivals)
    money: dict[str, Any] = {}
    if label.amount_column is not None:
        amount = judged.rows[label.amount_column].fillna(0).to_numpy(float)
        arr = _arr(judged.rows)
        orders = simple_orders(arr, scores["rule"].score if "rule" in scores else None)
        money = {"amount": amount, "worth": judged.probability * arr, "rivals": orders}
    of = (judged.rows, judged.label, judged.probability)
    held_out = _held_out(judged, np.concatenate(without), seed)
    return Review(
        judged=judged,
        evaluation=evaluate(
            *of,
            scores,
            horizon_days=int(table.meta["horizon_days"]),
            seed=seed,
            held_out=held_out,
        ),
        reached=reached(*of, seed=seed, capacity=capacity, **money),
        slices=slices(*of, seed, table.todays),
        levels=levels(*of, seed),
        walk=tuple(_walk_forward(judged, seed)),
        held_out=held_out,
        importance=importance(fitted, table.newest(), seed),
    )


def _arr(rows: pd.DataFrame) -> np.ndarray:
    arr: np.ndarray = np.nan_to_num(rows["arr"].to_numpy(float))
    return arr


def _rivals(
    table: FeatureTable, trial: Trial, seed: int, column: baselines.Rival, rule: Rule | None
) -> dict[str, RivalScore]:
    """Return how the simple rivals, fitted on what the trial was fitted on, score its rows."""
    train = table.at(trial.fitted.target, trial.training.fitting.train)
    rivals = baselines.rivals(table, trial.fitted.target, train, seed, column, rule)
    return {
        key: RivalScore(rival.name, rival.score(trial.rows), rival.probability)
        for key, rival in rivals.items()
    }


def _joined(rivals: Sequence[Mapping[str, RivalScore]]) -> dict[str, RivalScore]:
    """Return the rivals' scores of all origins; each goes by the name that it has at the last."""
    return {
        key: RivalScore(
            last.name, np.concatenate([scores[key].score for scores in rivals]), last.probability
        )
        for key, last in rivals[-1].items()
    }


def _walk_forward(judged: OutOfTime, seed: int) -> Iterator[WalkForwardFold]:
    for number in np.unique(judged.origin):
        at = judged.origin == number
        rows, label = judged.rows[at], judged.label[at]
        auc = Draws(rows["account_id"], seed).interval(metrics.auc, judged.raw[at], label)
        days = rows["as_of"]
        yield WalkForwardFold(days.min(), days.max(), len(rows), int(label.sum()), auc)


def _without_some_accounts(trial: Trial, params: Params) -> np.ndarray:
    """Return the scores of a trial's rows by a fit without some accounts, shape (rows,).

    The same trees and dates; only whether an account's past was in the training differs.
    """
    training = trial.training
    seen = np.flatnonzero(~_is_held_out(training.rows["account_id"]))
    booster = training.boosting.fitted(trial.fitted.trees, params, seen)
    inputs = matrix(trial.rows, trial.fitted.features)
    return np.asarray(booster.predict(inputs, raw_score=True))


def _held_out(judged: OutOfTime, raw: np.ndarray, seed: int) -> HeldOutAccounts:
    """Return whether accounts that were held out are ordered as well as the others."""
    held_out = _is_held_out(judged.rows["account_id"])

    def area(member: np.ndarray) -> Interval:
        if not member.any():
            return Interval(np.nan, np.nan, np.nan)
        draws = Draws(judged.rows["account_id"][member], seed)
        return draws.interval(metrics.auc, raw[member], judged.label[member])

    return HeldOutAccounts(
        fitted_on=area(~held_out),
        held_out=area(held_out),
        accounts=judged.rows["account_id"][held_out].nunique(),
    )


def _is_held_out(account_ids: pd.Series) -> np.ndarray:
    """Say which rows' accounts are held out: by their id alone, so always the same ones."""
    held_out = {
        account_id: int(sha256(str(account_id).encode()).hexdigest(), 16) % HELD_OUT == 0
        for account_id in account_ids.unique()
    }
    rows: np.ndarray = account_ids.map(held_out).to_numpy(bool)
    return rows
