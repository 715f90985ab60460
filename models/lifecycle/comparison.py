"""Two versions on the same rows: which is better, and where the better one is worse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.evaluation.skill import CLEAR_ERRORS
from models.evaluation.slices import FEWEST_OUTCOMES, groupings
from models.statistics import metrics, psi
from models.statistics.bootstrap import Draws, Metric, point_estimate
from models.statistics.interval import Interval

AUC_MARGIN = 0.005
LOSS_MARGIN = 0.01
"""What a lead must reach to be worth a change: in AUC, and as a share of the log loss."""
ECE_MARGIN = 0.01
BASE_MARGIN = 0.25
"""How far the mean probability may lie from the base rate, as a share of it."""
BASE_EXCESS = 0.1
"""How much farther from it than the champion's, as a share of the base rate."""
NEWER_DAYS = 28
"""So many days newer the training rows must be for an equal version to be worth a change."""
AGREEMENT_LOST = 0.2
"""How much less both versions may agree on the newest rows than on the past ones (Spearman)."""


@dataclass(frozen=True)
class Check:
    """One question of the gate: what each version shows, and what speaks against the challenger.

    ``why`` is the reason where it does not pass, else what the figures are.
    """

    name: str
    passes: bool
    champion: str
    challenger: str
    why: str


@dataclass(frozen=True)
class Pair:
    """The champion's and the challenger's probabilities of the same rows, shape (rows,)."""

    champion: np.ndarray
    challenger: np.ndarray


@dataclass(frozen=True)
class Comparison:
    """Mature rows that neither side has seen, and the newest rows, which get scored.

    ``recent`` are the answers for those of the rows that the same two models scored as the newest
    ones, where not all are. ``newer_days`` is how much later the challenger's newest training date
    is.
    """

    rows: pd.DataFrame
    label: np.ndarray
    past: Pair
    newest: Pair
    recent: Pair | None = None
    newer_days: int = 0
    seed: int = 0

    def values(self, metric: Metric) -> tuple[float, float]:
        """Return the metric of the champion and of the challenger."""
        scores = (self.past.champion, self.past.challenger)
        champion, challenger = (point_estimate(metric, score, self.label) for score in scores)
        return champion, challenger


def compare(comparison: Comparison) -> Iterator[Check]:
    """Yield every check that holds the challenger against the champion."""
    draws = Draws(comparison.rows["account_id"], comparison.seed)
    yield _better(comparison, draws)
    yield _calibrated(comparison, draws)
    yield _on_base_rate(comparison, draws)
    yield _slices(comparison)
    yield _stable(comparison)
    yield _agreeing(comparison)


def _better(comparison: Comparison, draws: Draws) -> Check:
    """Ask for a clear lead in AUC or in log loss that is worth a change, and for no clear loss.

    A version that is fitted on clearly newer rows need not lead: what it is for has changed less
    since.
    """
    areas, losses = (comparison.values(metric) for metric in (metrics.auc, metrics.log_loss))
    area = _lead(comparison, draws, metrics.auc)
    saved = _lead(comparison, draws, _negated_log_loss)
    leads = {"AUC": (area, AUC_MARGIN), "log loss": (saved, LOSS_MARGIN * losses[0])}
    behind = [name for name, (lead, least) in leads.items() if lead.high < 0 > lead.value + least]
    ahead = [name for name, (lead, least) in leads.items() if lead.low > 0 <= lead.value - least]
    shown = f"lead in AUC {area}, in log loss {saved}"
    why = f"clearly behind in {' and '.join(behind)}: {shown}" if behind else _EQUAL.format(shown)
    newer = comparison.newer_days
    if is_fresher := newer >= NEWER_DAYS:
        shown = f"fitted on rows {newer} days newer; {shown}"
    passes = not behind and (bool(ahead) or is_fresher)
    champion, challenger = (
        f"AUC {auc:.3f}, log loss {loss:.4f}" for auc, loss in zip(areas, losses, strict=True)
    )
    return Check("better", passes, champion, challenger, shown if passes else why)


_EQUAL = "as good as the champion within chance ({}): keep it, or wait for a better one"


def _negated_log_loss(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the log loss with its sign turned: more is better."""
    return -metrics.log_loss(score, label, weight)


def _lead(comparison: Comparison, draws: Draws, metric: Metric) -> Interval:
    return draws.difference(
        comparison.past.challenger, comparison.past.champion, comparison.label, metric
    )


def _calibrated(comparison: Comparison, draws: Draws) -> Check:
    champion, challenger = comparison.values(metrics.ece)
    excess = _lead(comparison, draws, metrics.ece)
    passes = not (excess.low > 0 and excess.value > ECE_MARGIN)
    why = "" if passes else f"its calibration error is above the champion's by {excess}"
    return Check("calibration", passes, f"ECE {champion:.3f}", f"ECE {challenger:.3f}", why)


def _on_base_rate(comparison: Comparison, draws: Draws) -> Check:
    """Ask for a mean probability near the base rate, or about as near as the champion's."""
    rate = float(comparison.label.mean())
    champion, challenger = comparison.values(_bias)
    bias = draws.interval(_bias, comparison.past.challenger, comparison.label)
    clear = not bias.low <= 0 <= bias.high and abs(bias.value) > BASE_MARGIN * rate
    passes = not (clear and abs(challenger) > abs(champion) + BASE_EXCESS * rate)
    why = "" if passes else f"its mean probability is off the base rate of {rate:.3f} by {bias}"
    shown = [f"mean {rate + gap:.3f} of {rate:.3f}" for gap in (champion, challenger)]
    return Check("base rate", passes, shown[0], shown[1], why)


def _bias(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    gap: np.ndarray = weight @ (score - label) / weight.sum(1)
    return gap


def _slices(comparison: Comparison) -> Check:
    """Ask that no slice of the customers gets a clearly worse model."""
    judged = [
        (f"{by} {name}", _slice(comparison, (group == name).to_numpy(bool)))
        for by, group in groupings(comparison.rows)
        for name in sorted(group.dropna().unique())
    ]
    leads = {name: lead for name, lead in judged if lead is not None}
    worse = [
        f"{name}: behind in log loss by {lead}"
        for name, lead in leads.items()
        if lead.value + CLEAR_ERRORS * lead.error < 0
    ]
    return Check("slices", not worse, "", f"{len(leads)} slices", "; ".join(worse))


def _slice(comparison: Comparison, member: np.ndarray) -> Interval | None:
    label = comparison.label[member]
    if min(label.sum(), (1 - label).sum()) < FEWEST_OUTCOMES:
        return None
    draws = Draws(comparison.rows["account_id"][member], comparison.seed)
    challenger, champion = comparison.past.challenger[member], comparison.past.champion[member]
    return draws.difference(challenger, champion, label, _negated_log_loss)


def _stable(comparison: Comparison) -> Check:
    """Ask that the challenger's scores did not move where the champion's stayed.

    A model that is good on the past because of what is not known yet collapses on the newest rows.
    """
    past, newest = comparison.recent or comparison.past, comparison.newest
    champion = psi.stability(past.champion, newest.champion)
    challenger = psi.stability(past.challenger, newest.challenger)
    limit = psi.limit(len(past.champion), len(newest.champion))
    passes = challenger <= max(limit, 2 * champion)
    moved = f"its scores of the newest rows are not those of the rows it was judged on: {limit:.2f}"
    why = "" if passes else f"{moved} is the most, unless the champion's have moved as well"
    return Check("score shift", passes, f"PSI {champion:.2f}", f"PSI {challenger:.2f}", why)


def _agreeing(comparison: Comparison) -> Check:
    """Ask that both order the newest rows as alike as the rows whose outcome is known."""
    past, newest = (
        psi.agreement(pair.champion, pair.challenger)
        for pair in (comparison.recent or comparison.past, comparison.newest)
    )
    passes = newest >= past - AGREEMENT_LOST
    why = (
        ""
        if passes
        else "both agree less on the newest rows than on those with known outcomes, "
        "so that its better figures do not speak for them"
    )
    shown = f"{newest:.2f} newest, {past:.2f} past"
    return Check("agreement", passes, "", shown, why)
