"""What is another than a scoring ago, and why: accounts, money, plays, models, probabilities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from features.errors import DataError
from models.release.model_files import ReleaseError
from pipelines.report.sections.accounts import Totals, totals
from pipelines.scoring.score_changes import AccountMove, TargetMove, explain_moves

if TYPE_CHECKING:
    from models.store.scores import StoredScore
    from pipelines.config.settings import Settings
    from pipelines.report.inputs import Inputs

MOST = 4
"""Accounts and changes of plays that are named."""


@dataclass(frozen=True)
class Change:
    """What moved since the scoring of ``since``.

    ``came`` and ``left`` are the largest accounts of ``came_count`` and ``left_count``; ``plays``
    counts how often one play took the place of another. ``models`` are the targets whose version
    is another, ``corrected`` says that the data behind is. ``targets`` and ``accounts`` tell why
    probabilities moved; empty where the inputs of the earlier scoring are no longer kept.
    """

    since: date
    then: Totals
    now: Totals
    came: tuple[StoredScore, ...]
    came_count: int
    left: tuple[StoredScore, ...]
    left_count: int
    plays: tuple[tuple[tuple[str, str], int], ...]
    models: tuple[str, ...]
    targets: tuple[TargetMove, ...]
    accounts: tuple[tuple[StoredScore, AccountMove], ...]


def changes(settings: Settings, inputs: Inputs) -> Change | None:
    """Compare a scoring with the one before it; ``None`` for the first."""
    if inputs.earlier is None:
        return None
    now, then = _by_id(inputs.scores), _by_id(inputs.earlier.scores)
    came = _largest([one for name, one in now.items() if name not in then])
    left = _largest([one for name, one in then.items() if name not in now])
    targets, accounts = _moves(settings, inputs)
    return Change(
        since=inputs.earlier.scoring.as_of,
        then=totals(inputs.earlier.scores),
        now=totals(inputs.scores),
        came=tuple(came[:MOST]),
        came_count=len(came),
        left=tuple(left[:MOST]),
        left_count=len(left),
        plays=tuple(_plays(now, then)),
        models=tuple(
            name
            for name, version in inputs.scoring.models.items()
            if inputs.earlier.scoring.models.get(name) != version
        ),
        targets=targets,
        accounts=tuple((now[one.account_id], one) for one in accounts if one.account_id in now),
    )


def _by_id(scores: Sequence[StoredScore]) -> dict[str, StoredScore]:
    return {one.account_id: one for one in scores}


def _largest(scores: Sequence[StoredScore]) -> list[StoredScore]:
    return sorted(scores, key=lambda one: (-(one.arr or 0), one.account_id))


def _plays(
    now: Mapping[str, StoredScore], then: Mapping[str, StoredScore]
) -> list[tuple[tuple[str, str], int]]:
    """Return which play took the place of which, the most frequent first."""
    pairs = Counter(
        (before.decision.play, one.decision.play)
        for name, one in now.items()
        if (before := then.get(name)) and before.decision and one.decision
    )
    moved = [(pair, count) for pair, count in pairs.items() if pair[0] != pair[1]]
    return sorted(moved, key=lambda one: (-one[1], one[0]))[:MOST]


def _moves(
    settings: Settings, inputs: Inputs
) -> tuple[tuple[TargetMove, ...], tuple[AccountMove, ...]]:
    """Take the changes apart, as far as the inputs of both scorings are kept."""
    try:
        found = explain_moves(settings, top=MOST, until=inputs.scoring.as_of.isoformat())
    except (DataError, ReleaseError):
        return (), ()
    if inputs.earlier is None or found.since != inputs.earlier.scoring.as_of.isoformat():
        return (), ()
    return tuple(found.targets), tuple(found.accounts)
