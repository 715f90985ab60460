from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from features.errors import DataError
from pipelines.lifecycle.promotion_log import (
    PROMOTED,
    ROLLED_BACK,
    Promotion,
    PromotionLog,
    periods_in_use,
    version_stacks,
)


def promotion(version: str, day: str, before: str | None = None, **more: str) -> Promotion:
    when = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    plain = {"target": "upsell", "why": "it is better", "who": "a data scientist", "release": "r1"}
    return Promotion(before=before, version=version, when=when, **{**plain, **more})


ONE = promotion("1", "2026-01-10")
TWO = promotion("2", "2026-02-20", "1")
BACK = promotion("1", "2026-03-05", "2", kind=ROLLED_BACK)


@pytest.fixture
def log(tmp_path: Path) -> PromotionLog:
    made = PromotionLog(tmp_path / "promotions.jsonl")
    made.append([ONE, TWO])
    return made


def test_what_was_appended_is_read_back(log: PromotionLog) -> None:
    log.append([BACK])
    assert log.read() == [ONE, TWO, BACK]


def test_no_log_is_an_empty_one(tmp_path: Path) -> None:
    assert PromotionLog(tmp_path / "promotions.jsonl").read() == []


def test_a_torn_last_line_was_never_promoted_wherever_it_was_torn(log: PromotionLog) -> None:
    whole = log.path.read_bytes()
    start = whole.index(b"\n") + 1
    for end in range(start, len(whole) - 1):
        log.path.write_bytes(whole[:end])
        assert log.read() == [ONE], end
        log.append([BACK])
        assert log.read() == [ONE, BACK], end


def test_a_last_line_that_only_lacks_its_end_counts(log: PromotionLog) -> None:
    log.path.write_bytes(log.path.read_bytes().rstrip(b"\n"))
    log.append([BACK])
    assert log.read() == [ONE, TWO, BACK]


def test_a_damaged_line_in_between_is_named_and_nothing_is_written_on(log: PromotionLog) -> None:
    damaged = log.path.read_bytes().replace(b"{", b"(", 1)
    log.path.write_bytes(damaged)
    for attempt in (log.read, lambda: log.append([BACK])):
        with pytest.raises(DataError, match=r"promotions\.jsonl, line 1: is not a promotion entry"):
            attempt()
    assert log.path.read_bytes() == damaged


def test_lines_of_earlier_versions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "promotions.jsonl"
    path.write_text(
        '{"when": "2026-01-10T12:00:00+00:00", "who": "a data scientist", "target": "upsell", '
        '"from": null, "to": "1", "why": "it is better"}\n'
    )
    (found,) = PromotionLog(path).read()
    assert (found.version, found.kind, found.forced, found.release) == ("1", PROMOTED, False, "")


@pytest.mark.parametrize(
    ("day", "versions"),
    [
        ("2026-01-09", []),
        ("2026-01-10", ["1"]),
        ("2026-02-19", ["1"]),
        ("2026-02-20", ["1", "2"]),
        ("2026-02-21", ["2"]),
        ("2026-03-05", ["2", "1"]),
        ("2030-01-01", ["1"]),
    ],
)
def test_what_was_in_use_on_a_day(day: str, versions: list[str]) -> None:
    found = [one.promotion.version for one in periods_in_use([ONE, TWO, BACK])
             if one.on(date.fromisoformat(day))]  # fmt: skip
    assert found == versions


def test_midnight_belongs_to_the_new_day() -> None:
    night = datetime(2026, 2, 20, tzinfo=UTC)
    found = periods_in_use([ONE, Promotion("upsell", "1", "2", "why", when=night, who="me")])
    assert [one.on(date(2026, 2, 20)) for one in found] == [False, True]
    assert [one.on(date(2026, 2, 19)) for one in found] == [True, False]


def test_targets_do_not_end_each_other() -> None:
    other = promotion("7", "2026-02-01", target="churn")
    assert [one.until for one in periods_in_use([ONE, other])] == [None, None]


@pytest.mark.parametrize(
    ("moves", "stands"),
    [
        ("1", ["1"]),
        ("1 2 3", ["1", "2", "3"]),
        ("1 2 3 <2", ["1", "2"]),
        ("1 2 3 <2 <1", ["1"]),
        ("1 2 <1 3", ["1", "3"]),
        ("1 2 1 <2", ["1", "2"]),
        ("1 2 1 3 <1", ["1", "2", "1"]),
    ],
)
def test_a_rollback_takes_away_what_stood_above(moves: str, stands: list[str]) -> None:
    made, last = [], None
    for move in moves.split():
        version = move.strip("<")
        kind = ROLLED_BACK if move.startswith("<") else PROMOTED
        made.append(promotion(version, "2026-01-10", last, kind=kind))
        last = version
    assert version_stacks(made) == {"upsell": stands}


def test_a_log_that_begins_late_knows_the_version_before() -> None:
    assert version_stacks([TWO]) == {"upsell": ["1", "2"]}
    assert version_stacks([BACK]) == {"upsell": ["1"]}
