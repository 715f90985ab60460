"""How good a recipe is on dates it has not seen: figures with intervals, beside baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.release.card import Baseline, HeldOutAccounts, ReliabilityBin
from models.statistics import metrics
from models.statistics.bootstrap import Draws, interval_of, point_estimate
from models.statistics.interval import Interval

CHANCE_AUC = 0.5
CLEAR_ERRORS = 3.29
"""Standard errors that an AUC must lie above chance, a 99.9 % interval: four targets trained every
month are fifty tries a year, and of fifty models of noise a 95 % interval lets one or two through.
"""
FEWEST_EVENTS = 25
"""With fewer events no interval can be trusted, whatever it says."""
HOPELESS_AUC = 0.6
"""Where the upper end of the interval lies below this, more events won't make it worth using."""

WORTHWHILE_LEAD = 0.02
"""A model whose lead over a plain rule is smaller for sure is not worth its keep."""
LEARNERS = ("logistic",)
"""Rivals that learn; a model may be as good as they are, but not worse."""

SKILL = "skill"
NOT_FOR_NEW = "skill, not for new accounts"
NO_SKILL = "no skill, use the rule"
UNPROVEN = "cannot tell yet"
HAVE_SKILL = (SKILL, NOT_FOR_NEW)


@dataclass(frozen=True)
class RivalScore:
    """How a simple way scores the judged rows, shape (rows,); higher means likelier.

    ``probability`` says that the score is meant as one.
    """

    name: str
    score: np.ndarray
    probability: bool = False


@dataclass(frozen=True)
class Evaluation:
    """The figures of a recipe and its rivals on the same rows."""

    rows: int
    accounts: int
    positives: int
    events: int
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
    rivals: Mapping[str, RivalScore],
    *,
    horizon_days: int,
    seed: int,
    held_out: HeldOutAccounts | None = None,
) -> Evaluation:
    """Hold probabilities against outcomes and rivals.

    Parameters
    ----------
    rows
        The judged rows; ``account_id`` tells which belong together, ``as_of`` their dates.
    label, probability
        Outcome (0, 1) and probability of each row, shape (rows,).
    rivals
        Simple ways to score the same rows.
    horizon_days
        Days after ``as_of`` in which the outcome comes.
    seed
        Draws the resamples.
    held_out
        The figures on accounts that the fit never saw, where there are any.
    """
    draws = Draws(rows["account_id"], seed)
    figures = {
        name: draws.interval(metric, probability, label) for name, metric in metrics.METRICS.items()
    }
    auc_resamples = draws.resampled(metrics.auc, probability, label)
    baselines = {
        key: _baseline(rival, label, draws, figures["auc"], auc_resamples)
        for key, rival in rivals.items()
    }
    happened = events(rows, label, horizon_days)
    verdict, why = _verdict(happened, figures["auc"], baselines)
    if held_out is not None and verdict == SKILL:
        verdict, of_new = _of_new_accounts(held_out)
        why += of_new
    return Evaluation(
        rows=len(rows),
        accounts=rows["account_id"].nunique(),
        positives=int(label.sum()),
        events=happened,
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


def events(rows: pd.DataFrame, label: np.ndarray, horizon_days: int) -> int:
    """Count outcomes once, however many dates saw them coming.

    Dates less than a horizon apart may speak of the same event, and are counted as one. Two of an
    account within a horizon are one, too, so this is the least number that there can have been.
    """
    happened = rows.loc[label == 1, ["account_id", "as_of"]].sort_values(["account_id", "as_of"])
    horizon, count = pd.Timedelta(days=horizon_days), 0
    last: tuple[object, pd.Timestamp] | None = None
    for account_id, as_of in zip(
        happened["account_id"], pd.to_datetime(happened["as_of"]), strict=True
    ):
        if last is None or account_id != last[0] or as_of >= last[1] + horizon:
            last = (account_id, as_of)
            count += 1
    return count


def _baseline(
    rival: RivalScore,
    label: np.ndarray,
    draws: Draws,
    auc: Interval,
    auc_resamples: np.ndarray,
) -> Baseline:
    """Return a rival's AUC and Brier score, and the lead of the model's AUC over it."""
    area = point_estimate(metrics.auc, rival.score, label)
    resampled = draws.resampled(metrics.auc, rival.score, label)
    return Baseline(
        name=rival.name,
        auc=interval_of(area, resampled),
        lead=interval_of(auc.value - area, auc_resamples - resampled),
        brier=draws.interval(metrics.brier, rival.score, label) if rival.probability else None,
    )


def _verdict(happened: int, auc: Interval, rivals: Mapping[str, Baseline]) -> tuple[str, str]:
    """Say whether the model is clear of chance and of every rival, whether not, or neither."""
    if happened < FEWEST_EVENTS:
        return UNPROVEN, f"{happened} events in the test, {FEWEST_EVENTS} are needed to tell"
    if not auc.is_complete:
        return UNPROVEN, "the test holds outcomes of one kind alone"
    if why := _hopeless(auc, rivals):
        return NO_SKILL, why
    bar = CHANCE_AUC + CLEAR_ERRORS * auc.error
    if not auc.value > bar:
        return UNPROVEN, (
            f"AUC {auc} is not clear of chance: on these rows {bar:.3f} would be"
            f"{_enough(happened, auc)}"
        )
    for key, rival in rivals.items():
        # As good as a linear model is still of use; no better than a plain rule is not.
        if key not in LEARNERS and rival.lead.value <= 0:
            return UNPROVEN, (
                f"AUC {auc} is not above {rival.auc} of {rival.name}, and not clearly below on "
                f"{happened:,} events"
            )
    equals = [rival.name for rival in rivals.values() if rival.lead.low <= 0]
    not_clear = f"; not clearly above {' and '.join(equals)}" if equals else ""
    return SKILL, f"AUC {auc} is above chance and simple rules{not_clear}"


def _hopeless(auc: Interval, rivals: Mapping[str, Baseline]) -> str:
    """Return why no number of events would make a model worth using, if so."""
    for key, rival in rivals.items():
        if rival.lead.high < 0:
            return f"AUC {auc} is below {rival.auc} of {rival.name}"
        if key not in LEARNERS and rival.lead.value <= 0 and rival.lead.high < WORTHWHILE_LEAD:
            return f"AUC {auc} is not above {rival.auc} of {rival.name}"
    return (
        f"AUC {auc}: even its upper end is hardly above chance" if auc.high < HOPELESS_AUC else ""
    )


def _enough(happened: int, auc: Interval) -> str:
    """Say how many events would tell, if the lead stayed as it is: errors fall with their root."""
    lead = auc.value - CHANCE_AUC
    if not lead > 0:
        return f"; {happened:,} events"
    needed = int(np.ceil(happened * (CLEAR_ERRORS * auc.error / lead) ** 2))
    return f"; {happened:,} events, about {needed:,} would tell if it stays so"


def _of_new_accounts(held_out: HeldOutAccounts) -> tuple[str, str]:
    """Name what the skill is on accounts that the fit never saw, where it is none or clearly less.

    An account's past rows are in the training of a model that scores it today; a new account's
    are not.
    """
    new, same = held_out.held_out, held_out.fitted_on
    if not (new.is_complete and same.is_complete and new.high < same.value):
        return SKILL, ""
    shown = f"AUC {new} on {held_out.accounts:,} accounts that the fit never saw"
    if new.low <= CHANCE_AUC:
        return NOT_FOR_NEW, f"; none is shown for new accounts: {shown}"
    return SKILL, f"; less for new accounts: {shown}" if new.high < same.low else ""
