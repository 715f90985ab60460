"""Keeps an eye on the score store: a new scoring becomes the snapshot that is answered from."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import tempfile
import weakref
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from features.errors import EnvironmentFailure
from models.common.clock import utc_now
from models.store.scores import ScoreStore
from serving.schemas.validation import messages
from serving.snapshot import file
from serving.snapshot.snapshot import Answer, Snapshot

NO_SCORES = "the score store is empty; run `expansion score`"
FIRST_LOOK = "the scores are loading; this takes seconds"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CurrentSnapshot:
    """A snapshot as of now: how old it is, and whether a newer one is overdue or may be unread."""

    snapshot: Snapshot
    age_days: int
    stale: bool

    @cached_property
    def ending(self) -> bytes:
        """The end of each answer."""
        return b',"age_days":%d,"stale":%s}' % (self.age_days, json.dumps(self.stale).encode())

    def complete(self, answer: Answer) -> tuple[bytes, str]:
        """Return an answer with its end, and its tag, which is another one each day."""
        return (
            answer.body + self.ending,
            f'"{answer.tag}-{self.age_days}{"s" if self.stale else ""}"',
        )


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
        self._folder = folder or Path(tempfile.mkdtemp(prefix="expansion-"))
        if folder is None:
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def refresh(self) -> None:
        """Copy the newest scoring, if it is new; the one before goes on answering meanwhile."""
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
            self.problems = () if self.current else (NO_SCORES,)
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

    def _take_newest(self) -> None:
        newest = self._store.newest()
        if newest is None or (self.current and file.key(newest) == self.current.snapshot.key):
            return
        path = file.path_of(self._folder, newest)
        self._replace(self._open_existing(path) or self._copy_newest())

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

    def _copy_newest(self) -> Snapshot:
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._store.open_scoring() as copy:
            if copy is None:
                raise ValueError("it is gone again")
            path = file.path_of(self._folder, copy.scoring)
            file.write(path, copy)
        return Snapshot(path)

    def _replace(self, snapshot: Snapshot) -> None:
        before = self.current.snapshot if self.current else None
        # What an account was erased from must not be read on for the sake of a list's pages.
        same = before and before.scoring.scoring_id == snapshot.scoring.scoring_id
        self._earlier = None if same else before
        self._show(snapshot, is_read=True)
        keep = [snapshot.path, *([self._earlier.path] if self._earlier else [])]
        with suppress(OSError):
            file.sweep(self._folder, keep)

    def _show_leftover(self) -> None:
        """Answer from the newest snapshot left in the folder, while the store is gone."""
        snapshots = [self._open_existing(path) for path in self._folder.glob("edition-*.db")]
        order = sorted(
            (snapshot for snapshot in snapshots if snapshot),
            key=lambda snapshot: (snapshot.scoring.as_of, snapshot.scoring.created_at),
        )
        if order:
            self._show(order[-1], is_read=False)

    def _show(self, snapshot: Snapshot, *, is_read: bool) -> None:
        age = (utc_now().date() - snapshot.scoring.as_of).days
        self.current = CurrentSnapshot(snapshot, age, stale=not is_read or age > self._stale_days)


def _explain(error: Exception) -> str:
    return messages(error.errors())[0] if isinstance(error, ValidationError) else str(error)
