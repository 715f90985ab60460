"""Metrics over many resamples at once: each takes scores, outcomes and a matrix of weights.

Weights have the shape (resamples, rows): how often a row's account was drawn. All functions return
one value a resample, shape (resamples,), and ``nan`` where a resample holds one class only.
"""

from __future__ import annotations

import numpy as np

BINS = 10
SHARE = 0.10


def auc(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve; ties count half."""
    order, starts = _groups(score)
    positive = np.add.reduceat(weight[:, order] * label[order], starts, axis=1)
    negative = np.add.reduceat(weight[:, order] * (1 - label[order]), starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    pairs = positive.sum(1) * negative.sum(1)
    return _ratio((positive * (below + negative / 2)).sum(1), pairs)


def pr_auc(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the average precision over the falling scores."""
    order, starts = _groups(-score)
    positive = np.add.reduceat(weight[:, order] * label[order], starts, axis=1)
    drawn = np.cumsum(np.add.reduceat(weight[:, order], starts, axis=1), axis=1)
    precision = np.cumsum(positive, axis=1) / np.maximum(drawn, 1e-12)
    return _ratio((precision * positive).sum(1), positive.sum(1))


def brier(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the mean squared error of the probability."""
    return _ratio(weight @ (score - label) ** 2, weight.sum(1))


def log_loss(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the mean log loss; probabilities are kept off 0 and 1 by 1e-12."""
    p = np.clip(score, 1e-12, 1 - 1e-12)
    return _ratio(weight @ -(label * np.log(p) + (1 - label) * np.log(1 - p)), weight.sum(1))


def ece(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the expected calibration error over ten bins of equally many rows."""
    member = _bins(score)
    gap = np.abs((weight * (score - label)) @ member)
    return _ratio(gap.sum(1), weight.sum(1))


def ratio(expected: np.ndarray, came: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the sum of one over the sum of the other: what was expected over what came."""
    return _ratio(weight @ expected, weight @ came)


def captured(chosen: np.ndarray, amount: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the share of ``amount`` that lies in the rows marked by 1 in ``chosen``."""
    return _ratio(weight @ (amount * chosen), weight @ amount)


def lift(chosen: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return how many times the base rate the rows marked by 1 in ``chosen`` have."""
    share = _ratio(weight @ chosen, weight.sum(1))
    return _ratio(captured(chosen, label, weight), share)


def lift_10(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return how many times the base rate the tenth of rows with the highest score has."""
    top = np.zeros(len(score))
    top[np.argsort(-score, kind="stable")[: max(1, round(SHARE * len(score)))]] = 1
    return lift(top, label, weight)


METRICS = {
    "auc": auc,
    "pr_auc": pr_auc,
    "brier": brier,
    "log_loss": log_loss,
    "ece": ece,
    "lift_10": lift_10,
}


def reliability(score: np.ndarray, label: np.ndarray) -> list[dict[str, float]]:
    """Return mean probability, observed share and rows of each of ten bins."""
    member = _bins(score)
    rows = member.sum(0)
    return [
        {"predicted": float(p), "observed": float(o), "n": int(n)}
        for p, o, n in zip(score @ member / rows, label @ member / rows, rows, strict=True)
    ]


def _groups(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rising order and where each group of equal scores starts in it."""
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    return order, np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])


def _bins(score: np.ndarray) -> np.ndarray:
    """Return membership in bins of equally many rows, shape (rows, bins)."""
    bins = min(BINS, len(score))
    rank = np.empty(len(score), int)
    rank[np.argsort(score, kind="stable")] = np.arange(len(score))
    member: np.ndarray = np.eye(bins)[rank * bins // len(score)]
    return member


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
    return ratio
