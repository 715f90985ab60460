"""A verdict is kept whole, and its worst finding decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from pipelines.monitoring.verdict import (
    FalseAlarms,
    Finding,
    Verdict,
    history,
    overall,
    read,
    write,
)

MONDAY = date(2026, 3, 2)
STOPPED = Finding("data_broken", "alarm", "feed_stopped", "usage_daily", {"days": 9}, MONDAY)
MOVED = Finding("customers_changed", "look", "column_moved", "seats_active", {"psi": 0.4}, MONDAY)
WAITING = replace(STOPPED, light="ok")


def test_the_worst_finding_decides() -> None:
    assert overall([MOVED, STOPPED]) == ("data_broken", "alarm")
    assert overall([MOVED]) == ("customers_changed", "look")
    assert overall([]) == ("fine", "ok")


def test_a_finding_that_waits_for_more_weeks_decides_nothing() -> None:
    assert overall([MOVED, WAITING]) == ("customers_changed", "look")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    verdict = Verdict(
        MONDAY,
        "data_broken",
        "alarm",
        (STOPPED, MOVED),
        FalseAlarms(0.01, 0.0, 0.02, 400),
        {"upsell": date(2026, 6, 1)},
        {"auc_upsell": 0.8, "auc_churn": None},
    )
    path = write(verdict, tmp_path)
    assert read(tmp_path, MONDAY) == verdict
    before = path.read_bytes()
    assert write(verdict, tmp_path).read_bytes() == before


def test_the_history_is_told_from_the_newest_week_back(tmp_path: Path) -> None:
    weeks = [date(2026, 2, 16), date(2026, 2, 23), MONDAY]
    for one in weeks:
        write(Verdict(one, "fine", "ok", ()), tmp_path)
    assert [one.as_of for one in history(tmp_path, MONDAY)] == [weeks[1], weeks[0]]
    assert read(tmp_path, date(2026, 3, 9)) is None
