"""Keeps an eye on the release: a new one is tried out before it counts, a broken one is refused."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import DataError
from models.i18n.messages import Catalogue
from models.i18n.number_format import ENGLISH
from models.release import bundle
from models.release.bundle import Manifest

if TYPE_CHECKING:
    from serving.inference.scorer import Scorer

RETRY_SECONDS = 60.0
log = logging.getLogger(__name__)

FileStates = tuple[tuple[str, int, int], ...]
"""Each file's path, size and time of change: enough to see that something is new."""


class ReleaseWatcher:
    """The release that passed its checks, and what is wrong with a newer one.

    ``refused`` counts how often one was, the same one each minute; ``written_at`` is when the one
    in use was written, in seconds of the epoch.
    """

    def __init__(self, folder: Path, words: Catalogue = ENGLISH) -> None:
        self.folder, self.words = folder, words
        self.scorer: Scorer | None = None
        self.problems: tuple[str, ...] = ("the release is being verified; this takes seconds",)
        self.refused = 0
        self.written_at: float | None = None
        self._checked: FileStates | None = None
        self._retry_at = 0.0

    def refresh(self) -> None:
        """Check the current release, unless it looks as when last checked; blocks for seconds.

        A refused release is tried again each minute: the machine may have been at fault.
        """
        try:
            path = bundle.current(self.folder)
        except DataError as error:
            self._set_problems(*error.problems)
            return
        if path is None:
            self._set_problems(f"{self.folder}: no release is published")
            return
        states = _file_states(path)
        retry = bool(self.problems) and time.monotonic() >= self._retry_at
        if states != self._checked or retry:
            self._check(path, states)
            self._checked, self._retry_at = states, time.monotonic() + RETRY_SECONDS

    def _set_problems(self, *problems: str) -> None:
        self.problems, self._checked = problems, None

    @property
    def release_id(self) -> str | None:
        """The release that passed its checks."""
        return self.scorer.release_id if self.scorer else None

    def _check(self, path: Path, states: FileStates) -> None:
        try:
            self.scorer = _load_checked(path, self.words)
        except DataError as error:
            self.problems = error.problems
            self.refused += 1
            log.warning("release refused: %s", error)
        else:
            self.problems = ()
            self.written_at = max(changed for *_, changed in states) / 1e9


def _load_checked(path: Path, words: Catalogue) -> Scorer:
    """Return a release loaded, after a child process has loaded the very same bytes."""
    bundle.verify(path)
    with tempfile.TemporaryDirectory(prefix="expansion-release-") as folder:
        # A copy of our own: nobody changes it between the check and the loading.
        copy = Path(folder) / path.name
        shutil.copytree(path, copy, symlinks=True)
        try:
            manifest = bundle.verify(copy)
            bundle.check_in_child(copy)
        except DataError as error:
            raise DataError(
                [problem.replace(str(copy), str(path)) for problem in error.problems]
            ) from None
        return _load_warm(copy, manifest, words)


def _load_warm(path: Path, manifest: Manifest, words: Catalogue) -> Scorer:
    """Return a release loaded, once everything that is asked of it has been answered."""
    # Only here: the first answers need not wait for LightGBM to be imported.
    from serving.inference.scorer import Scorer
    from serving.inference.warm_up import warm_up

    try:
        scorer = Scorer.load(path, manifest, words)
        warm_up(scorer)
    except Exception as error:
        # Whatever it is: it would be the answer to the first who asks.
        raise DataError(
            f"{path.name}: cannot be used: {type(error).__name__}: {error}; refused"
        ) from error
    return scorer


def _file_states(path: Path) -> FileStates:
    files = sorted((file, file.lstat()) for file in (path, *path.rglob("*")))
    return tuple((str(file), status.st_size, status.st_mtime_ns) for file, status in files)
