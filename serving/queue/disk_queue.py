"""Lines that wait on disk until the store takes them: what was promised to be kept is kept.

Each process appends to a file of its own, on which it holds a lock. What is to be delivered is set
aside first, so that nothing is added to a file that is being read; a file without a lock is what a
killed process left, and whoever comes next delivers it. A file goes once the store has it all:
a line may reach the store twice, never not at all, so lines carry ids and storing is idempotent.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from filelock import lock_descriptor

from features.errors import DataError, EnvironmentFailure

BATCH = 1000
OPEN, READY, REFUSED = ".open", ".ready", ".refused"
# Made once: with arguments, json.dumps makes an encoder for every call.
encoded = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
log = logging.getLogger(__name__)

Line = Mapping[str, Any]
Deliver = Callable[[Sequence[Line]], None]
"""Takes lines in their order, all or none; ``EnvironmentFailure`` when the store is gone."""


class DiskQueue:
    """A queue of JSON lines in a folder.

    Parameters
    ----------
    folder
        Where the files lie; made when the first line comes.
    sure
        Whether each line is on the disk itself, not only with the operating system, when
        ``append`` returns: it then outlives a power failure, and costs milliseconds.
    """

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self.folder = folder
        self._fsync = fsync
        self._file: int | None = None
        self._path = folder
        self._writing, self._delivering = Lock(), Lock()

    def append(self, line: Line) -> None:
        """Add a line; it survives this process.

        Raises
        ------
        EnvironmentFailure
            When the folder cannot be written to.
        """
        text = (encoded(line) + "\n").encode()
        with self._writing:
            try:
                self._write(text)
            except OSError as error:
                # Half a line may have been written: what comes next must not be added to it.
                self._close_file()
                raise EnvironmentFailure(f"{self.folder}: cannot be written: {error}") from error

    def pending(self) -> Iterator[Line]:
        """Yield every line that waits, the oldest first."""
        for path in sorted(self.folder.glob("*.*"), key=lambda path: path.name):
            if path.suffix in (OPEN, READY):
                yield from _lines(path)

    def sizes(self) -> tuple[int, int]:
        """Return the bytes that wait, and the bytes that the store has refused."""
        waiting = sum(map(_size, [*self.folder.glob(f"*{OPEN}"), *self.folder.glob(f"*{READY}")]))
        return waiting, sum(map(_size, self.folder.glob(f"*{REFUSED}")))

    def flush(self, deliver: Deliver) -> tuple[str, ...]:
        """Deliver what waits, in its order; return why some of it has to wait on, if it has."""
        with self._delivering:
            self._mark_ready()
            for path in sorted(self.folder.glob(f"*{READY}")):
                try:
                    _deliver(path, deliver)
                except EnvironmentFailure as error:
                    log.warning("%s waits for the store: %s", self.folder.name, error)
                    return (f"{self.folder.name} waits for the store: {error}",)
        return ()

    def close(self) -> None:
        """Let go of the file: another process may deliver what is left."""
        with self._writing:
            self._close_file()

    def _write(self, text: bytes) -> None:
        self._file = file = self._open() if self._file is None else self._file
        if os.write(file, text) != len(text):
            raise OSError("the disk is full")
        if self._fsync:
            os.fsync(file)

    def _open(self) -> int:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = self.folder / f"{time.time_ns()}-{os.getpid()}{OPEN}"
        new = self._path.with_suffix(".new")
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        # Locked before it can be seen: nobody takes it for what a killed process left.
        lock_descriptor(file)
        new.rename(self._path)
        return file

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _mark_ready(self) -> None:
        """Make ready what this process wrote so far and what no living process holds."""
        with self._writing:
            if self._file is not None:
                self._path.rename(self._path.with_suffix(READY))
                self._close_file()
        for path in self.folder.glob(f"*{OPEN}"):
            _adopt(path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # delivered meanwhile
        return 0


def _adopt(path: Path) -> None:
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        # Not while somebody writes to it.
        if lock_descriptor(file, blocking=False):
            path.rename(path.with_suffix(READY))
    except FileNotFoundError:
        pass  # somebody adopted it first
    finally:
        os.close(file)


def _deliver(path: Path, deliver: Deliver) -> None:
    lines = list(_lines(path))
    try:
        for start in range(0, len(lines), BATCH):
            deliver(lines[start : start + BATCH])
    except DataError:
        # What the store will never take must not hold up what comes after it.
        log.exception("%s: the store refuses these lines; they stay there", path)
        path.rename(path.with_suffix(REFUSED))
    else:
        path.unlink(missing_ok=True)


def _lines(path: Path) -> Iterator[Line]:
    try:
        text = path.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return
    for line in filter(None, text.split("\n")):
        try:
            yield json.loads(line)
        except ValueError:
            # The last line of a killed process: nobody was told that it is kept.
            log.warning("%s: left out half a line", path)
