"""The lists of accounts: next-best, at risk, and what each CSM has in hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.inference.expected_arr import GAIN, LOSS
from models.inference.totals import Totals, total
from models.plays.prioritisation import NOBODY
from pipelines.report.inputs import best, leaving, most_at_risk

if TYPE_CHECKING:
    from models.inference.reasons import Reason
    from models.store.scores import StoredScore
    from pipelines.report.inputs import Inputs

MOST_LEAVING = 25
"""Accounts on the page that are known to leave."""
REASONS = 2
"""Reasons for an outcome on the page; the API has them all."""


@dataclass(frozen=True)
class AccountRow:
    """One account of a list, with the reasons for ``outcome``, the likeliest of its targets.

    ``reason_against`` makes the outcome less likely.
    """

    score: StoredScore
    outcome: str
    reasons: tuple[str, ...]
    reason_against: str | None


@dataclass(frozen=True)
class Csm:
    """What one CSM has in hand."""

    name: str
    totals: Totals


@dataclass(frozen=True)
class Leaving:
    """The accounts whose end is known, the most ARR lost by notice first; ``total`` counts all."""

    scores: tuple[StoredScore, ...]
    total: int


@dataclass(frozen=True)
class TargetRanking:
    """The first accounts for a target without a model in use, as a baseline orders them.

    ``by`` is ``rule`` or ``logistic``; ``auc`` lies between ``low`` and ``high``. A place has no
    probability.
    """

    target: str
    by: str
    auc: float
    low: float
    high: float
    scores: tuple[tuple[int, StoredScore], ...]


MOST_RANKED = 10
"""Accounts that the page shows of such an order."""


def rankings(inputs: Inputs) -> list[TargetRanking]:
    """Return the first accounts for each target that something else than a model ranks."""
    return [
        TargetRanking(
            target=target,
            by=ranks["by"],
            auc=ranks["auc"],
            low=ranks["low"],
            high=ranks["high"],
            scores=tuple(_first(inputs.scores, target)),
        )
        for target, ranks in (inputs.scoring.rankings or {}).items()
    ]


def _first(scores: Sequence[StoredScore], target: str) -> list[tuple[int, StoredScore]]:
    places = (
        (score.rankings[target], score)
        for score in scores
        if score.rankings and target in score.rankings
    )
    return sorted(places, key=lambda place: place[0])[:MOST_RANKED]


def totals(inputs: Inputs) -> Totals:
    """Add up all accounts."""
    return total(inputs.scores, inputs.scoring.models, inputs.targets, inputs.scoring.errors)


def leaving_accounts(inputs: Inputs) -> Leaving:
    """Return the accounts that are known to leave within the horizon."""
    scores = leaving(inputs.scores)
    return Leaving(tuple(scores[:MOST_LEAVING]), len(scores))


def next_best(inputs: Inputs, count: int) -> list[AccountRow]:
    """Return the best accounts with why they may grow and what holds them back."""
    gains = inputs.directed(GAIN)
    return [_account_row(score, gains) for score in best(inputs.scores, count)]


def at_risk(inputs: Inputs) -> list[AccountRow]:
    """Return the accounts with the most ARR at risk with why they may shrink or leave."""
    losses = inputs.directed(LOSS)
    return [_account_row(score, losses) for score in most_at_risk(inputs.scores)]


def leading_losses(inputs: Inputs) -> list[str]:
    """Return the losses that are shown beside a gain."""
    return [name for name in inputs.directed(LOSS) if inputs.targets[name].is_leading]


def csms(inputs: Inputs) -> list[Csm]:
    """Return what each CSM has in hand, the most expected expansion first; nobody's come last."""
    by_csm: dict[str, list[StoredScore]] = defaultdict(list)
    for score in inputs.scores:
        by_csm[score.csm_id or NOBODY].append(score)
    rows = [
        Csm(name, total(accounts, inputs.scoring.models, inputs.targets, inputs.scoring.errors))
        for name, accounts in by_csm.items()
    ]
    return sorted(
        rows, key=lambda row: (row.name == NOBODY, -(row.totals.expansion or 0.0), row.name)
    )


def _account_row(score: StoredScore, outcomes: Sequence[str]) -> AccountRow:
    """Return the account with the reasons for the outcome that is likeliest for it."""
    scored = [name for name in outcomes if name in score.probabilities]
    if not scored:
        return AccountRow(score, "", (), None)
    likely = max(scored, key=lambda name: score.probabilities[name])
    reasons = score.reasons.get(likely)
    up, down = (_texts(reasons.up), _texts(reasons.down)) if reasons else ([], [])
    return AccountRow(score, likely, tuple(up[:REASONS]), down[0] if down else None)


def _texts(reasons: Sequence[Reason]) -> list[str]:
    """Return what sets the account apart; "education (typical education)" convinces nobody."""
    return [reason.text for reason in reasons if reason.value != reason.typical]
