"""The local copy of the newest scoring: new ones are taken up, a store that is gone is outlived."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models.common import clock
from models.store.scores import ScoreStore, Withdrawal
from serving.snapshot import file, watcher
from serving.snapshot.watcher import NO_SCORES, WITHDRAWN, SnapshotWatcher
from tests.models.stored import account, scoring

TODAY = datetime.now(UTC).date()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ScoreStore]:
    opened = ScoreStore(f"sqlite:///{tmp_path / 's.db'}")
    yield opened
    opened.close()


@pytest.fixture
def watch(store: ScoreStore, tmp_path: Path) -> SnapshotWatcher:
    return SnapshotWatcher(store, tmp_path / "cache", stale_days=14)


def spoil(store: ScoreStore, tmp_path: Path) -> None:
    """Put something where the database was that is none."""
    store.close()
    for path in tmp_path.glob("s.db*"):
        path.write_text("this is no database, and long enough to be read as one")


def snapshots(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache").iterdir())


def test_a_new_scoring_becomes_the_edition_and_the_one_before_can_be_read_on(
    store: ScoreStore, watch: SnapshotWatcher, tmp_path: Path
) -> None:
    watch.refresh()
    assert (watch.current, watch.problems) == (None, (NO_SCORES,))
    seen = []
    for day in (3, 10, 17):
        store.write(scoring(f"s{day}", as_of=date(2026, 8, day)), [account(1)])
        watch.refresh()
        assert watch.current is not None
        assert watch.current.snapshot.scoring.scoring_id == f"s{day}"
        seen.append(watch.current.snapshot.key)
    assert [watch.snapshot(key) is not None for key in seen] == [False, True, True]
    assert snapshots(tmp_path) == sorted(f"edition-{key}.db" for key in seen[1:])


def test_a_scoring_written_again_is_another_snapshot(
    store: ScoreStore, watch: SnapshotWatcher
) -> None:
    store.write(scoring(), [account(1)])
    watch.refresh()
    later = scoring().created_at + timedelta(hours=1)
    store.write(scoring(created_at=later), [account(1, name="New Name Ltd")])
    watch.refresh()
    assert watch.current is not None
    found = watch.current.snapshot.lookup("a-000001")
    assert found is not None
    assert b"New Name Ltd" in found.body


def test_a_scoring_that_cannot_be_answered_is_refused_and_the_old_stays(
    store: ScoreStore, watch: SnapshotWatcher, tmp_path: Path
) -> None:
    store.write(scoring(), [account(1)])
    watch.refresh()
    broken: Any = {"upsell": "much"}
    newer = scoring("newer", as_of=date(2026, 8, 10))
    store.write(newer, [account(1, probabilities=broken)])
    watch.refresh()
    assert watch.current is not None
    assert watch.current.snapshot.scoring == scoring()
    assert "upsell" in watch.problems[0]
    assert len(snapshots(tmp_path)) == 1
    assert watch.current.stale


def test_while_the_store_is_gone_the_last_scores_are_given_and_called_stale(
    store: ScoreStore, watch: SnapshotWatcher, tmp_path: Path
) -> None:
    store.write(scoring(as_of=TODAY), [account(1)])
    watch.refresh()
    assert watch.current is not None
    assert (watch.current.age_days, watch.current.stale) == (0, False)
    spoil(store, tmp_path)
    watch.refresh()
    assert watch.current.stale
    assert watch.current.snapshot.lookup("a-000001") is not None
    assert watch.problems


@pytest.mark.parametrize(("days", "stale"), [(14, False), (15, True)])
def test_scores_are_stale_from_a_certain_age(
    store: ScoreStore, watch: SnapshotWatcher, days: int, stale: bool
) -> None:
    store.write(scoring(as_of=TODAY - timedelta(days=days)), [account(1)])
    watch.refresh()
    assert watch.current is not None
    assert (watch.current.age_days, watch.current.stale) == (days, stale)


def weeks(store: ScoreStore, *days: int) -> None:
    """Write a scoring of each of some days of August, made at six in the morning of the day."""
    for day in days:
        made = datetime(2026, 8, day, 6)  # noqa: DTZ001 (the store holds naive UTC)
        store.write(scoring(f"s{day}", as_of=date(2026, 8, day), created_at=made), [account(1)])


def shown(watch: SnapshotWatcher) -> str | None:
    return watch.current.snapshot.scoring.scoring_id if watch.current else None


TAKEN_BACK = Withdrawal(datetime(2026, 8, 18), "operations", "wrong data")  # noqa: DTZ001


def test_a_withdrawn_scoring_answers_no_longer_nor_is_it_left_anywhere(
    store: ScoreStore, watch: SnapshotWatcher, tmp_path: Path
) -> None:
    weeks(store, 10, 17)
    watch.refresh()
    assert shown(watch) == "s17"
    assert watch.current is not None
    key = watch.current.snapshot.key
    store.withdraw("s17", TAKEN_BACK)
    watch.refresh()
    assert (shown(watch), watch.problems) == ("s10", ())
    assert watch.snapshot(key) is None
    assert len(snapshots(tmp_path)) == 1
    store.restore("s17")
    watch.refresh()
    assert shown(watch) == "s17"


def test_without_any_other_a_withdrawn_scoring_leaves_nothing_to_answer_from(
    store: ScoreStore, watch: SnapshotWatcher, tmp_path: Path
) -> None:
    weeks(store, 17)
    watch.refresh()
    store.withdraw("s17", TAKEN_BACK)
    watch.refresh()
    assert (watch.current, watch.problems) == (None, (WITHDRAWN,))
    assert snapshots(tmp_path) == []


def test_a_scoring_of_the_future_answers_never_and_is_reported(
    store: ScoreStore, watch: SnapshotWatcher
) -> None:
    weeks(store, 17)
    store.write(scoring("future", as_of=date(2035, 1, 2)), [account(1)])
    watch.refresh()
    assert shown(watch) == "s17"
    assert watch.current is not None
    assert watch.current.stale is not None
    (problem,) = watch.problems
    assert "of 2035-01-02, after today" in problem
    assert "expansion scorings withdraw future" in problem
    store.withdraw("future", TAKEN_BACK)
    watch.refresh()
    assert watch.problems == ()


@pytest.mark.parametrize(
    ("today", "answers"),
    [
        (datetime(2026, 8, 12, tzinfo=UTC), "s10"),
        (datetime(2026, 6, 29, tzinfo=UTC), "s17"),
        (datetime(1970, 1, 1, tzinfo=UTC), "s17"),
    ],
    ids=["between", "before all", "1970"],
)
def test_a_clock_set_back_is_reported_and_no_age_is_known(
    store: ScoreStore,
    watch: SnapshotWatcher,
    monkeypatch: pytest.MonkeyPatch,
    today: datetime,
    answers: str,
) -> None:
    weeks(store, 10, 17)
    for module in (clock, watcher):
        monkeypatch.setattr(module, "utc_now", lambda: today)
    watch.refresh()
    assert shown(watch) == answers
    assert watch.current is not None
    assert (watch.current.age_days, watch.current.stale) == (None, None)
    assert watch.current.ending == b',"age_days":null,"stale":null}'
    (problem,) = watch.problems
    assert f"clock says {today:%Y-%m-%d}" in problem
    assert "the scoring s17 was made at 2026-08-17 06:00" in problem


def test_scores_of_a_day_that_has_only_come_elsewhere_have_no_age_below_zero(
    store: ScoreStore, watch: SnapshotWatcher
) -> None:
    store.write(scoring(as_of=TODAY + timedelta(days=1)), [account(1)])
    watch.refresh()
    assert watch.current is not None
    assert (watch.current.age_days, watch.current.stale, watch.problems) == (0, False, ())


def test_a_restart_without_the_store_finds_the_newest_edition_that_is_whole(
    store: ScoreStore, watch: SnapshotWatcher, tmp_path: Path
) -> None:
    for day in (3, 10):
        store.write(scoring(f"s{day}", as_of=date(2026, 8, day)), [account(1)])
        watch.refresh()
    spoil(store, tmp_path)
    (tmp_path / "cache" / "edition-garbled.db").write_text("no database")
    again = SnapshotWatcher(store, tmp_path / "cache")
    again.refresh()
    assert again.current is not None
    assert (again.current.snapshot.scoring.scoring_id, again.current.stale) == ("s10", True)


def test_a_damaged_edition_is_written_anew(
    store: ScoreStore, watch: SnapshotWatcher, tmp_path: Path
) -> None:
    store.write(scoring(), [account(number) for number in range(1, 50)])
    watch.refresh()
    path = file.path_of(tmp_path / "cache", scoring())
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * 4096 + whole[12288:])
    again = SnapshotWatcher(store, tmp_path / "cache")
    again.refresh()
    assert path.read_bytes() == whole
    assert again.problems == ()


def test_workers_share_one_snapshot(
    store: ScoreStore, watch: SnapshotWatcher, tmp_path: Path
) -> None:
    store.write(scoring(), [account(1)])
    watch.refresh()
    written = file.path_of(tmp_path / "cache", scoring()).stat().st_ino
    other = SnapshotWatcher(store, tmp_path / "cache")
    other.refresh()
    assert file.path_of(tmp_path / "cache", scoring()).stat().st_ino == written


def test_a_folder_of_its_own_goes_with_the_watch(store: ScoreStore) -> None:
    watch = SnapshotWatcher(store)
    folder = watch._folder
    assert folder.exists()
    del watch
    assert not folder.exists()


def test_workers_that_share_a_folder_do_not_trip_over_each_other(
    store: ScoreStore, watch: SnapshotWatcher, tmp_path: Path
) -> None:
    store.write(scoring("s1", as_of=date(2026, 8, 3)), [account(1)])
    ahead = SnapshotWatcher(store, tmp_path / "cache", stale_days=14)
    watch.refresh()
    for day in (10, 17):
        created = datetime.fromisoformat(f"2026-08-{day}T06:00")
        store.write(scoring(f"s{day}", as_of=date(2026, 8, day), created_at=created), [account(1)])
        ahead.refresh()
    assert watch.current is not None
    assert ahead.current is not None
    behind, key = watch.current.snapshot, ahead.current.snapshot.key
    assert not behind.path.exists()
    assert list(behind.answers(["a-000001"])) == ["a-000001"]
    assert behind.sums()[0]["accounts"] == 1
    followed = watch.snapshot(key)
    assert followed is not None
    assert followed.scoring.scoring_id == "s17"
    assert ahead.snapshot(behind.key) is None
    assert watch.snapshot("../s") is None
