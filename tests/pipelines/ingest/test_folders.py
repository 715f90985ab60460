"""Folders may be called anything: no character of their names is a wildcard or a code."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.store.database import StoreDatabase
from pipelines.config.settings import Settings, load
from pipelines.ingest.summary.checked_tables import written_tables
from pipelines.ingest.tables import connect, ingest
from tests.pipelines.small import ACCOUNTS, SUBSCRIPTIONS, USAGE_DAILY

FOLDERS = [
    "exports [final]", "[a-z]", "a%20b", "a'b", 'say "x"', "ümlaut", "st*r", "x{1,2}", "a#b", "a;b",
    "year=2024", "a,b", "$HOME", "two  spaces ", "100%", "表",
]  # fmt: skip
TOML = """
[company]
data_through = 2024-05-01
[data]
folder = '''{folder}'''
[paths]
work = '''{folder}/work'''
[sources]
crm = "account*.csv"
lines = "lines.parquet"
clicks = {{ duckdb = "lake.duckdb", table = "clicks" }}
desk = {{ url = "sqlite:///desk.db", query = "SELECT * FROM ticket" }}
people = {{ url = "duckdb:///lake.duckdb", table = "people" }}
[tables.accounts]
from = "crm"
[tables.subscriptions]
from = "lines"
[tables.usage_daily]
from = "clicks"
[tables.tickets]
from = "desk"
[tables.users]
from = "people"
"""


def written(folder: Path) -> Settings:
    """Write the small company into a folder, a table in each kind of file."""
    folder.mkdir()
    for name in ("accounts",):
        (folder / f"{name}.csv").write_text(ACCOUNTS.lstrip(), "utf-8")
    header, *lines = (line.split(",") for line in SUBSCRIPTIONS.strip().splitlines())
    columns = {name: [line[place] or None for line in lines] for place, name in enumerate(header)}
    pq.write_table(pa.table(columns), folder / "lines.parquet")
    header, *rows = (line.split(",") for line in USAGE_DAILY.strip().splitlines())
    with closing(duckdb.connect(folder / "lake.duckdb")) as lake:
        lake.execute(f"CREATE TABLE clicks ({', '.join(f'{name} VARCHAR' for name in header)})")
        lake.executemany(f"INSERT INTO clicks VALUES ({', '.join('?' * len(header))})", rows)
        lake.execute(
            "CREATE TABLE people AS SELECT 'u1' AS user_id, 'a1' AS account_id, "
            "DATE '2024-01-02' AS activated_on, DATE '2024-01-02' AS known_at"
        )
    with closing(sqlite3.connect(folder / "desk.db")) as desk:
        desk.execute(
            "CREATE TABLE ticket (ticket_id TEXT, account_id TEXT, opened_on TEXT, known_at)"
        )
        desk.execute("INSERT INTO ticket VALUES ('t1', 'a1', '2024-02-01', '2024-02-01')")
        desk.commit()
    config = folder.parent / "expansion.toml"
    config.write_text(TOML.replace("{folder}", folder.name).replace("{{", "{").replace("}}", "}"))
    return load(config)


# Ibis calls DuckDB by a name that DuckDB gives up; nothing in this project can change that.
@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    settings = written(tmp_path / name)
    manifest = ingest(settings)
    assert {table: file.rows for table, file in manifest.tables.items()} == {
        "accounts": 2,
        "subscriptions": 3,
        "usage_daily": 3,
        "users": 1,
        "tickets": 1,
    }
    columns = pq.read_table(settings.tables_folder / "subscriptions.parquet").column_names
    assert "year" not in columns
    connection, tables = connect(settings)
    with closing(connection.con):
        assert tables["subscriptions"].quantity.sum().to_pyarrow().as_py() == 35
    through = settings.company.data_through
    assert through is not None
    with written_tables(settings, through) as checked:
        assert checked.first("SELECT count(*) AS lines FROM clean.subscriptions")["lines"] == 3


@pytest.mark.parametrize("name", FOLDERS)
def test_the_store_and_its_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    settings = written(tmp_path / name)
    with closing(StoreDatabase(settings.store_url)) as store, store.writing():
        pass
    assert (tmp_path / name / "work" / "scores.db").is_file()
