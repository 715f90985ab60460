"""Rows of the future, and months after the rest: they move nothing, and are named."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.contract import TABLES
from features.errors import DataError, UsageError
from models.common import clock
from pipelines.ingest.check import check
from pipelines.ingest.rules.stray_days import UsageDay, end_of_use
from pipelines.ingest.rules.times import never_ahead
from pipelines.ingest.tables import ingest, read_manifest
from pipelines.ingest.violations import CheckReport
from tests.pipelines.small import ACCOUNTS, SUBSCRIPTIONS, USAGE_DAILY, company

DROP = '[rules]\n"usage_daily.of_the_future" = "drop"\n'
TODAY = datetime.now(UTC).date()
DAY = timedelta(days=1)
THROUGH = "2024-05-01"
AHEAD = "2035-01-01"


def used(day: object, known: object = None) -> str:
    return f"a1,core,x,{day},3,1,{known or day}\n"


def future(report: CheckReport) -> dict[str, tuple[int, str]]:
    """Return by place how many rows are of the future, and what happens to them."""
    return {
        f"{violation.table}.{violation.column}": (violation.count, violation.policy)
        for violation in report.violations
        if violation.rule == "of_the_future"
    }


def test_one_event_of_2035_is_refused_and_moves_nothing(tmp_path: Path) -> None:
    report = check(company(tmp_path, usage_daily=USAGE_DAILY + used("2035-01-01", "2035-01-01")))
    assert not report.ok
    assert future(report) == {
        "usage_daily.day": (1, "refuse"),
        "usage_daily.known_at": (1, "refuse"),
    }
    assert report.data_through == THROUGH
    message = str(report.refused[0])
    assert "1 of 4 rows (25.0 %), such as" in message
    assert "day = 2035-01-01" in message
    assert '"usage_daily.of_the_future" = "drop"' in message
    assert "this machine's clock" in message


@pytest.mark.parametrize("known", ["2024-05-01", "2035-01-01", "2035-01-05"])
def test_dropped_it_is_as_if_it_were_not_there(tmp_path: Path, known: str) -> None:
    (tmp_path / "clean").mkdir()
    clean = company(tmp_path / "clean")
    ingest(clean)
    rows = USAGE_DAILY + used("2035-01-01", known)
    settings = company(tmp_path, DROP, usage_daily=rows)
    dropped = ingest(settings)
    assert dropped.data_through == THROUGH
    assert dropped.tables["usage_daily"].dropped == 1
    for name in dropped.tables:
        files = (folder.tables_folder / f"{name}.parquet" for folder in (clean, settings))
        first, second = (pq.read_table(file).to_pylist() for file in files)
        assert first == second, name


def test_in_much_use_few_rows_of_the_future_are_left_out_and_reported(tmp_path: Path) -> None:
    much = "".join(f"a1,core,x{n},2024-02-01,3,1,2024-02-02\n" for n in range(2000))
    report = check(company(tmp_path, usage_daily=USAGE_DAILY + much + used(AHEAD, THROUGH)))
    assert report.ok
    violation = next(v for v in report.violations if v.rule == "of_the_future")
    assert violation.fate == "left out by default (refused above 0.1 %)"
    assert report.tables["usage_daily"] == 2003
    assert report.data_through == THROUGH


OPTIONAL = {
    "users": "user_id,account_id,activated_on,deactivated_on,deactivated_known_on,known_at\n"
    "u1,a1,2024-02-01,{},{},{}\n",
    "contacts": "contact_id,account_id,role,from_on,left_on,left_known_on,leave_from,leave_to,"
    "leave_known_on,looking_known_on,known_at\nc1,a1,champion,2024-01-01,{},{},{},{},{},{},{}\n",
    "milestones": "account_id,milestone,reached_on,known_at\na1,first_outcome,{},{}\n",
    "tickets": "ticket_id,account_id,opened_on,escalated_on,closed_on,csat,known_at\n"
    "t1,a1,{},{},{},,{}\n",
    "org_units": "account_id,org_unit,headcount,status,changed_on,known_at\na1,sales,3,red,{},{}\n",
    "products": "product_id,name,price_metric,launched_on,known_at\ncore,Core,seats,{},{}\n",
}


ON_THE_DAY_OF_THE_END = ("deactivated_known_on", "left_known_on", "leave_known_on")


@pytest.mark.parametrize("table", OPTIONAL)
def test_in_every_table_what_nobody_can_know_ahead_is_refused(tmp_path: Path, table: str) -> None:
    text = OPTIONAL[table].replace("{}", AHEAD)
    report = check(company(tmp_path, **{table: text}))
    header = text.split("\n", 1)[0].split(",")
    # An end that is known on its own day may lie ahead: nobody announces it.
    expected = [
        name
        for name in never_ahead(TABLES[table])
        if name in header and name not in ON_THE_DAY_OF_THE_END
    ]
    assert "known_at" in expected
    assert future(report) == {f"{table}.{name}": (1, "refuse") for name in expected}


@pytest.mark.parametrize(
    ("row", "places"),
    [
        ("s3,a2,core,2035-01-01,,,5,120,EUR,2024-03-01,2024-03-01", []),
        ("s3,a2,core,2024-03-01,2035-01-01,2024-03-05,5,120,EUR,2024-03-01,2024-03-01", []),
        ("s3,a2,core,2024-03-01,2035-01-01,2034-01-01,5,120,EUR,2024-03-01,2024-03-01",
         ["ended_known_on"]),
        ("s3,a2,core,2024-03-01,2035-01-01,2035-01-01,5,120,EUR,2024-03-01,2024-03-01", []),
        ("s3,a2,core,2035-01-01,,,5,120,EUR,2034-03-01,2034-03-01", ["signed_on", "known_at"]),
    ],
    ids=["signed ahead", "ends as announced", "end known then", "end not announced", "signed then"],
)  # fmt: skip
def test_a_start_and_an_end_may_lie_ahead_what_is_signed_or_known_may_not(
    tmp_path: Path, row: str, places: list[str]
) -> None:
    report = check(company(tmp_path, subscriptions=f"{SUBSCRIPTIONS}{row}\n"))
    assert future(report) == {f"subscriptions.{name}": (1, "refuse") for name in places}


def test_never_ahead_are_the_days_on_which_things_became_known_or_happened() -> None:
    assert {name: never_ahead(table) for name, table in TABLES.items()} == {
        "accounts": ["known_at"],
        "subscriptions": ["ended_known_on", "signed_on", "known_at"],
        "usage_daily": ["day", "known_at"],
        "users": ["deactivated_known_on", "known_at"],
        "contacts": ["left_known_on", "leave_known_on", "looking_known_on", "known_at"],
        "milestones": ["reached_on", "known_at"],
        "tickets": ["opened_on", "escalated_on", "closed_on", "known_at"],
        "products": ["known_at"],
        "org_units": ["changed_on", "known_at"],
    }


@pytest.mark.parametrize(("ahead", "refused"), [(0, False), (1, False), (2, True)])
def test_what_is_today_somewhere_is_not_of_the_future(
    tmp_path: Path, ahead: int, refused: bool
) -> None:
    known = f"a3,Example Three,2024-01-01,{TODAY + ahead * DAY} 23:59:59\n"
    report = check(company(tmp_path, accounts=ACCOUNTS + known))
    assert bool(future(report)) is refused


@pytest.mark.parametrize("ahead", [-1, 0, 1])
def test_data_through_is_never_after_tomorrow_and_follows_the_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    newest = date(2024, 5, 3)
    settings = company(tmp_path, usage_daily=USAGE_DAILY + used(newest, newest))
    on(monkeypatch, newest - ahead * DAY)
    assert ingest(settings).data_through == str(newest + min(1, 1 - max(0, ahead)) * DAY)
    on(monkeypatch, newest + 3 * DAY)
    assert ingest(settings).data_through == str(newest + DAY)
    assert ingest(settings).unchanged


def test_rows_of_the_future_come_in_when_their_day_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = company(tmp_path, DROP, usage_daily=USAGE_DAILY + used("2024-05-20", "2024-05-20"))
    on(monkeypatch, date(2024, 5, 2))
    assert ingest(settings).tables["usage_daily"].rows == 3
    on(monkeypatch, date(2024, 5, 21))
    manifest = ingest(settings)
    assert (manifest.tables["usage_daily"].rows, manifest.data_through) == (4, "2024-05-21")
    assert not read_manifest(settings).holds_today_only


def test_a_manifest_of_before_is_read(tmp_path: Path) -> None:
    settings = company(tmp_path)
    ingest(settings)
    path = settings.tables_folder / "manifest.json"
    content = json.loads(path.read_text("utf-8"))
    del content["holds_today_only"]
    path.write_text(json.dumps(content))
    assert ingest(settings).unchanged


def test_the_end_that_is_set_must_not_lie_after_today(tmp_path: Path) -> None:
    settings = company(tmp_path, "[company]\ndata_through = 2035-01-01\n")
    with pytest.raises(UsageError, match=r"company\.data_through: 2035-01-01 lies after today"):
        check(settings)
    settings = company(tmp_path, f"[company]\ndata_through = {TODAY}\n")
    assert check(settings).data_through == str(TODAY)


def test_without_any_use_up_to_today_the_end_must_be_set(tmp_path: Path) -> None:
    header = USAGE_DAILY.strip().split("\n", 1)[0] + "\n"
    with pytest.raises(DataError, match=r"no use up to today.*\[company\] data_through"):
        check(company(tmp_path, usage_daily=header + used("2035-01-01")))
    with pytest.raises(DataError, match="usage_daily: no row is left"):
        check(company(tmp_path, DROP, usage_daily=header + used("2035-01-01")))


def test_use_months_after_the_rest_is_refused_until_somebody_decides(tmp_path: Path) -> None:
    start = date(2024, 2, 1)
    daily = "".join(used(start + n * DAY, start + n * DAY) for n in range(60))
    stray = used("2024-09-30", "2024-09-30")
    rows = USAGE_DAILY + daily + stray
    report = check(company(tmp_path, usage_daily=rows))
    assert future(report) == {"usage_daily.day": (1, "refuse")}
    assert report.data_through == THROUGH, "where the rest ends"
    accepted = check(company(tmp_path, DROP.replace("drop", "accept"), usage_daily=rows))
    assert (accepted.ok, accepted.data_through) == (True, "2024-10-01")
    chosen = check(company(tmp_path, "[company]\ndata_through = 2024-10-01\n", usage_daily=rows))
    assert (future(chosen), chosen.data_through) == ({}, "2024-10-01")
    dropped = check(company(tmp_path, DROP, usage_daily=rows))
    assert (dropped.ok, dropped.data_through) == (True, THROUGH)


def on(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    """Let it be noon of a day."""
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "utc_now", lambda: moment)


FIRST = date(2024, 1, 1)


def every(step: int, count: int, rows: int) -> list[UsageDay]:
    return [UsageDay(FIRST + number * step * DAY, rows) for number in range(count)]


def later(days: list[UsageDay], pause: int, *rows: int) -> list[UsageDay]:
    """Return days with more of them after a pause, one a day."""
    start = days[-1].day + pause * DAY
    return [*days, *(UsageDay(start + n * DAY, count) for n, count in enumerate(rows))]


@pytest.mark.parametrize(
    ("days", "stray"),
    [
        (later(every(1, 90, 2), 61, 1), 1),
        (later(every(1, 730, 20_000), 90, 1), 1),
        (later(every(1, 730, 20_000), 90, 1, 3, 2), 3),
        (later(later(every(1, 730, 20_000), 90, 1), 100, 1), 2),
        (later(every(7, 104, 500), 120, 2), 1),
        (later(every(1, 1, 2), 700, 1), 1),
        (later(every(1, 90, 2), 56, 1), 0),
        (later(every(1, 730, 20_000), 60, 18_000), 0),
        (later(every(1, 90, 20), 61, *[18] * 20), 0),
        (later(every(7, 104, 500), 14, 480), 0),
        (later(every(30, 24, 80), 31, 75), 0),
        (later(every(91, 8, 80), 92, 75), 0),
        (later(every(30, 24, 3), 31, 1), 0),
        (later(every(1, 3, 1), 200, 1), 0),
        ([], 0),
    ],
    ids=["small", "large", "three", "two apart", "weekly", "two days", "a month", "back",
         "small, back", "weekly on", "monthly on", "quarterly on", "small monthly", "rare", "none"],
)  # fmt: skip
def test_stray_days_do_not_move_the_end_and_rare_use_is_not_stray(
    days: list[UsageDay], stray: int
) -> None:
    newest = days[len(days) - stray - 1].day + DAY if days else None
    assert end_of_use(days) == newest


def test_use_after_the_day_of_a_first_load_is_not_stray(tmp_path: Path) -> None:
    rows = USAGE_DAILY + used("2022-02-01", "2024-04-01") + used("2023-11-01", "2024-04-01")
    loaded = [UsageDay(date(2022, 6, 2), 2), UsageDay(date(2024, 6, 2), 1)]
    assert end_of_use(loaded) == date(2022, 6, 3)
    assert end_of_use(loaded, date(2024, 5, 1)) == date(2024, 6, 3)
    assert end_of_use(loaded, date(2024, 6, 2)) == date(2022, 6, 3), "it vouches for nothing before"
    assert future(check(company(tmp_path, usage_daily=rows))) == {}


@given(st.integers(1, 31), st.integers(6, 200), st.integers(1, 5000), st.integers(0, 6), st.data())
def test_regular_use_however_rare_is_never_cut_and_one_far_row_never_moves_it(
    step: int, count: int, rows: int, jitter: int, data: st.DataObject
) -> None:
    shifts = data.draw(
        st.lists(st.integers(0, min(jitter, step - 1)), min_size=count, max_size=count)
    )
    days = [
        UsageDay(FIRST + (number * step + shift) * DAY, rows) for number, shift in enumerate(shifts)
    ]
    end = days[-1].day + DAY
    assert end_of_use(days) == end
    assert end_of_use([*days, UsageDay(end + 400 * DAY, 1)]) == end or rows * count < 2
