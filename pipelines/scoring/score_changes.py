"""``moved``: why the probabilities changed since an earlier scoring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.errors import DataError, UsageError
from models.explanation.score_changes import (
    ChangeReason,
    ScoreChange,
    change_reasons,
    score_change,
)
from models.release import bundle
from models.release.model_files import ModelFiles
from pipelines.scoring.input_snapshots import Snapshot, snapshots
from pipelines.scoring.scorings import invalid

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


@dataclass(frozen=True)
class AccountMove:
    """One account's probability of one target, and the parts that its change is made of.

    ``because`` are the changes in its data that moved it most.
    """

    account_id: str
    target: str
    before: float
    after: float
    data: float
    model: float
    calibration: float
    because: list[ChangeReason]


@dataclass(frozen=True)
class TargetMove:
    """One target over all accounts scored both times: means, and how much they moved each way."""

    target: str
    accounts: int
    before: float
    after: float
    data: float
    model: float
    calibration: float
    versions: tuple[str, str]


@dataclass(frozen=True)
class MovedResult:
    """What moved between two scorings; ``accounts`` are those that moved most, or the one asked.

    ``added`` and ``removed`` count the accounts that only the later or the earlier one scored.
    """

    since: str
    until: str
    added: int
    removed: int
    targets: list[TargetMove]
    accounts: list[AccountMove]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        values = asdict(self)
        values["came"], values["left"] = values.pop("added"), values.pop("removed")
        return values


@dataclass(frozen=True)
class _Side:
    snapshot: Snapshot
    rows: pd.DataFrame
    models: Mapping[str, ModelFiles]


def explain_moves(
    settings: Settings,
    since: str = "",
    account_id: str = "",
    top: int = 10,
    until: str = "",
) -> MovedResult:
    """Take the changes since an earlier scoring apart, by default since the one before the newest.

    Parameters
    ----------
    settings
        The company.
    since
        A day: the newest scoring on or before it is the earlier one.
    account_id
        Only this account.
    top
        So many of the largest changes.
    until
        A day: the newest scoring on or before it is the later one, by default the newest.

    Raises
    ------
    DataError
        When there is no earlier scoring, or its release is gone.
    UsageError
        When the account was not scored both times.
    """
    out_of_use = invalid(settings)
    stored = [s for s in snapshots(settings.snapshots_folder) if s.scoring_id not in out_of_use]
    pair = _pair(stored, since, until)
    earlier, newer = (_side(snapshot, settings.release_folder) for snapshot in pair)
    both = earlier.rows.index.intersection(newer.rows.index, sort=True)
    if account_id and account_id not in both:
        raise UsageError(
            f"{account_id} was not scored both on {earlier.snapshot.as_of} and on "
            f"{newer.snapshot.as_of}"
        )
    then, now = (side.rows.loc[both] for side in (earlier, newer))
    names = [name for name in newer.models if name in earlier.models]
    changes = {n: score_change(earlier.models[n], newer.models[n], then, now) for n in names}
    accounts = []
    for name, row in _largest(changes, both, account_id, top):
        because = change_reasons(
            earlier.models[name],
            then.iloc[row : row + 1],
            now.iloc[row : row + 1],
            settings.company.currency,
            words=settings.words,
        )[0]
        accounts.append(_account_move(str(both[row]), name, changes[name], row, because))
    return MovedResult(
        since=earlier.snapshot.as_of,
        until=newer.snapshot.as_of,
        added=len(newer.rows.index.difference(both)),
        removed=len(earlier.rows.index.difference(both)),
        targets=[_target_move(name, change, earlier, newer) for name, change in changes.items()],
        accounts=accounts,
    )


def _pair(oldest_first: Sequence[Snapshot], since: str, until: str) -> tuple[Snapshot, Snapshot]:
    candidates = [s for s in oldest_first if not until or s.as_of <= until]
    before = [s for s in candidates[:-1] if not since or s.as_of <= since]
    if not before:
        days = ", ".join(snapshot.as_of for snapshot in candidates) or "none"
        raise DataError(
            f"there is no earlier scoring to compare with; stored: {days}. Each `expansion score` "
            "stores one"
        )
    return before[-1], candidates[-1]


def _side(snapshot: Snapshot, release_folder: Path) -> _Side:
    path = release_folder / snapshot.release_id
    manifest = bundle.verify(path)
    models = {name: ModelFiles.read(path / name) for name in manifest.models}
    return _Side(snapshot, snapshot.rows(), models)


def _largest(
    changes: Mapping[str, ScoreChange], accounts: pd.Index, account_id: str, top: int
) -> list[tuple[str, int]]:
    """Return target and row of the ``top`` largest changes, or of all of one account's."""
    by_size = sorted(
        (-abs(float(size)), name, row)
        for name, change in changes.items()
        for row, size in enumerate(change.after - change.before)
        if not account_id or accounts[row] == account_id
    )
    return [(name, row) for _, name, row in (by_size if account_id else by_size[:top])]


def _account_move(
    account_id: str, target: str, change: ScoreChange, row: int, because: list[ChangeReason]
) -> AccountMove:
    figures = {field: round(float(values[row]), 6) for field, values in vars(change).items()}
    return AccountMove(account_id=account_id, target=target, **figures, because=because)


def _target_move(target: str, change: ScoreChange, earlier: _Side, newer: _Side) -> TargetMove:
    before, after = (str(side.models[target].card.version) for side in (earlier, newer))
    means = {field: round(float(np.mean(values)), 6) for field, values in vars(change).items()}
    return TargetMove(target=target, accounts=len(change.after), **means, versions=(before, after))
