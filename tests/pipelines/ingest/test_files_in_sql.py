"""A file that a mapping's SQL reads is found in the data folder, watched, read like a source."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError, UsageError
from pipelines.config.settings import Settings, load
from pipelines.ingest.check import check
from pipelines.ingest.sources.readers import ignored
from pipelines.ingest.tables import ingest

ROWS = {
    "crm.csv": "id;since;seats\n10.1;2024-01-01;1\n10.10;2024-01-02;2\n",
    "more.csv": "id;since;seats\n7;2024-01-03;3\n",
    "lines.csv": "account_id,product_id,starts_on,quantity,unit_price,currency,signed_on,known_at\n"
    "10.1,core,2024-01-01,1,100,EUR,2024-01-01,2024-01-01\n",
    "clicks.jsonl": '{"account_id": "10.1", "day": "2024-02-01"}\n',
}
TOML = """
[data]
folder = "exports [final]"
[sources]
{sources}
[tables.accounts]
from = {accounts}
{where}
[tables.accounts.columns]
account_id = "id"
name = "'Account ' || id"
created_on = "since"
employees = "seats * 10"
known_at = "since"
[tables.subscriptions]
from = "(SELECT *, 's' AS subscription_id FROM 'lines.csv')"
[tables.usage_daily]
from = "(SELECT *, 'core' AS product_id, 'open' AS feature, 1 AS events, 1 AS active_users, day AS known_at FROM read_json('clicks.jsonl'))"
[rules]
"subscriptions.reference" = "accept"
"usage_daily.reference" = "accept"
"""  # noqa: E501


def company(
    folder: Path, accounts: str, sources: str = "", where: str = "", **files: str
) -> Settings:
    data = folder / "exports [final]"
    data.mkdir(exist_ok=True)
    for name, text in {**ROWS, **files}.items():
        (data / name).write_text(text, "utf-8")
    toml = TOML.replace("{accounts}", accounts).replace("{sources}", sources)
    (folder / "expansion.toml").write_text(toml.replace("{where}", where), "utf-8")
    return load(folder / "expansion.toml")


def accounts(settings: Settings) -> dict[str, int]:
    ingest(settings)
    rows = pq.read_table(settings.tables_folder / "accounts.parquet").to_pylist()
    return {row["account_id"]: row["employees"] for row in rows}


TWO = {"10.1": 10, "10.10": 20}
QUERIES = {
    "function": ("\"(SELECT * FROM read_csv('crm.csv'))\"", "", TWO),
    "automatic": ("\"(SELECT c.* FROM read_csv_auto('crm.csv') AS c)\"", "", TWO),
    "name": ("\"(SELECT crm.* FROM 'crm.csv')\"", "", TWO),
    "path": ("\"(FROM './crm.csv' SELECT *)\"", "", TWO),
    "list": ("\"(SELECT * FROM read_csv(['crm.csv', 'more.csv']))\"", "", {**TWO, "7": 30}),
    "pattern": ("\"(SELECT * FROM read_csv('*r*.csv') WHERE id = '7')\"", "", {"7": 30}),
    "source": ('"crm"', "crm = { sql = \"SELECT * FROM read_csv('crm.csv')\" }", TWO),
    "joined": (
        "\"(SELECT a.* FROM read_csv('crm.csv') a JOIN 'crm.csv' b ON a.id = b.id)\"", "", TWO
    ),
    "common table": ("\"(WITH c AS (SELECT * FROM 'crm.csv') SELECT * FROM c)\"", "", TWO),
}  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_a_file_in_a_query_is_found_read_and_watched(
    tmp_path: Path, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    rows, source, expected = QUERIES[query]
    settings = company(tmp_path, rows, source)
    assert accounts(settings) == expected
    assert ingest(settings).unchanged
    file = settings.data_folder / ("more.csv" if "7" in expected else "crm.csv")
    file.write_text(file.read_text("utf-8").replace("2024-01-0", "2023-01-0"), "utf-8")
    assert not ingest(settings).unchanged
    assert ingest(settings).unchanged


def test_a_file_in_a_condition_is_found_and_watched(tmp_path: Path) -> None:
    where = "where = \"id IN (SELECT id FROM read_csv('chosen.csv'))\""
    rows = "\"(SELECT * FROM 'crm.csv')\""
    settings = company(tmp_path, rows, "", where, **{"chosen.csv": "id\n10.10\n"})
    assert accounts(settings) == {"10.10": 20}
    (settings.data_folder / "chosen.csv").write_text("id\n10.1\n", "utf-8")
    assert accounts(settings) == {"10.1": 10}


def test_options_of_the_call_are_duckdbs(tmp_path: Path) -> None:
    rows = "\"(SELECT id::VARCHAR AS id, since, seats::INT AS seats FROM read_csv('crm.csv', delim = ';', all_varchar = true))\""  # noqa: E501
    settings = company(tmp_path, rows)
    assert accounts(settings) == TWO
    file = settings.data_folder / "crm.csv"
    file.write_text(file.read_text("utf-8").replace(";2\n", ";3\n"), "utf-8")
    assert accounts(settings) == {"10.1": 10, "10.10": 30}


def test_parquet_in_a_query_is_found_and_watched(tmp_path: Path) -> None:
    settings = company(tmp_path, "\"(SELECT * FROM read_parquet('crm-*.parquet'))\"")
    table = {"id": ["10.1", "10.10"], "since": ["2024-01-01"] * 2, "seats": [1, 2]}
    pq.write_table(pa.table(table), settings.data_folder / "crm-1.parquet")
    assert accounts(settings) == TWO
    assert "crm-1.parquet" not in ignored(settings)
    assert ingest(settings).unchanged
    pq.write_table(pa.table({**table, "id": ["7", "8"]}), settings.data_folder / "crm-2.parquet")
    assert accounts(settings) == {**TWO, "7": 10, "8": 20}


def test_an_absolute_path_stays_one(tmp_path: Path) -> None:
    elsewhere = tmp_path / "st*r"
    elsewhere.mkdir()
    (elsewhere / "crm.csv").write_text(ROWS["crm.csv"], "utf-8")
    settings = company(tmp_path, f"\"(SELECT * FROM read_csv('{tmp_path}/st[*]r/crm.csv'))\"")
    assert accounts(settings) == TWO


def test_what_cannot_be_watched_is_read_each_time(tmp_path: Path) -> None:
    chosen = "id IN (SELECT '10.1' FROM glob('*'))"
    settings = company(tmp_path, f"\"(SELECT * FROM 'crm.csv' WHERE {chosen})\"")
    ingest(settings)
    assert not ingest(settings).unchanged


def test_a_file_in_a_query_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        (DataError, UsageError), match=r"there is no crn\.csv in .*exports \[final\]"
    ):
        check(company(tmp_path, "\"(SELECT * FROM read_csv('crn.csv'))\""))


def test_files_that_queries_read_are_not_said_to_be_ignored(tmp_path: Path) -> None:
    settings = company(tmp_path, "\"(SELECT * FROM read_csv('crm.csv'))\"")
    assert list(ignored(settings)) == ["more.csv"]
