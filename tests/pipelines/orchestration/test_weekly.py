"""A week's work: every step once, taken up where it ended, and what was missed is made up for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from features.errors import DataError, EnvironmentFailure
from pipelines.common.progress import Progress
from pipelines.config.settings import Settings, load
from pipelines.orchestration import run_record
from pipelines.orchestration import weekly as module
from pipelines.orchestration.run_record import Record
from pipelines.orchestration.steps import STEPS
from pipelines.orchestration.weekly import missed_days, weekly

DAY = date(2026, 8, 3)
ORDER = ["check", "build", "score", "forecast", "monitor", "report", "deliver", "notify"]


class Machine:
    """Steps that note that they ran; what is in ``broken`` fails."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.broken: set[str] = set()
        self.data = "as it was"
        self.as_of = DAY
        self.ok = True

    def step(self, name: str) -> Callable[[Settings, Progress], str]:
        def run(_settings: Settings, _progress: Progress) -> str:
            if name in self.broken:
                raise EnvironmentFailure(f"{name} has no network")
            self.ran.append(name)
            return f"{name} is done"

        return run

    def build(self, _settings: Settings, _progress: Progress) -> Any:
        self.ran.append("build")
        return SimpleNamespace(
            last_as_of=str(self.as_of), fingerprint=self.data, unchanged=True, rows=1, computed=0
        )

    def catch_up(self, _settings: Settings, day: date, _progress: Progress) -> str:
        self.ran.append(f"catch up {day}")
        return "made up for"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "expansion.toml").write_text("")
    return load(tmp_path / "expansion.toml")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(module, "STEPS", {name: made.step(name) for name in STEPS})
    monkeypatch.setattr(module, "catch_up", made.catch_up)
    monkeypatch.setattr("pipelines.build.build.build", made.build)
    monkeypatch.setattr(
        "pipelines.ingest.check.check", lambda _: SimpleNamespace(ok=made.ok, hints=())
    )
    return made


def test_a_week_goes_every_step_once(settings: Settings, machine: Machine) -> None:
    result = weekly(settings)
    assert [one.name for one in result.steps] == ORDER
    assert result.taken_over == 0
    again = weekly(settings)
    assert machine.ran == [*ORDER[1:], "build"]
    assert again.taken_over == len(again.steps)
    assert {tuple(step) for step in again.as_dict()["steps"]} == {
        ("name", "started_at", "seconds", "told")
    }
    assert [step.summary for step in again.steps] == [step.summary for step in result.steps]


def test_new_data_and_new_settings_begin_the_week_anew(
    settings: Settings, machine: Machine
) -> None:
    weekly(settings)
    machine.data = "corrected"
    assert weekly(settings).taken_over == 0
    other = settings.model_copy(update={"score": settings.score.model_copy(update={"top": 3})})
    assert weekly(other).taken_over == 0
    assert machine.ran == ORDER[1:] * 3


def test_a_step_that_fails_is_named_and_the_next_run_goes_on_from_it(
    settings: Settings, machine: Machine
) -> None:
    machine.broken = {"monitor"}
    with pytest.raises(EnvironmentFailure, match=r"^monitor: monitor has no network$"):
        weekly(settings)
    found = run_record.read(settings.weekly_folder, DAY)
    assert found is not None
    assert (found.done, found.failed) == (False, "monitor: monitor has no network")
    machine.broken = set()
    machine.ran = []
    assert weekly(settings).taken_over == ORDER.index("monitor")
    assert machine.ran == ["build", "monitor", "report", "deliver", "notify"]


def test_tables_against_the_contract_end_the_week_before_anything_is_built(
    settings: Settings, machine: Machine
) -> None:
    machine.ok = False
    with pytest.raises(DataError, match="violate the data contract"):
        weekly(settings)
    assert machine.ran == []


def test_weeks_without_a_run_are_made_up_for_in_their_order(
    settings: Settings, machine: Machine
) -> None:
    machine.as_of = date(2026, 7, 13)
    weekly(settings)
    machine.as_of, machine.ran = DAY, []
    result = weekly(settings)
    assert result.missed == ["2026-07-20", "2026-07-27"]
    assert machine.ran[:4] == ["build", "catch up 2026-07-20", "catch up 2026-07-27", "score"]
    assert weekly(settings).taken_over == len(ORDER) + 2


@pytest.mark.parametrize(
    ("last", "missed"),
    [
        ("2026-07-27", []),
        ("2026-07-29", []),
        ("2026-07-20", ["2026-07-27"]),
        ("2026-07-19", ["2026-07-26", "2026-08-02"]),
    ],
)
def test_only_whole_weeks_are_missed(tmp_path: Path, last: str, missed: list[str]) -> None:
    run_record.write(Record(date.fromisoformat(last), "a", done=True), tmp_path)
    assert [str(day) for day in missed_days(tmp_path, DAY)] == missed


def test_no_more_than_two_months_are_made_up_for(tmp_path: Path) -> None:
    known = Record(date(2025, 8, 4), "a", done=True)
    run_record.write(known, tmp_path)
    assert len(missed_days(tmp_path, DAY)) == module.MOST_MISSED
    assert missed_days(tmp_path, DAY)[-1] == date(2026, 7, 27)
    run_record.write(replace(known, as_of=DAY), tmp_path)
    assert missed_days(tmp_path, DAY)[-1] == date(2026, 7, 27)


def test_a_week_that_has_not_happened_is_neither_run_nor_made_up_for(
    settings: Settings, machine: Machine
) -> None:
    weekly(settings)
    machine.ran, machine.as_of = [], date(2035, 1, 2)
    with pytest.raises(DataError, match=r"2035-01-02, lies after today.*expansion check"):
        weekly(settings)
    assert machine.ran == ["build"]
    today = datetime.now(UTC).date()
    assert max(missed_days(settings.weekly_folder, machine.as_of)) <= today + timedelta(days=1)
