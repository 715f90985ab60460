"""``moved``: why the probabilities changed since an earlier scoring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
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
from models.i18n.number_format import Figures
from models.release import bundle
from models.release.model_files import ModelFiles
from pipelines.scoring.input_snapshots import DECIDED, ON, Snapshot, snapshots
from pipelines.scoring.scorings import invalid

if TYPE_CHECKING:
    from models.i18n.messages import Catalogue
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
class NoticeChange:
    """An account that has a probability at one of two scorings alone: the reason is a notice.

    ``is_decided``: notice was given for all that it holds, which ends ``on`` that day (ISO);
    otherwise the notice was withdrawn, or something new was signed. ``text`` says it in words.
    """

    account_id: str
    is_decided: bool
    on: str | None
    text: str


@dataclass(frozen=True)
class MovedResult:
    """What moved between two scorings; ``accounts`` are those that moved most, or the one asked.

    ``added`` and ``removed`` count the accounts that only the later or the earlier one scored.
    ``notices`` are the accounts whose outcome became decided, or open again: they have no
    probability at one of the two, and are not among the others.
    """

    since: str
    until: str
    added: int
    removed: int
    targets: list[TargetMove]
    accounts: list[AccountMove]
    notices: list[NoticeChange]

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
    notices = _notices(earlier.rows.loc[both], newer.rows.loc[both], settings.words)
    is_decided = earlier.rows.loc[both, DECIDED] | newer.rows.loc[both, DECIDED]
    both = both[~is_decided.to_numpy(bool)]
    then, now = (side.rows.loc[both] for side in (earlier, newer))
    names = [name for name in newer.models if name in earlier.models and len(both)]
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
        added=len(newer.rows.index.difference(earlier.rows.index)),
        removed=len(earlier.rows.index.difference(newer.rows.index)),
        targets=[_target_move(name, change, earlier, newer) for name, change in changes.items()],
        accounts=accounts,
        notices=[notice for notice in notices if account_id in ("", notice.account_id)],
    )


def _notices(then: pd.DataFrame, now: pd.DataFrame, words: Catalogue) -> list[NoticeChange]:
    """Return the accounts whose outcome is decided in one of two scorings of the same accounts."""
    notices = []
    changed = then[DECIDED].to_numpy(bool) != now[DECIDED].to_numpy(bool)
    columns = now.index[changed], now[DECIDED][changed], now[ON][changed]
    for account, is_decided, on in zip(*columns, strict=True):
        day = on if is_decided and isinstance(on, date) else None
        words_of_day = Figures(words.language).day(day) if day else words.text("phrase.unknown")
        key = "change.notice_given" if is_decided else "change.reopened"
        text = words.text(key, day=words_of_day)
        iso = day.isoformat() if day else None
        notices.append(NoticeChange(str(account), bool(is_decided), iso, text))
    return notices


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
