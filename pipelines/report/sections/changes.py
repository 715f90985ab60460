"""What changed since the scoring before, and why: accounts, money, plays, models, probabilities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from features.errors import DataError
from models.inference.totals import Totals, total
from models.release.model_files import ReleaseError
from pipelines.scoring.score_changes import (
    AccountMove,
    MovedResult,
    NoticeChange,
    TargetMove,
    explain_moves,
)

if TYPE_CHECKING:
    from models.store.scores import StoredScore
    from pipelines.config.settings import Settings
    from pipelines.report.inputs import Inputs

Move = TypeVar("Move", AccountMove, NoticeChange)
MOST = 4
"""Accounts and changes of plays that are named."""


@dataclass(frozen=True)
class Change:
    """What moved since the scoring of ``since``.

    ``added`` and ``dropped`` are the largest of ``added_count`` new accounts and ``dropped_count``
    no longer scored; ``plays`` counts how often one play took the place of another. ``models`` are
    the targets whose model version changed. ``targets`` and ``accounts`` say why probabilities
    moved, ``notices`` whose outcome became decided or open again; empty where the inputs of the
    earlier scoring are no longer stored.
    """

    since: date
    then: Totals
    now: Totals
    added: tuple[StoredScore, ...]
    added_count: int
    dropped: tuple[StoredScore, ...]
    dropped_count: int
    plays: tuple[tuple[tuple[str, str], int], ...]
    models: tuple[str, ...]
    targets: tuple[TargetMove, ...]
    accounts: tuple[tuple[StoredScore, AccountMove], ...]
    notices: tuple[tuple[StoredScore, NoticeChange], ...]


def changes(settings: Settings, inputs: Inputs) -> Change | None:
    """Compare a scoring with the one before it; ``None`` for the first."""
    if inputs.earlier is None:
        return None
    now, then = _by_id(inputs.scores), _by_id(inputs.earlier.scores)
    added = _largest([score for account, score in now.items() if account not in then])
    dropped = _largest([score for account, score in then.items() if account not in now])
    moved = _moved(settings, inputs)
    return Change(
        since=inputs.earlier.scoring.as_of,
        then=total(inputs.earlier.scores, inputs.earlier.scoring.models, inputs.targets),
        now=total(inputs.scores, inputs.scoring.models, inputs.targets),
        added=tuple(added[:MOST]),
        added_count=len(added),
        dropped=tuple(dropped[:MOST]),
        dropped_count=len(dropped),
        plays=tuple(_plays(now, then)),
        models=tuple(
            name
            for name, version in inputs.scoring.models.items()
            if inputs.earlier.scoring.models.get(name) != version
        ),
        targets=tuple(moved.targets) if moved else (),
        accounts=_with_scores(moved.accounts if moved else (), now),
        notices=_with_scores(moved.notices if moved else (), now),
    )


def _by_id(scores: Sequence[StoredScore]) -> dict[str, StoredScore]:
    return {score.account_id: score for score in scores}


def _largest(scores: Sequence[StoredScore]) -> list[StoredScore]:
    return sorted(scores, key=lambda score: (-(score.arr or 0), score.account_id))


def _plays(
    now: Mapping[str, StoredScore], then: Mapping[str, StoredScore]
) -> list[tuple[tuple[str, str], int]]:
    """Return which play took the place of which, the most frequent first."""
    pairs = Counter(
        (before.decision.play, score.decision.play)
        for account, score in now.items()
        if (before := then.get(account)) and before.decision and score.decision
    )
    changed = [(pair, count) for pair, count in pairs.items() if pair[0] != pair[1]]
    return sorted(changed, key=lambda change: (-change[1], change[0]))[:MOST]


def _with_scores(
    moves: Sequence[Move], scores: Mapping[str, StoredScore]
) -> tuple[tuple[StoredScore, Move], ...]:
    return tuple((scores[move.account_id], move) for move in moves if move.account_id in scores)


def _moved(settings: Settings, inputs: Inputs) -> MovedResult | None:
    """Take the changes apart, as far as the inputs of both scorings are kept."""
    try:
        moved = explain_moves(settings, top=MOST, until=inputs.scoring.as_of.isoformat())
    except (DataError, ReleaseError):
        return None
    if inputs.earlier is None or moved.since != inputs.earlier.scoring.as_of.isoformat():
        return None
    return moved
