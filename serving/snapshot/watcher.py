"""Keeps an eye on the score store: a new scoring becomes the snapshot that is answered from."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from features.errors import EnvironmentFailure
from models.common.clock import ZONES, latest_today, utc_now
from models.store.scores import ScoreStore, Scoring, clock_problem, is_clock_behind
from serving.schemas.validation import messages
from serving.snapshot import file
from serving.snapshot.snapshot import Answer, Snapshot

NO_SCORES = "the score store is empty; run `expansion score`"
WITHDRAWN = "every scoring was withdrawn or is of the future; see `expansion scorings`"
FIRST_LOOK = "the scores are loading; this takes seconds"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CurrentSnapshot:
    """A snapshot as of now: how old it is, and whether a newer one is overdue or may be unread.

    Both are ``None``, not known, while this machine's clock is behind.
    """

    snapshot: Snapshot
    age_days: int | None
    stale: bool | None

    @cached_property
    def ending(self) -> bytes:
        """The end of each answer."""
        return (
            f',"age_days":{json.dumps(self.age_days)},"stale":{json.dumps(self.stale)}}}'.encode()
        )

    def complete(self, answer: Answer) -> tuple[bytes, str]:
        """Return an answer with its end, and its tag, which is another one each day."""
        age = "x" if self.age_days is None else f"{self.age_days}{'s' if self.stale else ''}"
        return answer.body + self.ending, f'"{answer.tag}-{age}"'


class SnapshotWatcher:
    """The snapshot that is answered from, the one before it, and what is wrong with a newer one.

    Parameters
    ----------
    store
        Where new scorings come from.
    folder
        Where snapshots lie, shared with other workers; ``None`` makes one that goes with
        this watcher.
    stale_days
        Age above which scores are stale.
    """

    def __init__(self, store: ScoreStore, folder: Path | None = None, stale_days: int = 14) -> None:
        self.current: CurrentSnapshot | None = None
        self.problems: tuple[str, ...] = (FIRST_LOOK,)
        self.store_answers = False
        self._store, self._stale_days = store, stale_days
        self._earlier: Snapshot | None = None
        self._ahead: Scoring | None = None
        self._folder = folder or Path(tempfile.mkdtemp(prefix="expansion-"))
        if folder is None:
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def refresh(self) -> None:
        """Copy the newest scoring, if it is new; the one before goes on answering meanwhile.

        A scoring that was withdrawn answers no longer.
        """
        is_read, self.store_answers = False, True
        try:
            self._take_newest()
        except EnvironmentFailure as error:
            self.problems, self.store_answers = error.problems, False
            log.warning("the score store cannot be read: %s", error)
        except (OSError, sqlite3.Error, ValueError, TypeError) as error:
            self.problems = (f"the newest scoring cannot be used: {_explain(error)}",)
            log.warning("scoring refused: %s", self.problems[0])
        else:
            is_read = True
            self.problems = tuple(self._problems())
        if self.current is None and not is_read:
            self._show_leftover()
        if self.current is not None:
            self._show(self.current.snapshot, is_read=is_read)

    def snapshot(self, key: str) -> Snapshot | None:
        """Return the snapshot with this key, as long as it can be read."""
        candidates = (self.current.snapshot if self.current else None, self._earlier)
        match = next(
            (snapshot for snapshot in candidates if snapshot is not None and snapshot.key == key),
            None,
        )
        return match or self._newer(key)

    def _newer(self, key: str) -> Snapshot | None:
        """Return a snapshot that another worker has taken already, and this one soon will."""
        path = self._folder / f"edition-{key}.db"
        is_left = path in set(self._folder.glob("edition-*.db"))
        snapshot = self._open_existing(path) if is_left and self.current else None
        if snapshot is None or self.current is None:
            return None
        is_newer = snapshot.scoring.created_at > self.current.snapshot.scoring.created_at
        return snapshot if is_newer else None

    def _problems(self) -> Iterator[str]:
        """Yield what is wrong with the scores although they could be read."""
        if self.current is None:
            yield NO_SCORES if self._ahead is None and not self._store.states() else WITHDRAWN
        if self._ahead is not None:
            yield clock_problem(self._ahead)

    def _take_newest(self) -> None:
        newest, self._ahead = self._store.newest(), self._store.ahead()
        if newest is None and self._ahead is not None and _is_consistent(self._ahead):
            newest = self._ahead  # all that there is was made after this machine's time
        if newest is None:
            self._drop_withdrawn()
        elif self.current is None or file.key(newest) != self.current.snapshot.key:
            path = file.path_of(self._folder, newest)
            self._replace(self._open_existing(path) or self._copy(newest))

    def _drop_withdrawn(self) -> None:
        """Answer no longer from a scoring that does not count; a store that lost all is no word."""
        if self.current is not None and self._store.states():
            self.current = self._earlier = None
            with suppress(OSError):
                file.sweep(self._folder, ())

    def _open_existing(self, path: Path) -> Snapshot | None:
        """Return the snapshot that another worker or an earlier life of this one has left."""
        if not path.exists():
            return None
        try:
            snapshot = Snapshot(path)
            snapshot.check()
        except (sqlite3.Error, ValueError, TypeError) as error:
            log.warning("%s is damaged and written anew: %s", path, error)
            return None
        return snapshot

    def _copy(self, scoring: Scoring) -> Snapshot:
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._store.open_scoring(scoring_id=scoring.scoring_id) as copy:
            if copy is None:
                raise ValueError("it is gone again")
            path = file.path_of(self._folder, copy.scoring)
            file.write(path, copy)
        return Snapshot(path)

    def _replace(self, snapshot: Snapshot) -> None:
        before = self.current.snapshot if self.current else None
        # What an account was erased from, or was withdrawn, must not be read on for the sake of a
        # list's pages.
        is_read_on = before is not None and _order(before) < _order(snapshot)
        same = before and before.scoring.scoring_id == snapshot.scoring.scoring_id
        self._earlier = before if is_read_on and not same else None
        self._show(snapshot, is_read=True)
        keep = [snapshot.path, *([self._earlier.path] if self._earlier else [])]
        with suppress(OSError):
            file.sweep(self._folder, keep)

    def _show_leftover(self) -> None:
        """Answer from the newest snapshot left in the folder, while the store is gone."""
        snapshots = [self._open_existing(path) for path in self._folder.glob("edition-*.db")]
        today = latest_today()
        order = sorted(
            (snapshot for snapshot in snapshots if snapshot),
            key=lambda snapshot: (snapshot.scoring.as_of <= today, _order(snapshot)),
        )
        if order:
            self._show(order[-1], is_read=False)

    def _show(self, snapshot: Snapshot, *, is_read: bool) -> None:
        if self._is_clock_behind(snapshot):
            self.current = CurrentSnapshot(snapshot, None, stale=None if is_read else True)
            return
        age = max(0, (utc_now().date() - snapshot.scoring.as_of).days)
        self.current = CurrentSnapshot(snapshot, age, stale=not is_read or age > self._stale_days)

    def _is_clock_behind(self, snapshot: Snapshot) -> bool:
        """Say whether any scoring was made after this machine's time: no age is known then."""
        newer = (self._ahead, snapshot.scoring)
        return any(scoring is not None and is_clock_behind(scoring) for scoring in newer)


def _order(snapshot: Snapshot) -> tuple[date, datetime]:
    return snapshot.scoring.as_of, snapshot.scoring.created_at


def _is_consistent(scoring: Scoring) -> bool:
    """Say whether a scoring is of a day that had come when it was made."""
    return scoring.as_of <= scoring.created_at.date() + ZONES


def _explain(error: Exception) -> str:
    return messages(error.errors())[0] if isinstance(error, ValidationError) else str(error)
