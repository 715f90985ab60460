"""Runs the steps of a week, each once: what was done is written down before the next begins."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from features.errors import ExpansionError
from models.common.clock import utc_now
from pipelines.common.progress import Progress
from pipelines.orchestration import run_record
from pipelines.orchestration.run_record import Record, Step

Work = Callable[[Progress], str]
"""Does a step and returns what it has to say, in a line."""


def timed(name: str, work: Callable[[], str]) -> Step:
    """Do a step and tell how long it took."""
    started = utc_now().isoformat(timespec="seconds")
    clock = time.monotonic()
    told = work()
    return Step(name, started, round(time.monotonic() - clock, 1), told)


class Runner:
    """Does what a record lacks; ``most`` is the number of steps, to tell how far it is."""

    def __init__(self, known: Record, folder: Path, progress: Progress, most: int) -> None:
        self.record, self._folder = known, folder
        self._progress, self._most = progress, most

    def do(self, name: str, work: Work) -> None:
        """Do a step unless it was done; what it fails of is written down and told.

        Raises
        ------
        ExpansionError
            Of the kind that the step raised, with its name before each problem.
        """
        if self.record.has(name):
            return
        try:
            step = timed(name, lambda: work(self._within(name)))
        except ExpansionError as error:
            problems = [f"{name}: {one}" for one in error.problems]
            self.keep(replace(self.record, failed="\n".join(problems)))
            raise type(error)(problems) from None
        self.keep(self.record.with_step(step))

    def end(self) -> Path:
        """Write down that the week is done; return where."""
        return self.keep(replace(self.record, done=True, failed=""))

    def keep(self, known: Record) -> Path:
        """Go on from ``known``, once it is written."""
        path = run_record.write(known, self._folder)
        self.record = known
        return path

    def _within(self, name: str) -> Progress:
        """Return a step's own progress as a part of the whole week's."""
        done = len(self.record.steps)
        return lambda text, share: self._progress(
            f"{name}: {text}", min(1.0, (done + share) / self._most)
        )
