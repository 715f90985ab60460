"""What a week's run has done, as it is written down."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from pipelines.orchestration.run_record import Record, Step, last, path_of, read, write

DAY = date(2026, 8, 3)
STEP = Step("score", "2026-08-03T04:00:00+00:00", 1.5, "12 accounts")


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    known = Record(DAY, "abc", (STEP,), failed="monitor: no")
    path = write(known, tmp_path)
    assert read(tmp_path, DAY) == known
    assert json.loads(path.read_text("utf-8"))["steps"] == [
        {
            "name": "score",
            "started_at": "2026-08-03T04:00:00+00:00",
            "seconds": 1.5,
            "told": "12 accounts",
        }
    ]
    assert known.has("score")
    assert not known.has("monitor")


def test_a_step_that_went_well_ends_the_failure() -> None:
    assert Record(DAY, "abc", failed="score: no").with_step(STEP).failed == ""


def test_a_week_that_never_began_or_that_other_code_wrote_has_no_record(tmp_path: Path) -> None:
    assert read(tmp_path, DAY) is None
    path_of(tmp_path, DAY).write_text('{"format": 0}')
    assert read(tmp_path, DAY) is None


def test_the_last_run_is_the_newest_that_came_to_its_end(tmp_path: Path) -> None:
    done, half = date(2026, 7, 13), date(2026, 7, 20)
    write(Record(date(2026, 7, 6), "a", done=True), tmp_path)
    write(Record(done, "a", done=True), tmp_path)
    write(Record(half, "a"), tmp_path)
    found = last(tmp_path, DAY)
    assert found is not None
    assert found.as_of == done
    assert last(tmp_path, date(2026, 7, 6)) is None
