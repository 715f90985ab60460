"""Accepts feedback: into the store, or while that is gone onto the disk, in order, never lost."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from features.errors import EnvironmentFailure
from models.store.feedback import Feedback, FeedbackStore
from serving.queue.disk_queue import DiskQueue, Line

log = logging.getLogger(__name__)


class IdempotencyConflict(Exception):
    """An idempotency key was used before, for another request."""


@dataclass(frozen=True)
class AcceptedFeedback:
    """An entry that is safe, and whether it still waits for the store."""

    entry: Feedback
    queued: bool


class FeedbackQueue:
    """Accepts feedback, and hands to the store what waits on disk.

    Parameters
    ----------
    store
        Where entries belong.
    queue
        Where they wait while the store is gone; with ``fsync``, since "accepted" is a promise.
    """

    def __init__(self, store: FeedbackStore, queue: DiskQueue) -> None:
        self._store, self._queue = store, queue
        self._lock = Lock()
        self._waiting: dict[str, Feedback] | None = None
        self.problems: tuple[str, ...] = ()

    def add(self, entry: Feedback) -> AcceptedFeedback:
        """Keep an entry, or return the one that an equal request has left before.

        Raises
        ------
        IdempotencyConflict
            When the entry with this id was made by another request.
        ErasedAccountError
            When the account was erased.
        EnvironmentFailure
            When neither store nor disk takes it.
        """
        with self._lock:
            waiting = self._waiting_entries()
            if entry.feedback_id in waiting:
                return AcceptedFeedback(
                    _checked_same(waiting[entry.feedback_id], entry), queued=True
                )
            # Nothing overtakes what waits.
            if not waiting and (stored := self._stored(entry)):
                return AcceptedFeedback(_checked_same(stored, entry), queued=False)
            self._queue.append(entry.as_line())
            waiting[entry.feedback_id] = entry
            return AcceptedFeedback(entry, queued=True)

    def refresh(self) -> None:
        """Hand what waits to the store, or say why it has to wait on."""
        with self._lock:
            if not self._waiting_entries():
                return
        self.problems = self._queue.flush(self._deliver)
        with self._lock:
            self._waiting = self._pending()

    def sizes(self) -> tuple[int, int]:
        """Return the bytes that wait for the store, and those that it has refused."""
        return self._queue.sizes()

    def close(self) -> None:
        """Hand over what waits as far as possible, and close."""
        self.refresh()
        self._queue.close()
        self._store.close()

    def _waiting_entries(self) -> dict[str, Feedback]:
        if self._waiting is None:
            self._waiting = self._pending()
        return self._waiting

    def _pending(self) -> dict[str, Feedback]:
        waiting: dict[str, Feedback] = {}
        for entry in map(Feedback.from_line, self._queue.pending()):
            waiting.setdefault(entry.feedback_id, entry)
        return waiting

    def _stored(self, entry: Feedback) -> Feedback | None:
        try:
            return self._store.add(entry)
        except EnvironmentFailure as error:
            log.warning("feedback waits for the store: %s", error)
            return None

    def _deliver(self, lines: Sequence[Line]) -> None:
        self._store.write([Feedback.from_line(line) for line in lines])


def _checked_same(stored: Feedback, entry: Feedback) -> Feedback:
    if stored.digest != entry.digest:
        raise IdempotencyConflict
    return stored
