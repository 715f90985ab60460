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
"""Does a step and returns its result, in a line."""


def timed(name: str, work: Callable[[], str]) -> Step:
    """Do a step and tell how long it took."""
    started = utc_now().isoformat(timespec="seconds")
    clock = time.monotonic()
    summary = work()
    return Step(name, started, round(time.monotonic() - clock, 1), summary)


class Runner:
    """Does the steps that a record lacks, of ``total`` steps in a run."""

    def __init__(self, record: Record, folder: Path, progress: Progress, total: int) -> None:
        self.record, self._folder = record, folder
        self._progress, self._total = progress, total

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
            problems = [f"{name}: {problem}" for problem in error.problems]
            self._save(replace(self.record, failed="\n".join(problems)))
            raise type(error)(problems) from None
        self._save(self.record.with_step(step))

    def end(self) -> Path:
        """Write down that the week is done; return where."""
        return self._save(replace(self.record, done=True, failed=""))

    def _save(self, record: Record) -> Path:
        """Go on from ``record``, once it is written."""
        path = run_record.write(record, self._folder)
        self.record = record
        return path

    def _within(self, name: str) -> Progress:
        """Return a step's own progress as a part of the whole week's."""
        done = len(self.record.steps)
        return lambda text, share: self._progress(
            f"{name}: {text}", min(1.0, (done + share) / self._total)
        )
