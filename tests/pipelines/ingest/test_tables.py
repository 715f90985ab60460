from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError
from pipelines.config.settings import Settings
from pipelines.ingest import tables
from pipelines.ingest.tables import connect, ingest, read_manifest
from tests.pipelines.small import ACCOUNTS, SUBSCRIPTIONS, USAGE_DAILY, company
from tests.pipelines.source_tree import change_deep_file, package


def contents(settings: Settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in settings.tables_folder.iterdir()}


def test_tables_are_written_in_the_contracts_shape(tmp_path: Path) -> None:
    settings = company(tmp_path)
    manifest = ingest(settings)
    assert {name: table.rows for name, table in manifest.tables.items()} == {
        "accounts": 2,
        "subscriptions": 3,
        "usage_daily": 3,
    }
    written = pq.read_table(settings.tables_folder / "usage_daily.parquet")
    assert written.schema.names[-3:] == ["user_id", "active_users", "known_at"]
    assert written.schema.types == [
        pa.string(),
        pa.string(),
        pa.string(),
        pa.date32(),
        pa.float64(),
        pa.string(),
        pa.int64(),
        pa.timestamp("us"),
    ]
    assert manifest.data_through == "2024-05-01"
    assert read_manifest(settings) == manifest
    assert json.loads((settings.tables_folder / "manifest.json").read_text())["rules"] == []


def test_the_same_data_in_another_order_gives_the_same_bytes(tmp_path: Path) -> None:
    first = ingest(company(tmp_path))
    header, *rows = SUBSCRIPTIONS.strip().splitlines()
    turned = company(tmp_path, subscriptions="\n".join([header, *reversed(rows)]) + "\n")
    second = ingest(turned)
    assert not second.unchanged
    assert (second.fingerprint, second.tables) == (first.fingerprint, first.tables)


def test_unchanged_sources_are_not_read_again(tmp_path: Path) -> None:
    settings = company(tmp_path)
    first = ingest(settings)
    before = (settings.tables_folder / "accounts.parquet").stat().st_mtime_ns
    second = ingest(settings)
    assert second.unchanged
    assert second.fingerprint == first.fingerprint
    assert (settings.tables_folder / "accounts.parquet").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("toml", "tables"),
    [
        ("[company]\ndata_through = 2024-04-01\n", {}),
        ("", {"accounts": ACCOUNTS.replace("Example One", "Example 1")}),
        ("", {"tickets": "ticket_id,account_id,opened_on,known_at\nt1,a1,2024-02-01,2024-02-01\n"}),
    ],
    ids=["setting", "value", "table"],
)
def test_a_change_gives_another_fingerprint(
    tmp_path: Path, toml: str, tables: dict[str, str]
) -> None:
    first = ingest(company(tmp_path))
    second = ingest(company(tmp_path, toml, **tables))
    assert not second.unchanged
    assert second.fingerprint != first.fingerprint


def test_a_table_that_is_gone_is_gone_from_the_result(tmp_path: Path) -> None:
    ticket = "ticket_id,account_id,opened_on,known_at\nt1,a1,2024-02-01,2024-02-01\n"
    ingest(company(tmp_path, tickets=ticket))
    settings = company(tmp_path, tickets=None)
    assert "tickets" not in ingest(settings).tables
    assert not (settings.tables_folder / "tickets.parquet").exists()


def test_a_lost_file_is_written_again(tmp_path: Path) -> None:
    settings = company(tmp_path)
    ingest(settings)
    before = contents(settings)
    (settings.tables_folder / "accounts.parquet").unlink()
    assert not ingest(settings).unchanged
    assert contents(settings) == before


BAD = {
    "missing table": ({"accounts": None}, "accounts: the table is missing"),
    "empty file": ({"usage_daily": ""}, "usage_daily.csv is empty"),
    "wrong type": (
        {"subscriptions": SUBSCRIPTIONS.replace(",20,100", ",many,100")},
        "subscriptions.quantity, type: 1 of 3 rows",
    ),
    "duplicate key": (
        {"accounts": ACCOUNTS + "a2,Again,2024-01-01,2024-01-01\n"},
        "accounts.account_id, known_at, unique: 1 of 3 rows",
    ),
    "end before start": (
        {"subscriptions": SUBSCRIPTIONS.replace("2024-01-01,2024-03-01", "2024-04-01,2024-03-01")},
        "subscriptions.ended_on, order: 1 of 3 rows",
    ),
    "unknown account": (
        {"usage_daily": USAGE_DAILY.replace("a1,", "a9,")},
        "usage_daily.account_id, reference: 1 of 3 rows",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_is_refused_and_leaves_what_was_there(tmp_path: Path, case: str) -> None:
    before = contents(company(tmp_path)) if ingest(company(tmp_path)) else {}
    tables, expected = BAD[case]
    settings = company(tmp_path, **tables)
    with pytest.raises(DataError) as caught:
        ingest(settings)
    assert any(expected in problem for problem in caught.value.problems)
    assert all("\n" not in problem for problem in caught.value.problems)
    assert contents(settings) == before
    assert {path.name for path in settings.work.iterdir()} == {"tables"}


def test_rows_are_dropped_only_where_a_rule_says_so(tmp_path: Path) -> None:
    rules = '[rules]\n"usage_daily.account_id.reference" = "drop"\n"accounts.unique" = "drop"\n'
    settings = company(
        tmp_path,
        rules + '"usage_daily.within_subscription" = "drop"\n',
        accounts=ACCOUNTS + "a2,Again,2024-01-01,2024-01-01\n",
        usage_daily=USAGE_DAILY.replace("a1,", "a9,"),
    )
    manifest = ingest(settings)
    kept = {name: (table.rows, table.dropped) for name, table in manifest.tables.items()}
    assert kept == {"accounts": (2, 1), "subscriptions": (3, 0), "usage_daily": (2, 1)}
    counts = {f"{rule['table']}.{rule['rule']}": rule["count"] for rule in manifest.rules}
    assert counts["accounts.unique"] == counts["usage_daily.reference"] == 1
    accounts = pq.read_table(settings.tables_folder / "accounts.parquet")
    assert accounts["name"].to_pylist() == ["Example One", "Again"]


def test_what_refers_to_a_dropped_row_is_told(tmp_path: Path) -> None:
    settings = company(
        tmp_path,
        '[rules]\n"accounts.name.not_null" = "drop"\n',
        accounts=ACCOUNTS.replace("Example One", ""),
    )
    with pytest.raises(DataError, match=r"subscriptions.account_id, reference: 2 of 3"):
        ingest(settings)


# Ibis calls DuckDB by a name that DuckDB gives up; nothing in this project can change that.
@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
def test_tables_open_in_ibis_without_the_absent_ones(tmp_path: Path) -> None:
    settings = company(tmp_path)
    ingest(settings)
    connection, tables = connect(settings)
    with closing(connection.con):
        assert list(tables) == ["accounts", "subscriptions", "usage_daily"]
        assert tables["subscriptions"].quantity.sum().to_pyarrow().as_py() == 35


def test_reading_before_ingesting_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="run `expansion build`"):
        read_manifest(company(tmp_path))


def test_tables_are_read_again_after_a_change_of_code_two_folders_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = package(tmp_path / "code")
    monkeypatch.setattr(tables, "INGEST", code)
    settings = company(tmp_path)
    assert not ingest(settings).unchanged
    assert ingest(settings).unchanged
    change_deep_file(code)
    assert not ingest(settings).unchanged
