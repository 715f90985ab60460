"""A whole column that is empty or unreadable: ``check`` names it, whatever else it would say."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from features.contract import TABLES
from pipelines.ingest.check import check
from tests.pipelines.small import ACCOUNTS, SUBSCRIPTIONS, USAGE_DAILY, company

TEXTS = {"accounts": ACCOUNTS, "subscriptions": SUBSCRIPTIONS, "usage_daily": USAGE_DAILY}
NEEDED = [
    (name, column.name, value)
    for name in TEXTS
    for column in TABLES[name].columns
    for value in ("", "?")
    if not column.nullable and (value == "" or column.type != "string")
]


def spoiled(text: str, column: str, value: str) -> str:
    """Return CSV text with one value throughout a column."""
    rows = list(csv.DictReader(io.StringIO(text.strip())))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, column: value} for row in rows)
    return out.getvalue()


@pytest.mark.parametrize(("table", "column", "value"), NEEDED)
def test_a_column_without_a_readable_value_is_named(
    tmp_path: Path, table: str, column: str, value: str
) -> None:
    data_through = "[company]\ndata_through = 2024-05-01\n"
    changed = {table: spoiled(TEXTS[table], column, value)}
    report = check(company(tmp_path, data_through, **changed))
    places = {(violation.table, violation.column) for violation in report.refused}
    assert (table, column) in places


def test_rows_that_lack_a_value_are_in_no_figure(tmp_path: Path) -> None:
    broken = SUBSCRIPTIONS.replace("2024-03-01,,,20,100", "2024-03-01,,,20,cheap")
    report = check(company(tmp_path, subscriptions=broken))
    assert not report.ok
    assert report.summary is not None
    assert report.summary.today.arr == 600
