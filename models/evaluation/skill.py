"""How good a model is on dates it has not seen: figures with intervals, beside baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.release.card import Baseline, ReliabilityBin
from models.statistics import metrics
from models.statistics.bootstrap import Draws, interval_of, point_estimate
from models.statistics.interval import Interval
from models.training.baselines import Rival

CHANCE_AUC = 0.5
CLEAR_ERRORS = 3.29
"""Standard errors that an AUC must lie above chance, a 99.9 % interval: four targets trained every
month are fifty tries a year, and of fifty models of noise a 95 % interval lets one or two through.
"""

LEARNERS = ("logistic",)
"""Rivals that learn; a model may be as good as they are, but not worse."""

NO_SKILL = "no skill, use the rule"
SKILL = "skill"


@dataclass(frozen=True)
class Evaluation:
    """The figures of a model and its rivals on the same rows."""

    rows: int
    accounts: int
    positives: int
    base_rate: float
    figures: Mapping[str, Interval]
    rivals: Mapping[str, Baseline]
    reliability: tuple[ReliabilityBin, ...]
    verdict: str
    why: str


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
    auc_resamples = draws.resampled(metrics.auc, probability, label)
    baselines = {
        key: _baseline(rival, rows, label, draws, figures["auc"], auc_resamples)
        for key, rival in rivals.items()
    }
    verdict, why = _verdict(int(label.sum()), figures["auc"], baselines, min_positives)
    return Evaluation(
        rows=len(rows),
        accounts=rows["account_id"].nunique(),
        positives=int(label.sum()),
        base_rate=float(label.mean()),
        figures=figures,
        rivals=baselines,
        reliability=tuple(
            ReliabilityBin(tenth["predicted"], tenth["observed"], int(tenth["n"]))
            for tenth in metrics.reliability(probability, label)
        ),
        verdict=verdict,
        why=why,
    )


def _baseline(
    rival: Rival,
    rows: pd.DataFrame,
    label: np.ndarray,
    draws: Draws,
    auc: Interval,
    auc_resamples: np.ndarray,
) -> Baseline:
    """Return a rival's AUC and Brier score, and the lead of the model's AUC over it."""
    score = rival.score(rows)
    area = point_estimate(metrics.auc, score, label)
    resampled = draws.resampled(metrics.auc, score, label)
    return Baseline(
        name=rival.name,
        auc=interval_of(area, resampled),
        lead=interval_of(auc.value - area, auc_resamples - resampled),
        brier=draws.interval(metrics.brier, score, label) if rival.probability else None,
    )


def _verdict(
    positives: int, auc: Interval, rivals: Mapping[str, Baseline], min_positives: int
) -> tuple[str, str]:
    """Say whether the model is clear of chance and of every rival, and why not."""
    if positives < min_positives:
        return NO_SKILL, f"{positives} outcomes in the test, {min_positives} are needed to tell"
    bar = CHANCE_AUC + CLEAR_ERRORS * auc.error
    if not auc.value > bar:
        return (
            NO_SKILL,
            f"AUC {auc} is not clear of chance: on these rows {bar:.3f} would be",
        )
    for key, rival in rivals.items():
        # As good as a linear model is still of use; no better than a plain rule is not.
        lead = rival.lead
        if lead.high < 0 or (key not in LEARNERS and lead.value <= 0):
            return NO_SKILL, f"AUC {auc} is not above {rival.auc} of {rival.name}"
    equals = [rival.name for rival in rivals.values() if rival.lead.low <= 0]
    not_clear = f"; not clearly above {' and '.join(equals)}" if equals else ""
    return SKILL, f"AUC {auc} is above chance and simple rules{not_clear}"
