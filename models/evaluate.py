"""How good a model is on dates it has not seen: figures with intervals, beside simple rivals.

Intervals are 95 % percentile intervals of a bootstrap over accounts, since the rows of one account
repeat each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import metrics
from models.baselines import Rival

RESAMPLES = 400
MOST_CELLS = 8_000_000
CLEAR = 0.5

LEARNERS = ("logistic",)
"""Rivals that learn; a model may be as good as they are, but not worse."""

NO_SKILL = "no skill, use the rule"
SKILL = "skill"


@dataclass(frozen=True)
class Interval:
    """A figure with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Evaluation:
    """The figures of a model and its rivals on the same rows."""

    rows: int
    accounts: int
    positives: int
    base_rate: float
    figures: Mapping[str, Interval]
    rivals: Mapping[str, Mapping[str, Any]]
    reliability: list[dict[str, float]]
    verdict: str
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Return the evaluation as JSON-able values."""
        return asdict(self)


def evaluate(
    rows: pd.DataFrame,
    label: np.ndarray,
    probability: np.ndarray,
    rivals: Mapping[str, Rival],
    *,
    min_positives: int,
    seed: int,
) -> Evaluation:
    """Hold a model's probabilities against outcomes and rivals.

    Parameters
    ----------
    rows
        The test rows; ``account_id`` tells which belong together.
    label, probability
        Outcome (0, 1) and calibrated probability of each row, shape (rows,).
    rivals
        Simple ways to score the same rows.
    min_positives
        Fewer outcomes than this are too few for a verdict of skill.
    seed
        Draws the resamples.
    """
    draws = Draws(rows["account_id"], seed)
    figures = {
        name: draws.interval(metric, probability, label) for name, metric in metrics.METRICS.items()
    }
    shown = {name: _rival(rival, rows, probability, label, draws) for name, rival in rivals.items()}
    verdict, why = _verdict(int(label.sum()), figures["auc"], shown, min_positives)
    return Evaluation(
        rows=len(rows),
        accounts=rows["account_id"].nunique(),
        positives=int(label.sum()),
        base_rate=float(label.mean()),
        figures=figures,
        rivals=shown,
        reliability=metrics.reliability(probability, label),
        verdict=verdict,
        why=why,
    )


class Draws:
    """The same resamples of accounts for every figure, so that differences are paired."""

    def __init__(self, account_ids: pd.Series, seed: int, resamples: int = RESAMPLES) -> None:
        self.codes = pd.factorize(account_ids, sort=True)[0]
        accounts = int(self.codes.max()) + 1
        random = np.random.default_rng(seed)
        self.counts = random.multinomial(accounts, np.full(accounts, 1 / accounts), resamples)

    def resampled(self, metric: Metric, score: np.ndarray, label: np.ndarray) -> np.ndarray:
        """Return the metric of each resample, shape (resamples,)."""
        step = max(1, MOST_CELLS // len(score))
        parts = range(0, len(self.counts), step)
        return np.concatenate(
            [metric(score, label, self._weights(slice(i, i + step))) for i in parts]
        )

    def interval(self, metric: Metric, score: np.ndarray, label: np.ndarray) -> Interval:
        """Return the metric on all rows with its interval."""
        value = metric(score, label, np.ones((1, len(score))))[0]
        return _interval(float(value), self.resampled(metric, score, label))

    def difference(self, score: np.ndarray, other: np.ndarray, label: np.ndarray) -> Interval:
        """Return by how much the AUC of ``score`` exceeds that of ``other``, paired."""
        one, two = (self.resampled(metrics.auc, s, label) for s in (score, other))
        whole = np.ones((1, len(score)))
        value = (metrics.auc(score, label, whole) - metrics.auc(other, label, whole))[0]
        return _interval(float(value), one - two)

    def _weights(self, part: slice) -> np.ndarray:
        return self.counts[part][:, self.codes].astype(float)


Metric = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def _interval(value: float, values: np.ndarray) -> Interval:
    known = values[np.isfinite(values)]
    if not len(known):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.percentile(known, [2.5, 97.5])
    return Interval(value, float(low), float(high))


def _rival(
    rival: Rival, rows: pd.DataFrame, probability: np.ndarray, label: np.ndarray, draws: Draws
) -> dict[str, Any]:
    score = rival.score(rows)
    return {
        "name": rival.name,
        "auc": draws.interval(metrics.auc, score, label),
        "lead": draws.difference(probability, score, label),
    }


def _verdict(
    positives: int, auc: Interval, rivals: Mapping[str, Mapping[str, Any]], min_positives: int
) -> tuple[str, str]:
    """Say whether the model is clear of chance and of every rival, and why not."""
    if positives < min_positives:
        return NO_SKILL, f"{positives} outcomes in the test, {min_positives} are needed to tell"
    if not auc.low > CLEAR:
        return NO_SKILL, f"AUC {auc} does not exclude chance"
    for key, rival in rivals.items():
        # As good as a linear model is still of use; no better than a plain rule is not.
        lead: Interval = rival["lead"]
        if lead.high < 0 or (key not in LEARNERS and lead.value <= 0):
            return NO_SKILL, f"AUC {auc} is not above {rival['auc']} of {rival['name']}"
    equals = [r["name"] for r in rivals.values() if r["lead"].low <= 0]
    not_clear = f"; not clearly above {' and '.join(equals)}" if equals else ""
    return SKILL, f"AUC {auc} is above chance and simple rules{not_clear}"
