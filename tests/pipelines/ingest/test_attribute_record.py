"""``[tables.accounts] versions = true``: from one loading to the next, what changed is recorded."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from features.errors import DataError, UsageError
from pipelines.build.accounts import described
from pipelines.build.build import build
from pipelines.config.settings import Settings
from pipelines.ingest import attribute_record, tables
from pipelines.ingest.check import check
from pipelines.ingest.tables import ingest
from pipelines.security.erase import erase
from tests.pipelines.small import company, few

VERSIONS = "[tables.accounts]\nversions = true\n"
Row = tuple[str, str, str | None]


class Clock:
    """The day on which the company loads its data."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.day = date(2024, 5, 1)
        monkeypatch.setattr(attribute_record, "utc_now", lambda: self.now)

    @property
    def now(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, 4, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def at(folder: Path, first: str, second: str, *, through: str = "", more: str = "") -> Settings:
    """Write the company with the segments of its two accounts as they are today."""
    rows = f"""
account_id,name,created_on,known_at,segment
a1,Example One,2024-01-01,2024-01-01,{first}
a2,Example Two,2024-01-01,2024-01-01,{second}
"""
    head = f"[company]\ndata_through = {through}\n" if through else ""
    return company(folder, f"{head}{VERSIONS}{more}", accounts=rows)


def recorded(settings: Settings) -> list[Row]:
    rows = pq.read_table(attribute_record.path_of(settings)).to_pylist()
    return [(row["account_id"], str(row["known_at"].date()), row["segment"]) for row in rows]


def segments(settings: Settings) -> list[Row]:
    rows = pq.read_table(settings.tables_folder / "accounts.parquet").to_pylist()
    return [(row["account_id"], str(row["known_at"].date()), row["segment"]) for row in rows]


def test_each_loading_adds_what_changed(tmp_path: Path, clock: Clock) -> None:
    settings = at(tmp_path, "smb", "big")
    ingest(settings)
    first = [("a1", "2024-05-01", "smb"), ("a2", "2024-05-01", "big")]
    assert recorded(settings) == first
    clock.day = date(2024, 5, 8)
    ingest(at(tmp_path, "smb", "big", through="2024-05-08"))
    assert recorded(settings) == first
    ingest(at(tmp_path, "mid", "big", through="2024-05-08"))
    assert recorded(settings) == [first[0], ("a1", "2024-05-08", "mid"), first[1]]


@pytest.mark.usefixtures("clock")
def test_the_last_loading_of_a_day_counts_and_the_same_changes_nothing(tmp_path: Path) -> None:
    ingest(at(tmp_path, "smb", "big"))
    settings = at(tmp_path, "mid", "big")
    ingest(settings)
    assert recorded(settings) == [("a1", "2024-05-01", "mid"), ("a2", "2024-05-01", "big")]
    before = attribute_record.path_of(settings).stat().st_mtime_ns
    ingest(at(tmp_path, "mid", "big", through="2024-04-30"))
    assert attribute_record.path_of(settings).stat().st_mtime_ns == before


@pytest.mark.usefixtures("clock")
def test_a_check_records_nothing(tmp_path: Path) -> None:
    settings = at(tmp_path, "smb", "big")
    check(settings)
    assert not attribute_record.path_of(settings).exists()


def test_a_loading_that_was_killed_is_made_up_for(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    ingest(at(tmp_path, "smb", "big"))
    clock.day = date(2024, 5, 8)
    settings = at(tmp_path, "mid", "big")
    with monkeypatch.context() as patch:
        patch.setattr(tables, "_swap", killed)  # after the record, before the tables
        with pytest.raises(KeyboardInterrupt):
            ingest(settings)
    after_kill = recorded(settings)
    ingest(settings)
    assert recorded(settings) == after_kill
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", killed)  # while the record is written
        with pytest.raises(KeyboardInterrupt):
            ingest(at(tmp_path, "big", "big"))
    assert recorded(settings) == after_kill


def test_a_clock_set_back_records_nothing(tmp_path: Path, clock: Clock) -> None:
    settings = at(tmp_path, "smb", "big")
    ingest(settings)
    before = recorded(settings)
    clock.day = date(2023, 1, 1)
    ingest(at(tmp_path, "mid", "big"))
    assert recorded(settings) == before


def test_the_record_is_used_once_it_reaches_a_year_back(tmp_path: Path, clock: Clock) -> None:
    ingest(at(tmp_path, "smb", "big"))
    clock.day = date(2024, 9, 2)
    settings = at(tmp_path, "mid", "big", through="2024-09-02")
    ingest(settings)
    (history,) = check(settings).attributes
    assert (history.is_todays, history.recorded_since, history.usable_from) == (
        True,
        "2024-05-01",
        "2025-04-30",
    )
    assert segments(settings) == [("a1", "2024-01-01", "mid"), ("a2", "2024-01-01", "big")]
    settings = at(tmp_path, "mid", "big", through="2025-04-30")
    manifest = ingest(settings)
    assert not manifest.attributes[0].is_todays
    # Before the record began nothing is known; each value is known from the day of its loading.
    assert segments(settings) == [
        ("a1", "2024-01-01", None),
        ("a1", "2024-05-01", "smb"),
        ("a1", "2024-09-02", "mid"),
        ("a2", "2024-01-01", None),
        ("a2", "2024-05-01", "big"),
    ]
    assert manifest.tables["accounts"].rows == 5
    assert described(settings, "2024-03-01")["a1"]["segment"] == "smb"


def test_features_see_a_version_from_the_day_after_its_loading(
    tmp_path: Path, clock: Clock
) -> None:
    more = few().replace('"segment", ', "")
    ingest(at(tmp_path, "smb", "big", more=more))
    clock.day = date(2024, 9, 2)
    ingest(at(tmp_path, "mid", "big", more=more))
    settings = at(tmp_path, "mid", "big", through="2025-06-02", more=more)
    assert build(settings).left_out == {}
    rows = pq.read_table(settings.feature_table).to_pylist()
    of_first = {str(row["as_of"]): row["segment"] for row in rows if row["account_id"] == "a1"}
    seen = list(dict.fromkeys(of_first.values()))
    assert seen == [None, "smb", "mid"]
    assert max(day for day, segment in of_first.items() if segment is None) <= "2024-05-01"
    assert max(day for day, segment in of_first.items() if segment == "smb") <= "2024-09-02"


@pytest.mark.usefixtures("clock")
def test_an_account_that_is_erased_leaves_the_record(tmp_path: Path) -> None:
    settings = at(tmp_path, "smb", "big")
    build(at(tmp_path, "smb", "big", more=few()))
    proof = erase(settings, "account", "a1")
    assert proof.ok
    assert {place.place: place.removed for place in proof.places}["versions/accounts.parquet"] == 1
    assert [row[0] for row in recorded(settings)] == ["a2"]
    ingest(settings)
    assert [row[0] for row in recorded(settings)] == ["a2"]


@pytest.mark.usefixtures("clock")
def test_a_damaged_record_is_told_with_the_way_out(tmp_path: Path) -> None:
    settings = at(tmp_path, "smb", "big")
    ingest(settings)
    attribute_record.path_of(settings).write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=r"versions/accounts\.parquet: the record of versions is"):
        ingest(at(tmp_path, "mid", "big"))


def test_only_accounts_have_versions(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="versions = true under users: only accounts"):
        company(tmp_path, "[tables.users]\nversions = true\n")
