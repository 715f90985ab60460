"""Fitting a calibration: from log-odds to a probability that can be taken at its word.

All methods are fitted on scores of rows that the model has not seen, and the one to use is chosen
on rows that are later still.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from models.inference.calibrators import METHODS, apply

DEFAULT_METHOD = "sigmoid"
"""The method where the history is too short to compare: it has two parameters and keeps order."""
CLIP = 1e-12

Calibration = dict[str, Any]


def sigmoid(raw: np.ndarray, label: np.ndarray) -> Calibration:
    """Fit Platt's sigmoid, ``p = 1 / (1 + exp(-(a * raw + b)))``, as JSON for ``calibrators``.

    Parameters
    ----------
    raw
        Scores in log-odds of rows the model has not seen, shape (n,).
    label
        Their outcomes, 0 or 1, shape (n,).

    Source: J. Platt, Probabilistic outputs for support vector machines (1999). The slope is kept
    from turning negative: a model that orders accounts wrongly is flat, not mirrored.
    """
    (a,), b = _logistic(raw.reshape(-1, 1), label)
    return {"method": "sigmoid", "a": a, "b": b}


def beta(raw: np.ndarray, label: np.ndarray) -> Calibration:
    """Fit beta calibration, log-odds ``a * ln p - b * ln(1 - p) + c``; parameters as ``sigmoid``'s.

    Source: M. Kull, T. Silva Filho, P. Flach, Beta calibration (2017). Neither slope turns
    negative, so the order of the scores is kept.
    """
    inputs = np.column_stack([-np.logaddexp(0.0, -raw), np.logaddexp(0.0, raw)])
    (a, b), c = _logistic(inputs, label)
    return {"method": "beta", "a": a, "b": b, "c": c}


def isotonic(raw: np.ndarray, label: np.ndarray) -> Calibration:
    """Fit the best rising step function, joined by lines; parameters as ``sigmoid``'s.

    Source: B. Zadrozny, C. Elkan, Transforming classifier scores into accurate multiclass
    probability estimates (2002). The ends stay off 0 and 1 by one row in all: what was never seen
    can still happen.
    """
    edge = 1 / (len(raw) + 2)
    fitted = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip").fit(raw, label)
    return {
        "method": "isotonic",
        "raw": [float(x) for x in fitted.X_thresholds_],
        "probability": [float(y) for y in fitted.y_thresholds_],
    }


def none(_raw: np.ndarray, _label: np.ndarray) -> Calibration:
    """Take the model's own probability."""
    return {"method": "none"}


FITS: Mapping[str, Callable[[np.ndarray, np.ndarray], Calibration]] = {
    "none": none,
    "sigmoid": sigmoid,
    "beta": beta,
    "isotonic": isotonic,
}


def calibrate(out_of_fold: pd.DataFrame, mature_days: int) -> Calibration:
    """Choose a method out of time, and fit it on all of ``out_of_fold``.

    Every method is fitted on the folds before each fold, as far as their outcomes were known by
    then, and judged by its log loss there. The simplest is taken that is not worse than the best
    by more than a standard error of the difference, the rows of an account counting as one.

    Parameters
    ----------
    out_of_fold
        Rows scored by a model fitted on earlier dates: ``account_id``, ``as_of``, ``fold`` (rising
        in time), ``raw`` (log-odds) and ``label`` (0, 1).
    mature_days
        Days after ``as_of`` until an outcome is known.

    Returns
    -------
    dict
        The calibration as JSON, with ``log_loss`` by method where there was enough to compare.
    """
    if out_of_fold["label"].nunique() < 2:
        return none(np.empty(0), np.empty(0))
    losses = pd.DataFrame(
        {name: _losses(out_of_fold, fitted, mature_days) for name, fitted in FITS.items()}
    )
    method = (
        DEFAULT_METHOD
        if losses.empty
        else _simplest(losses, out_of_fold.loc[losses.index, "account_id"])
    )
    chosen = FITS[method](*_scores(out_of_fold))
    compared = {} if losses.empty else {"log_loss": losses.mean().round(6).to_dict()}
    return {**chosen, **compared}


def _losses(
    out_of_fold: pd.DataFrame,
    fit: Callable[[np.ndarray, np.ndarray], Calibration],
    mature_days: int,
) -> pd.Series:
    """Return the log loss of each row, calibrated on what was known before its fold began."""
    losses = [pd.Series(dtype=float)]
    for number in sorted(out_of_fold["fold"].unique()):
        rows = out_of_fold[out_of_fold["fold"] == number]
        mature_on = pd.to_datetime(out_of_fold["as_of"]) + pd.Timedelta(days=mature_days)
        before = out_of_fold[
            (out_of_fold["fold"] < number) & (mature_on <= pd.Timestamp(rows["as_of"].min()))
        ]
        if before["label"].nunique() == 2:
            p = np.clip(apply(fit(*_scores(before)), _scores(rows)[0]), CLIP, 1 - CLIP)
            loss = -np.log(np.where(rows["label"] == 1, p, 1 - p))
            losses.append(pd.Series(loss, index=rows.index))
    joined: pd.Series = pd.concat(losses[1:] or losses)
    return joined


def _simplest(losses: pd.DataFrame, account_ids: pd.Series) -> str:
    """Return the first method whose mean loss is within a standard error of the lowest."""
    best = losses[losses.mean().idxmin()]
    for name in METHODS:
        excess = losses[name] - best
        by_account = (excess - excess.mean()).groupby(account_ids).sum()
        error = float(np.sqrt((by_account**2).sum())) / len(excess)
        if excess.mean() <= error:
            return name
    raise AssertionError("the best method is not worse than itself")


def _scores(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return rows["raw"].to_numpy(float), rows["label"].to_numpy(float)


def _logistic(inputs: np.ndarray, label: np.ndarray) -> tuple[list[float], float]:
    """Fit slopes that are not negative, and an intercept; an input that would turn is left out."""
    columns = list(range(inputs.shape[1]))
    while columns:
        fitted = LogisticRegression(C=np.inf, max_iter=1000).fit(inputs[:, columns], label)
        slopes = dict(zip(columns, fitted.coef_[0], strict=True))
        if min(slopes.values()) > 0:
            rising = [float(slopes.get(number, 0.0)) for number in range(inputs.shape[1])]
            return rising, float(fitted.intercept_[0])
        columns.remove(min(columns, key=lambda number: slopes[number]))
    rate = float(label.mean())
    return [0.0] * inputs.shape[1], float(np.log(rate / (1 - rate)))
