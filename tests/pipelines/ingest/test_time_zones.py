"""One rule for days: a moment falls on the day that it was at the company, whatever the file."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import UsageError
from pipelines.config.settings import Settings, load
from pipelines.ingest.check import check
from pipelines.ingest.tables import ingest
from tests.pipelines.small import company
from tests.support.workbooks import workbook

CASES = Path(__file__).parents[2] / "cases"
NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"

MOMENTS = {
    "2024-03-10T23:30:00-05:00": {
        "UTC": "2024-03-11", NEW_YORK: "2024-03-11", BERLIN: "2024-03-11"
    },
    "2024-03-10T04:30:00Z": {"UTC": "2024-03-10", NEW_YORK: "2024-03-09", BERLIN: "2024-03-10"},
    "2024-03-11 03:30:00+00": {"UTC": "2024-03-11", NEW_YORK: "2024-03-10", BERLIN: "2024-03-11"},
    "2024-03-11T04:30:00.000+0000": {
        "UTC": "2024-03-11", NEW_YORK: "2024-03-11", BERLIN: "2024-03-11"
    },
    "2024-03-30T23:30:00Z": {"UTC": "2024-03-30", NEW_YORK: "2024-03-30", BERLIN: "2024-03-31"},
    "2024-03-31T22:30:00Z": {"UTC": "2024-03-31", NEW_YORK: "2024-03-31", BERLIN: "2024-04-01"},
    "2024-03-31T21:30:00Z": {"UTC": "2024-03-31", NEW_YORK: "2024-03-31", BERLIN: "2024-03-31"},
}  # fmt: skip
"""Moments around the days on which clocks change, and the day they are in each place.

On 10 March 2024 New York's clocks went from 2 to 3 a.m., on 31 March Berlin's.
"""
LATER = {
    "2024-11-03T01:30:00-04:00": {NEW_YORK: "2024-11-03"},
    "2024-11-03T01:30:00-05:00": {NEW_YORK: "2024-11-03"},
    "2024-11-04T04:30:00Z": {NEW_YORK: "2024-11-03"},
    "2024-10-26T22:30:00Z": {BERLIN: "2024-10-27"},
    "2024-10-27T23:30:00Z": {BERLIN: "2024-10-28"},
    "2024-10-27T22:30:00Z": {BERLIN: "2024-10-27"},
}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("+0000", "+00:00"))


def files(folder: Path, kind: str, texts: list[str]) -> str:
    """Write one row a moment in a file of this kind; return the source."""
    ids = [f"t{n}" for n in range(len(texts))]
    if kind == "csv":
        rows = "".join(f"{name},{text}\n" for name, text in zip(ids, texts, strict=True))
        (folder / "desk.csv").write_text(f"id,opened\n{rows}", "utf-8")
        return '"desk.csv"'
    if kind == "json":
        lines = (json.dumps({"id": n, "opened": t}) for n, t in zip(ids, texts, strict=True))
        (folder / "desk.jsonl").write_text("\n".join(lines), "utf-8")
        return '"desk.jsonl"'
    if kind == "excel":
        rows_ = [["id", "opened"], *([n, t] for n, t in zip(ids, texts, strict=True))]
        workbook(folder / "desk.xlsx", {"Desk": rows_})
        return '"desk.xlsx"'
    if kind in ("parquet", "parquet text"):
        moments = pa.array([moment(text) for text in texts], pa.timestamp("us", "UTC"))
        at = moments if kind == "parquet" else pa.array(texts)
        pq.write_table(pa.table({"id": ids, "opened": at}), folder / "desk.parquet")
        return '"desk.parquet"'
    if kind == "duckdb":
        with closing(duckdb.connect(str(folder / "desk.duckdb"))) as lake:
            lake.execute("CREATE TABLE desk (id VARCHAR, opened TIMESTAMPTZ)")
            lake.executemany("INSERT INTO desk VALUES (?, ?)", list(zip(ids, texts, strict=True)))
        return '{ duckdb = "desk.duckdb", table = "desk" }'
    with closing(sqlite3.connect(folder / "desk.db")) as desk:
        desk.execute("CREATE TABLE desk (id TEXT, opened TEXT)")
        desk.executemany("INSERT INTO desk VALUES (?, ?)", list(zip(ids, texts, strict=True)))
        desk.commit()
    return '{ url = "sqlite:///desk.db", table = "desk" }'


MAPPED = """
[company]
timezone = "{zone}"
data_through = 2024-12-01
[sources]
desk = {source}
[tables.tickets]
from = "{rows}"
[tables.tickets.columns]
ticket_id = "id"
account_id = "'a1'"
opened_on = "{day}"
known_at = "opened"
"""
KINDS = ["csv", "json", "excel", "parquet", "parquet text", "duckdb", "sqlite"]


def tickets(
    folder: Path, kind: str, zone: str, texts: list[str], rows: str = "desk", day: str = "opened"
) -> dict[str, tuple[date, datetime]]:
    company(folder)
    source = files(folder / "source", kind, texts)
    toml = MAPPED.replace("{zone}", zone).replace("{source}", source).replace("{rows}", rows)
    (folder / "expansion.toml").write_text(toml.replace("{day}", day), "utf-8")
    settings = load(folder / "expansion.toml")
    ingest(settings)
    read = pq.read_table(settings.tables_folder / "tickets.parquet").to_pylist()
    return {texts[int(row["ticket_id"][1:])]: (row["opened_on"], row["known_at"]) for row in read}


@pytest.mark.parametrize("zone", ["UTC", NEW_YORK, BERLIN])
@pytest.mark.parametrize("kind", KINDS)
def test_a_moment_falls_on_the_day_it_was_at_the_company(
    tmp_path: Path, kind: str, zone: str
) -> None:
    days = {**MOMENTS, **{text: by_zone for text, by_zone in LATER.items() if zone in by_zone}}
    read = tickets(tmp_path, kind, zone, list(days))
    assert {text: str(day) for text, (day, _) in read.items()} == {
        text: by_zone[zone] for text, by_zone in days.items()
    }
    assert {text: at for text, (_, at) in read.items()} == {
        text: moment(text).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for text in days
    }


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("rows", "day"),
    [
        ("desk", "CAST(opened AS DATE)"),
        ("desk", "date_trunc('day', opened)"),
        ("(SELECT id, opened, opened::DATE AS day FROM desk)", "day"),
        ("(SELECT id, max(opened) AS opened FROM desk GROUP BY id)", "opened"),
    ],
)
def test_a_query_cuts_days_in_the_same_way(tmp_path: Path, kind: str, rows: str, day: str) -> None:
    read = tickets(tmp_path, kind, NEW_YORK, list(MOMENTS), rows, day)
    assert {text: str(opened) for text, (opened, _) in read.items()} == {
        text: by_zone[NEW_YORK] for text, by_zone in MOMENTS.items()
    }


@pytest.mark.parametrize("kind", ["csv", "json", "sqlite", "parquet text"])
def test_a_time_without_an_offset_is_the_companys_own(tmp_path: Path, kind: str) -> None:
    texts = ["2024-03-10 23:30:00", "2024-03-31 00:15:00", "2024-03-10 02:30:00"]
    read = tickets(tmp_path, kind, NEW_YORK, texts)
    assert {text: str(day) for text, (day, _) in read.items()} == {
        text: text[:10] for text in texts
    }
    assert [str(at) for _, at in read.values()] == texts


def test_a_time_without_an_offset_among_others_is_the_companys_own(tmp_path: Path) -> None:
    texts = ["2024-03-12 23:30:00", "2024-03-13T03:30:00Z", "2024-03-14"]
    read = tickets(tmp_path, "csv", NEW_YORK, texts)
    assert [str(day) for day, _ in read.values()] == ["2024-03-12", "2024-03-12", "2024-03-14"]


@pytest.mark.parametrize(
    ("zone", "days", "through"),
    [
        ("", {"A": "2024-03-11", "B": "2024-03-10"}, "2024-03-12"),
        (NEW_YORK, {"A": "2024-03-11", "B": "2024-03-10"}, "2024-03-12"),
        ("America/Los_Angeles", {"A": "2024-03-10", "B": "2024-03-10"}, "2024-03-11"),
    ],
)
def test_the_case_of_offsets_in_a_csv_file(
    tmp_path: Path, zone: str, days: dict[str, str], through: str
) -> None:
    """At 23:30 with an offset of -5 hours New York's clocks already stood at 0:30 of the 11th."""
    shutil.copytree(CASES / "tz1", tmp_path / "tz1")
    config = tmp_path / "tz1" / "c.toml"
    line = f'[company]\ntimezone = "{zone}"' if zone else "[company]"
    config.write_text(config.read_text("utf-8").replace("[company]", line), "utf-8")
    settings = load(config)
    assert check(settings).data_through == through
    ingest(settings)
    usage = pq.read_table(settings.tables_folder / "usage_daily.parquet").to_pylist()
    assert {row["account_id"]: str(row["day"]) for row in usage} == days


def test_csv_and_parquet_give_the_same_tables(tmp_path: Path) -> None:
    prints: set[str] = set()
    for kind in KINDS:
        folder = tmp_path / kind.replace(" ", "-")
        folder.mkdir()
        tickets(folder, kind, BERLIN, list(MOMENTS))
        prints.add(ingest(load(folder / "expansion.toml")).fingerprint)
    assert len(prints) == 1


def zoned(folder: Path, zone: str) -> Settings:
    return company(folder, f'[company]\ntimezone = "{zone}"\n')


@pytest.mark.parametrize(
    ("zone", "near"),
    [("Europe/Berlni", "Europe/Berlin"), ("america/new york", "America/New_York"), ("utc", "UTC")],
)
def test_an_unknown_time_zone_is_refused(tmp_path: Path, zone: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"no such time zone; did you mean '{near}'"):
        zoned(tmp_path, zone)


def test_another_time_zone_reads_the_sources_again(tmp_path: Path) -> None:
    ingest(zoned(tmp_path, "UTC"))
    assert ingest(zoned(tmp_path, "UTC")).unchanged
    assert not ingest(zoned(tmp_path, "Europe/Berlin")).unchanged


def test_every_hour_of_a_year_falls_on_the_day_of_its_clock(tmp_path: Path) -> None:
    first = datetime.fromisoformat("2024-01-01T05:00:00+00:00")
    moments = [first + timedelta(hours=hours) for hours in range(0, 24 * 330, 7)]
    texts = [each.isoformat() for each in moments]
    read = tickets(tmp_path, "csv", NEW_YORK, texts)
    assert {text: day for text, (day, _) in read.items()} == {
        text: each.astimezone(ZoneInfo(NEW_YORK)).date()
        for text, each in zip(texts, moments, strict=True)
    }
