"""A day that stands for 'none' is read as empty, with a count; a real one stays as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from features.contract import TABLES, Column, Table
from features.errors import DataError
from pipelines.config.settings import Settings
from pipelines.ingest.check import check
from pipelines.ingest.tables import ingest
from tests.pipelines.small import ACCOUNTS, company

SUBSCRIPTIONS = """
subscription_id,account_id,product_id,starts_on,term_ends_on,ended_on,ended_known_on,quantity,unit_price,currency,signed_on,known_at
s1,a1,core,2024-01-01,{term},{end},{known},10,100,EUR,2024-01-01,2024-01-01
s2,a2,core,2024-01-01,2025-01-01,2025-01-01,2024-06-01,5,120,EUR,2024-01-01,2024-01-01
"""
NONE = [
    "9999-12-31", "9999-12-31 00:00:00", "2999-01-01", "2099-12-31", "2079-06-06", "2049-12-31",
    "2038-01-19", "1970-01-01", "1900-01-01", "1899-12-30", "1753-01-01", "0001-01-01",
    "0000-00-00", "0000-00-00 00:00:00",
]  # fmt: skip


def lines(term: str = "", end: str = "", known: str = "") -> str:
    return SUBSCRIPTIONS.format(term=term, end=end, known=known or end)


def first_row(folder: Path, table: str = "subscriptions", **tables: str) -> dict[str, Any]:
    """Return the first row that ``build`` reads of a table."""
    settings = company(folder, **tables)
    ingest(settings)
    row: dict[str, Any] = pq.read_table(settings.tables_folder / f"{table}.parquet").to_pylist()[0]
    return row


@pytest.mark.parametrize("day", NONE)
def test_an_open_end_is_no_end(tmp_path: Path, day: str) -> None:
    row = first_row(tmp_path, subscriptions=lines(term=day, end=day, known="2024-01-01"))
    assert row["term_ends_on"] is row["ended_on"] is row["ended_known_on"] is None
    found = {(one.column, one.count, one.policy) for one in check(company(
        tmp_path, subscriptions=lines(term=day, end=day, known="2024-01-01"))).violations
        if one.rule == "placeholder"}  # fmt: skip
    assert found == {("term_ends_on", 1, "accept"), ("ended_on", 1, "accept")}


@pytest.mark.parametrize("day", ["2048-12-31", "2038-01-01", "2034-05-31"])
def test_a_far_end_that_can_be_meant_stays(tmp_path: Path, day: str) -> None:
    row = first_row(tmp_path, subscriptions=lines(term=day, end=day, known="2024-01-01"))
    assert str(row["term_ends_on"]) == str(row["ended_on"]) == day
    assert str(row["ended_known_on"]) == "2024-01-01"


def test_an_end_that_is_no_day_at_all_is_still_a_violation(tmp_path: Path) -> None:
    settings = company(tmp_path, subscriptions=lines(end="soon", known="2024-01-01"))
    with pytest.raises(DataError, match=r"subscriptions\.ended_on, type: 1 of 2 rows"):
        ingest(settings)


def test_other_dates_that_may_be_empty_are_read_alike(tmp_path: Path) -> None:
    tickets = (
        "ticket_id,account_id,opened_on,closed_on,known_at\n"
        "t1,a1,2024-02-01,9999-12-31,2024-02-01\n"
    )
    assert first_row(tmp_path, "tickets", tickets=tickets)["closed_on"] is None
    contacts = (
        "contact_id,account_id,role,from_on,left_on,left_known_on,leave_from,leave_to,"
        "leave_known_on,known_at\n"
        "c1,a1,champion,2024-01-01,2999-12-31,2024-01-01,2024-03-01,9999-12-31,2024-02-01,"
        "2024-01-01\n"
    )
    row = first_row(tmp_path, "contacts", contacts=contacts)
    assert row["left_on"] is row["left_known_on"] is row["leave_to"] is None
    assert (str(row["leave_from"]), str(row["leave_known_on"])) == ("2024-03-01", "2024-02-01")
    users = (
        "user_id,account_id,activated_on,deactivated_on,deactivated_known_on,known_at\n"
        "u1,a1,2024-01-01,1900-01-01,1900-01-01,2024-01-01\n"
    )
    assert first_row(tmp_path, "users", users=users)["deactivated_on"] is None


def test_a_placeholder_is_found_however_a_file_writes_days(tmp_path: Path) -> None:
    text = lines(end="31.12.9999", known="1.1.2024")
    text = re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\3.\2.\1", text)
    file = 'subscriptions = { file = "subscriptions.csv", date_format = "%d.%m.%Y" }'
    settings = company(tmp_path, f"[sources]\n{file}\n", subscriptions=text)
    ingest(settings)
    rows = pq.read_table(settings.tables_folder / "subscriptions.parquet").to_pylist()
    assert [str(row["ended_on"]) for row in rows] == ["None", "2025-01-01"]


def test_a_company_can_refuse_placeholders(tmp_path: Path) -> None:
    toml = '[rules]\n"subscriptions.placeholder" = "refuse"\n'
    settings = company(tmp_path, toml, subscriptions=lines(end="9999-12-31", known="2024-01-01"))
    with pytest.raises(DataError, match=r"subscriptions\.ended_on, placeholder: 1 of 2 rows"):
        ingest(settings)


ROWS = {
    "subscriptions": "s1,a1,core,2024-01-01,1,100,EUR,2024-01-01,2024-01-01",
    "users": "u1,a1,2024-01-01,2024-01-01",
    "contacts": "c1,a1,champion,2024-01-01,2024-01-01",
    "tickets": "t1,a1,2024-01-01,2024-01-01",
}
"""A row of each table with a value that becomes known later; what may be empty is left out."""
DATED = [
    (table, column)
    for table in TABLES.values()
    for column in table.columns
    if column.known_by and column.known_by != column.name
]
DATED_IDS = [f"{table.name}.{column.name}" for table, column in DATED]


def dated(folder: Path, table: Table, column: Column, known: str) -> Settings:
    """Return a company with one row in ``table`` whose ``column`` became known on ``known``."""
    values = {column.name: "2024-03-01" if column.type == "date" else "4", column.known_by: known}
    names = [other.name for other in table.columns if not other.nullable]
    header, row = ",".join([*names, *values]), ",".join([ROWS[table.name], *values.values()])
    usage = "account_id,product_id,feature,day,events,active_users,known_at\n"
    tables = {"usage_daily": f"{usage}a1,core,search,2024-02-01,3,2,2024-02-02\n"}
    return company(folder, **tables, **{table.name: f"{header}\n{row}\n"})


@pytest.mark.parametrize("day", ["", "9999-12-31", "1900-01-01", "0000-00-00"])
@pytest.mark.parametrize(("table", "column"), DATED, ids=DATED_IDS)
def test_a_value_whose_known_day_is_a_placeholder_is_refused_like_one_without(
    tmp_path: Path, table: Table, column: Column, day: str
) -> None:
    report = check(dated(tmp_path, table, column, day))
    assert [(one.rule, one.table, one.column, one.count) for one in report.refused] == [
        ("known_by", table.name, column.name, 1)
    ]
    with pytest.raises(DataError, match=rf"{table.name}\.{column.name}, known_by: 1 of"):
        ingest(dated(tmp_path, table, column, day))


@pytest.mark.parametrize(("table", "column"), DATED, ids=DATED_IDS)
def test_a_value_with_a_real_known_day_passes(tmp_path: Path, table: Table, column: Column) -> None:
    assert check(dated(tmp_path, table, column, "2024-02-15")).refused == ()


def test_a_known_day_that_cannot_be_read_is_one_fault_and_not_two(tmp_path: Path) -> None:
    report = check(company(tmp_path, subscriptions=lines(end="2024-03-01", known="soon")))
    assert [(one.rule, one.column) for one in report.refused] == [("type", "ended_known_on")]


def test_a_day_that_may_not_be_empty_stays_and_is_hinted_at(tmp_path: Path) -> None:
    report = check(
        company(tmp_path, accounts=ACCOUNTS.replace("2024-01-01,2024", "1900-01-01,2024"))
    )
    assert [
        (hint.name, hint.place) for hint in report.hints if hint.name == "placeholder_days"
    ] == [("placeholder_days", "accounts.created_on")]
