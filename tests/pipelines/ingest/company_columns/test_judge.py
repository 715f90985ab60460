"""Own columns that look ahead, change by chance or read a clock are refused, with the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import duckdb
import pytest

from features import catalogue
from features.contract import TABLES
from pipelines.config.settings import Settings, load
from pipelines.ingest.attribute_history import AttributeHistory
from pipelines.ingest.company_columns import judge
from pipelines.ingest.company_columns.faults import ColumnFault
from pipelines.ingest.company_columns.judge import column_faults
from pipelines.ingest.company_columns.past_dates import past_dates
from pipelines.ingest.company_columns.past_tables import PastTables
from tests.support.company import arrow
from tests.support.random_company import LAST, random_company

ACCOUNTS = 40
OF_AN_ACCOUNT = [name for name in TABLES if "account_id" in TABLES[name].names]

HEAD = """
import random
import time
from datetime import date, datetime

import ibis
import pandas as pd

from features import FeatureGroup

THIS_DAY = date.today()
mine = FeatureGroup("mine", "Mine.", owner="me")


def everything(facts, table):
    return facts.spine.join(facts.tables[table], "account_id")


@mine.rows("tickets")
def known(facts):
    return facts.rows("tickets")
"""

AHEAD = {
    "ahead_price_list": ("products", "facts.spine.cross_join(facts.tables['products'])", "count()"),
    "ahead_same_day": (
        "usage_daily",
        "everything(facts, 'usage_daily').filter(lambda t: t.day <= t.as_of)",
        "count()",
    ),
    "ahead_late_rows": (
        "usage_daily",
        "everything(facts, 'usage_daily').filter(lambda t: t.day < t.as_of)",
        "count()",
    ),
    "ahead_closed": (
        "tickets",
        "everything(facts, 'tickets').filter(lambda t: t.known_at < t.as_of.cast('timestamp'))",
        "closed_on.count()",
    ),
    "ahead_csat": (
        "tickets",
        "everything(facts, 'tickets').filter(lambda t: t.known_at < t.as_of.cast('timestamp'))",
        "csat.mean()",
    ),
    "ahead_left": (
        "contacts",
        "everything(facts, 'contacts').filter(lambda t: t.known_at < t.as_of.cast('timestamp'))",
        "left_on.count()",
    ),
    "ahead_ended": (
        "subscriptions",
        "everything(facts, 'subscriptions')"
        ".filter(lambda t: t.known_at < t.as_of.cast('timestamp'))",
        "ended_on.count()",
    ),
    "ahead_others": (
        "tickets",
        "facts.rows('tickets').cross_join(facts.tables['tickets'].aggregate("
        "median=lambda t: t.csat.mean()))",
        "median.max()",
    ),
    "ahead_segment": (
        "accounts",
        "facts.spine.join(facts.tables['accounts'].group_by('account_id').aggregate("
        "newest=lambda t: t.known_at.max()), 'account_id')",
        "newest.max().epoch_seconds()",
    ),
}
"""By name: the table whose future is read, the rows, and what is made of them."""

SOUND = """
@mine.rows("usage_daily")
def by_rank(facts):
    '''Whoever used most, in order, on each day.'''
    used = facts.rows("usage_daily").group_by(["account_id", "as_of"]).aggregate(
        events=lambda t: t.events.sum())
    return used.mutate(place=ibis.rank().over(group_by="as_of", order_by=used.events))

@mine.feature(by_rank, unit="count")
def sound_rank(rows):
    '''Place among all.'''
    return rows.place.max()

@mine.rows("tickets")
def newest(facts):
    '''The newest ticket.'''
    return facts.latest("tickets", "account_id")

@mine.feature(newest, unit="category")
def sound_newest(rows):
    '''The newest ticket.'''
    return rows.ticket_id.max()

@mine.rows("contacts")
def announced(facts):
    '''Roles that somebody takes soon.'''
    return facts.announced("contacts")

@mine.feature(announced, unit="count")
def sound_announced(rows):
    '''Roles, those that are to be taken included.'''
    return rows.count()

@mine.feature(known, unit="days")
def sound_age(rows):
    '''Days since the newest.'''
    return rows.as_of.max().delta(rows.opened_on.max(), unit="day")
"""

UNSTEADY = """
@mine.feature(known, unit="category")
def chance_first(rows):
    '''Any.'''
    return rows.ticket_id.first()

@mine.feature(known, unit="ratio")
def chance_of_python(rows):
    '''Chance.'''
    return rows.count() * random.random()

@mine.feature(known, unit="ratio")
def chance_of_the_engine(rows):
    '''Chance.'''
    return (rows.opened_on.day() + ibis.random()).max()

@mine.feature(known, unit="days")
def clock_constant(rows):
    '''Days up to a day that the file fixed when it was read.'''
    return ibis.literal(THIS_DAY).delta(rows.opened_on.max(), unit="day")

@mine.feature(known, unit="days")
def clock_of_python(rows):
    '''Days up to now.'''
    return ibis.literal(datetime.now().date()).delta(rows.opened_on.max(), unit="day")

@mine.feature(known, unit="days")
def clock_of_pandas(rows):
    '''Days up to now.'''
    return ibis.literal(pd.Timestamp.now().date()).delta(rows.opened_on.max(), unit="day")

@mine.feature(known, unit="days")
def clock_in_seconds(rows):
    '''Days up to now.'''
    return rows.count() + int(time.time() // 86400)

@mine.feature(known, unit="days")
def clock_of_the_engine(rows):
    '''Days up to now.'''
    return ibis.today().delta(rows.opened_on.max(), unit="day")

@mine.rows("tickets")
def until_now(facts):
    '''Tickets with the moment of the query.'''
    return facts.rows("tickets").mutate(moment=ibis.now())

@mine.feature(until_now, unit="days")
def clock_in_rows(rows):
    '''Days up to now.'''
    return rows.moment.max().date().delta(rows.opened_on.max(), unit="day")
"""

MIXED = """
@mine.rows("tickets")
def without_as_of(facts):
    '''Tickets, counted over all dates.'''
    tickets = facts.rows("tickets")
    counts = tickets.group_by("account_id").aggregate(number=lambda t: t.count())
    return tickets.join(counts, "account_id")

@mine.feature(without_as_of, unit="count")
def mixed_rows(rows):
    '''Tickets over all dates.'''
    return rows.number.max()

@mine.feature(unit="ratio")
def mixed_columns(columns):
    '''ARR beside the mean of all rows.'''
    return columns.arr / columns.arr.mean().over(ibis.window())
"""

FOLLOWING = """
@mine.feature(unit="ratio")
def follows(columns):
    '''Made of a column that looks ahead.'''
    return columns.ahead_closed / columns.arr

@mine.feature(known, unit="count")
def stops(rows):
    '''Stops at a value.'''
    return rows.ticket_id.cast("int64").max()
"""


def rows_of_each_table() -> str:
    return "\n".join(
        f'''
@mine.rows("{table}")
def rows_of_{table}(facts):
    """All rows."""
    return everything(facts, "{table}")

@mine.feature(rows_of_{table}, unit="count")
def all_{table}(rows):
    """All rows."""
    return rows.count()
'''
        for table in OF_AN_ACCOUNT
    )


def looking_ahead() -> str:
    return "\n".join(
        f'''
@mine.rows("{table}")
def rows_of_{name}(facts):
    """Rows."""
    return {rows}

@mine.feature(rows_of_{name}, unit="ratio")
def {name}(rows):
    """Rows."""
    return rows.{value}
'''
        for name, (table, rows, value) in AHEAD.items()
    )


def settings_with(folder: Path, *texts: str, leave_out: str = "") -> Settings:
    (folder / "mine.py").write_text("\n".join(map(dedent, texts)), "utf-8")
    config = folder / "expansion.toml"
    config.write_text(f'[features]\nmodules = ["mine.py"]\nleave_out = [{leave_out}]\n', "utf-8")
    return load(config)


@contextmanager
def company(seed: int = 1, accounts: int = ACCOUNTS) -> Iterator[duckdb.DuckDBPyConnection]:
    """A company full of late facts, in the schema that `check` leaves its tables in."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA clean")
        for name, rows in random_company(seed, accounts, everything=True).items():
            connection.register("given", arrow(name, rows))
            connection.execute(f"CREATE TABLE clean.{name} AS FROM given")
        yield connection


def faults_of(settings: Settings) -> dict[str, ColumnFault]:
    with company() as connection:
        return {f.column: f for f in column_faults(settings, connection, list(TABLES), LAST)}


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, ColumnFault]:
    texts = (HEAD, rows_of_each_table(), looking_ahead(), SOUND, UNSTEADY, MIXED)
    return faults_of(settings_with(tmp_path_factory.mktemp("mine"), *texts))


@pytest.mark.parametrize("table", OF_AN_ACCOUNT)
def test_the_future_of_each_table_is_seen(faults: Mapping[str, ColumnFault], table: str) -> None:
    fault = faults[f"all_{table}"]
    assert fault.kind == "future"
    assert [row.table for row in fault.later_rows] == [table]


@pytest.mark.parametrize("name", AHEAD)
def test_whatever_the_way_to_the_future(faults: Mapping[str, ColumnFault], name: str) -> None:
    fault = faults[name]
    assert (fault.kind, [row.table for row in fault.later_rows]) == ("future", [AHEAD[name][0]])
    assert fault.examples
    assert fault.examples[0].value != fault.examples[0].other


def test_sound_columns_are_not_refused(faults: Mapping[str, ColumnFault]) -> None:
    assert [name for name in faults if name.startswith("sound")] == []


@pytest.mark.parametrize("name", ["chance_first", "chance_of_python", "chance_of_the_engine"])
def test_chance_is_refused(faults: Mapping[str, ColumnFault], name: str) -> None:
    assert faults[name].kind == "chance"


@pytest.mark.parametrize(
    "name",
    [
        "clock_constant",
        "clock_of_python",
        "clock_of_pandas",
        "clock_in_seconds",
        "clock_of_the_engine",
        "clock_in_rows",
    ],
)
def test_a_clock_is_refused(faults: Mapping[str, ColumnFault], name: str) -> None:
    assert faults[name].kind == "clock"


@pytest.mark.parametrize("name", ["mixed_rows", "mixed_columns"])
def test_dates_that_are_mixed_are_refused(faults: Mapping[str, ColumnFault], name: str) -> None:
    assert faults[name].kind == "dates"


def test_it_says_column_file_rows_and_way_out(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, HEAD, looking_ahead(), FOLLOWING)
    faults = faults_of(settings)
    # What is made of a column that looks ahead is told with that column.
    assert set(faults) == {*AHEAD, "stops"}
    text = str(faults["ahead_closed"])
    line = (tmp_path / "mine.py").read_text().split("def ahead_closed")[0].count("\n")
    assert text.startswith(f"{tmp_path}/mine.py:{line}: column ahead_closed looks past as_of. ")
    example = faults["ahead_closed"].examples[0]
    assert f"{example.account_id} on {example.as_of}: " in text
    assert "with what came later" in text
    assert "It reads what was not known yet: tickets (ticket_id = " in text
    assert text.endswith('or leave it out: [features] leave_out = ["ahead_closed"]')
    assert faults["stops"].kind == "fails"
    assert "Could not convert string" in str(faults["stops"])


GUARDED = """
@mine.rows("accounts")
def newest_version(facts):
    '''The newest version.'''
    rows = facts.latest("accounts", "account_id")
    return rows.mutate(kind=rows["segment"] if "segment" in rows.columns else rows.account_id)

@mine.feature(newest_version, unit="category")
def hidden_segment(rows):
    '''Segment, if there is one.'''
    return rows.kind.max()

@mine.feature(newest_version, unit="category")
def open_segment(rows):
    '''Segment.'''
    return rows.segment.max()
"""


@pytest.mark.parametrize("is_todays", [True, False])
def test_an_attribute_of_today_is_not_read_in_secret(tmp_path: Path, is_todays: bool) -> None:
    settings = settings_with(tmp_path, HEAD, GUARDED)
    segment = AttributeHistory("accounts", "segment", 40, 0, None, is_todays, is_kept=False)
    with company() as connection:
        faults = column_faults(settings, connection, list(TABLES), LAST, [segment])
    assert [fault.column for fault in faults] == (["hidden_segment"] if is_todays else [])
    assert all("It is accounts.segment" in str(fault) for fault in faults)


def test_left_out_it_is_not_judged(tmp_path: Path) -> None:
    names = ", ".join(f'"{name}"' for name in (*AHEAD, "follows", "stops"))
    settings = settings_with(tmp_path, HEAD, looking_ahead(), FOLLOWING, leave_out=names)
    assert faults_of(settings) == {}


def test_no_column_of_ours_has_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {c.name: f for group in catalogue.GROUPS for f in group.features for c in f.columns}
    monkeypatch.setattr(judge, "own_columns", lambda _: ours)
    (tmp_path / "expansion.toml").write_text("", "utf-8")
    assert faults_of(load(tmp_path / "expansion.toml")) == {}


def test_dates_show_rows_to_come_of_each_table() -> None:
    with company() as connection:
        tables = PastTables(connection, list(TABLES))
        dates = past_dates(tables, LAST)
        assert dates == sorted(set(dates))
        for name in TABLES:
            later = f"SELECT count(*) FROM clean.{name} WHERE known_at >= ?"
            counted = connection.execute(later, [min(dates)]).fetchone()
            assert counted is not None
            assert counted[0] > 0, name


def test_of_a_large_company_those_with_rare_rows_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.ingest.company_columns.past_tables.MOST_ACCOUNTS", 5)
    monkeypatch.setattr("pipelines.ingest.company_columns.past_tables.EACH_STREAM", 1)
    settings = settings_with(tmp_path, HEAD, rows_of_each_table())
    with company() as connection:
        connection.execute("DELETE FROM clean.milestones WHERE account_id <> 'a007'")
        tables = PastTables(connection, list(TABLES))
        chosen = tables.connection.execute("SELECT * FROM company_complete.chosen_accounts")
        assert ("a007",) in chosen.fetchall()
    assert set(faults_of(settings)) == {f"all_{table}" for table in OF_AN_ACCOUNT}
