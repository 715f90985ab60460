"""``weekly``: a week's work in one command, taken up again where a former run ended.

Check and build run each time, for they see whether anything is new, and leave what is not as it is.
Each further step is written down when it is done, and is not done again for the same data, models
and settings. Days that went by without a run are scored and monitored first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import DataError, ExpansionError
from models.common.clock import latest_today
from models.common.files import write_atomically
from pipelines.common.lock import exclusive
from pipelines.common.progress import Progress, silent
from pipelines.lifecycle.deploy import current
from pipelines.orchestration import run_record
from pipelines.orchestration.run_record import Record, Step
from pipelines.orchestration.runner import Runner, timed
from pipelines.orchestration.steps import OUTBOUND, STEPS, catch_up
from pipelines.scoring.scorings import refuse_future

if TYPE_CHECKING:
    from pipelines.build.build import BuildResult
    from pipelines.config.settings import Settings
    from pipelines.ingest.summary.hints import Hint

WEEK = timedelta(days=7)
MOST_MISSED = 8
"""Weeks that are made up for; what lies further back than two months is history."""


@dataclass(frozen=True)
class WeeklyResult:
    """A week's run: its steps in order, and how many of them a former run had done.

    ``missed`` are the days that were made up for, ``path`` is the record.
    """

    as_of: str
    path: str
    steps: Sequence[Step]
    taken_over: int
    missed: Sequence[str]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        return {**vars(self), "steps": [step.as_dict() for step in self.steps]}


def weekly(settings: Settings, progress: Progress | None = None) -> WeeklyResult:
    """Check, build, score, forecast, monitor, report and notify, each once for the same inputs.

    Raises
    ------
    DataError
        When the tables violate the contract, or a step says no; those before it stay done.
    EnvironmentFailure
        When another run is under way, or something could not be reached.
    """
    with exclusive(settings.weekly_folder / "lock"):
        return _weekly(settings, progress or silent)


def _weekly(settings: Settings, progress: Progress) -> WeeklyResult:
    folder = settings.weekly_folder
    built, first_steps = _check_and_build(settings, progress)
    as_of = date.fromisoformat(built.last_as_of)
    refuse_future(as_of, settings.feature_table)
    inputs = _digest(built.fingerprint, current(settings), settings)
    record = _resumed(folder, Record(as_of, inputs, first_steps))
    missed = missed_days(folder, as_of)
    runner = Runner(record, folder, progress, 2 + len(missed) + len(STEPS))
    taken_over = len(record.steps) if record.steps != first_steps else 0
    for day in missed:
        runner.do(f"catch up {day}", partial(catch_up, settings, day))
    _run_steps(settings, runner)
    path = runner.end()
    days = [str(day) for day in missed]
    return WeeklyResult(str(as_of), str(path), runner.record.steps, taken_over, days)


def missed_days(folder: Path, as_of: date) -> list[date]:
    """Return the days, a week apart, that went by between the last finished run and ``as_of``.

    None lies after today, whatever the data says.
    """
    last = run_record.last(folder, as_of)
    if last is None:
        return []
    end = min(as_of, latest_today())
    weeks = (end - last.as_of - timedelta(days=1)) // WEEK
    return [last.as_of + WEEK * number for number in range(1, weeks + 1)][-MOST_MISSED:]


def _check_and_build(
    settings: Settings, progress: Progress
) -> tuple[BuildResult, tuple[Step, ...]]:
    """Check and build, which tell what there is to do."""
    from pipelines.build.build import build
    from pipelines.ingest.check import check

    def checked() -> str:
        progress("check", 0.0)
        report = check(settings)
        if not report.ok:
            raise DataError(
                "check: the tables violate the data contract, nothing was scored; run `expansion "
                "check` for details"
            )
        return f"meets the data contract{new_hints(settings, report.hints)}"

    results: list[BuildResult] = []

    def built() -> str:
        result = build(settings, lambda text, _share: progress(f"build: {text}", 0.1))
        results.append(result)
        change = f"{result.rows:,} rows, {result.computed} dates computed"
        return f"{'unchanged' if result.unchanged else change}, up to {result.last_as_of}"

    steps = (timed("check", checked), timed("build", built))
    return results[0], steps


HINTS = "hints.json"
"""The places of the hints of the last run, in the work folder."""


def new_hints(settings: Settings, hints: Sequence[Hint]) -> str:
    """Return the hints that the last run did not have, as a part of a sentence, and note all."""
    path = settings.work / HINTS
    places = {f"{hint.name} ({hint.place})": hint for hint in hints}
    before = json.loads(path.read_text("utf-8")) if path.exists() else []
    write_atomically(path, json.dumps(sorted(places)) + "\n")
    new = [place for place in places if place not in before]
    if not new:
        return ""
    return f"; new hints, see `expansion check`: {', '.join(new)}"


def _resumed(folder: Path, new: Record) -> Record:
    """Return what a former run wrote down, if it was about the same, else ``new``."""
    before = run_record.read(folder, new.as_of)
    return before if before and before.inputs == new.inputs else new


def _run_steps(settings: Settings, runner: Runner) -> None:
    """Do every step; where telling one place fails, the others are told all the same."""
    failed: list[ExpansionError] = []
    for name, run in STEPS.items():
        try:
            runner.do(name, partial(run, settings))
        except ExpansionError as error:
            if name not in OUTBOUND:
                raise
            failed.append(error)
    if failed:
        problems = [problem for error in failed for problem in error.problems]
        raise type(failed[0])(problems)


def _digest(fingerprint: str, release: Path | None, settings: Settings) -> str:
    """Return a digest of data, models and settings: with the same, a step gives the same."""
    inputs = (fingerprint, release and release.name, settings.model_dump_json())
    return hashlib.sha256(repr(inputs).encode()).hexdigest()
