"""``moved``: why the probabilities changed since an earlier scoring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    """What moved between two scorings; ``accounts`` are those that moved most, or the one asked."""

    since: str
    until: str
    came: int
    left: int
    targets: list[TargetMove]
    accounts: list[AccountMove]


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
    earlier, newer = (_side(settings, one) for one in _pair(settings, since, until))
    both = earlier.rows.index.intersection(newer.rows.index, sort=True)
    if account_id and account_id not in both:
        raise UsageError(
            f"{account_id} was not scored both on {earlier.snapshot.as_of} and on "
            f"{newer.snapshot.as_of}"
        )
    then, now = (side.rows.loc[both] for side in (earlier, newer))
    names = [name for name in newer.models if name in earlier.models]
    taken = {n: score_change(earlier.models[n], newer.models[n], then, now) for n in names}
    chosen = _chosen(both, taken, account_id, top)
    told = _told(earlier.models, taken, then, now, chosen, settings)
    return MovedResult(
        since=earlier.snapshot.as_of,
        until=newer.snapshot.as_of,
        came=len(newer.rows.index.difference(both)),
        left=len(earlier.rows.index.difference(both)),
        targets=[_target(name, one, earlier, newer) for name, one in taken.items()],
        accounts=list(told),
    )


def _pair(settings: Settings, since: str, until: str) -> tuple[Snapshot, Snapshot]:
    known = [one for one in snapshots(settings) if not until or one.as_of <= until]
    before = [one for one in known[:-1] if not since or one.as_of <= since]
    if not before:
        days = ", ".join(one.as_of for one in known) or "none"
        raise DataError(
            f"there is no earlier scoring to compare with; stored: {days}. Each `expansion score` "
            "stores one"
        )
    return before[-1], known[-1]


def _side(settings: Settings, snapshot: Snapshot) -> _Side:
    path = settings.release_folder / snapshot.release_id
    manifest = bundle.verify(path)
    models = {name: ModelFiles.read(path / name) for name in manifest.models}
    return _Side(snapshot, snapshot.rows(), models)


def _chosen(
    accounts: pd.Index, taken: Mapping[str, ScoreChange], account_id: str, top: int
) -> list[tuple[str, int]]:
    """Return the target and row of each change to tell, the largest first."""
    changes = [
        (abs(float(change)), name, row)
        for name, one in taken.items()
        for row, change in enumerate(one.after - one.before)
        if not account_id or accounts[row] == account_id
    ]
    ordered = sorted(changes, key=lambda one: (-one[0], one[1], one[2]))
    return [(name, row) for _, name, row in (ordered if account_id else ordered[:top])]


def _told(
    models: Mapping[str, ModelFiles],
    taken: Mapping[str, ScoreChange],
    then: pd.DataFrame,
    now: pd.DataFrame,
    chosen: list[tuple[str, int]],
    settings: Settings,
) -> Iterator[AccountMove]:
    for name, row in chosen:
        one, part = taken[name], slice(row, row + 1)
        because = change_reasons(
            models[name],
            then.iloc[part],
            now.iloc[part],
            settings.company.currency,
            words=settings.words,
        )[0]
        yield AccountMove(
            account_id=str(now.index[row]),
            target=name,
            **{field: round(float(value[row]), 6) for field, value in vars(one).items()},
            because=because,
        )


def _target(name: str, one: ScoreChange, earlier: _Side, newer: _Side) -> TargetMove:
    versions = tuple(str(side.models[name].card.version) for side in (earlier, newer))
    means = {field: round(float(np.mean(value)), 6) for field, value in vars(one).items()}
    return TargetMove(
        target=name, accounts=len(one.after), **means, versions=(versions[0], versions[1])
    )
