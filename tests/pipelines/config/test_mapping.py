from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from features.errors import DataError, UsageError
from pipelines.config.settings import Settings
from pipelines.ingest.check import check
from pipelines.ingest.tables import ingest
from tests.pipelines.small import ACCOUNTS, USAGE_DAILY, company

CRM = """
[sources]
crm = {source}
[tables.accounts]
from = "crm"
[tables.accounts.columns]
account_id = "number"
name = "title"
created_on = "since"
known_at = "since"
"""


def names(settings: Settings) -> list[tuple[str, str]]:
    ingest(settings)
    rows = pq.read_table(settings.tables_folder / "accounts.parquet").to_pylist()
    return [(row["account_id"], row["name"]) for row in rows]


def mistake(settings: Settings) -> str:
    with pytest.raises(UsageError) as caught:
        check(settings)
    return "\n".join(caught.value.problems)


def accounts(folder: Path, columns: str, source: str = "crm.csv") -> Settings:
    """Return the company with its accounts mapped from a CSV of foreign columns."""
    text = f'[sources]\ncrm = "{source}"\n[tables.accounts]\nfrom = "crm"\n{columns}'
    settings = company(folder, text, accounts=None)
    rows = "number,title,since\na1,One,2024-01-01\na2,Two,2024-01-01\n"
    (settings.data_folder / "crm.csv").write_text(rows)
    return settings


def database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE account (number TEXT, title TEXT, since TEXT, closed INTEGER)")
        made.executemany(
            "INSERT INTO account VALUES (?, ?, '2024-01-01', ?)",
            [("a1", "One", 0), ("a2", "Two", 0), ("a3", "Closed", 1)],
        )
        made.commit()


@pytest.mark.parametrize(
    "what", ['table = "account"', 'query = "SELECT * FROM account WHERE NOT closed"']
)
def test_a_database_is_read_by_its_url(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_FILE", "crm.db")
    source = f'{{ url = "sqlite:///${{CRM_FILE}}", {what} }}'
    settings = company(tmp_path, CRM.format(source=source), accounts=None)
    database(settings.data_folder / "crm.db")
    expected = [("a1", "One"), ("a2", "Two"), ("a3", "Closed")]
    assert names(settings) == expected[: 3 if "table" in what else 2]
    assert not ingest(settings).unchanged, "a database can change without its file telling"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{ url = "sqlite:///nowhere.db", table = "account" }', "there is no"),
        ('{ url = "sqlite:///crm.db", table = "acount" }', "does not give acount"),
        ('{ duckdb = "nowhere.duckdb", table = "account" }', "there is no nowhere.duckdb"),
    ],
)
def test_a_database_that_does_not_answer_is_told(
    tmp_path: Path, source: str, expected: str
) -> None:
    settings = company(tmp_path, CRM.format(source=source), accounts=None)
    database(settings.data_folder / "crm.db")
    with pytest.raises(DataError, match=expected):
        check(settings)


def test_a_duckdb_file_is_read(tmp_path: Path) -> None:
    source = '{ duckdb = "lake.duckdb", table = "main.account" }'
    settings = company(tmp_path, CRM.format(source=source), accounts=None)
    with duckdb.connect(str(settings.data_folder / "lake.duckdb")) as lake:
        lake.execute("CREATE TABLE account (number TEXT, title TEXT, since DATE)")
        lake.execute("INSERT INTO account VALUES ('a1', 'One', '2024-01-01'), ('a2', 'Two', now())")
    assert names(settings) == [("a1", "One"), ("a2", "Two")]


def test_a_glob_reads_all_its_files(tmp_path: Path) -> None:
    settings = company(tmp_path, CRM.format(source='"crm-*.csv"'), accounts=None)
    for number in (1, 2):
        text = f"number,title,since\na{number},Part {number},2024-01-01\n"
        (settings.data_folder / f"crm-{number}.csv").write_text(text)
    assert names(settings) == [("a1", "Part 1"), ("a2", "Part 2")]


def test_a_query_joins_sources_and_where_leaves_rows_out(tmp_path: Path) -> None:
    settings = accounts(
        tmp_path,
        'where = "account_id <> \'a3\'"\n[tables.accounts.columns]\nname = "upper(title)"\n'
        'created_on = "since"\nknown_at = "since"\n',
    )
    text = (tmp_path / "expansion.toml").read_text()
    query = (
        "(SELECT crm.*, number AS account_id FROM crm UNION ALL SELECT 'x','y','2024-01-01','a3')"
    )
    settings = company(tmp_path, text.replace('from = "crm"', f'from = "{query}"'), accounts=None)
    assert names(settings) == [("a1", "ONE"), ("a2", "TWO")]


def test_a_source_can_be_a_query_over_others(tmp_path: Path) -> None:
    text = (
        '[sources]\nraw = "crm.csv"\n'
        'crm = { sql = "SELECT number AS account_id, title AS name, since AS created_on, '
        'since AS known_at FROM raw" }\n[tables.accounts]\nfrom = "crm"\n'
    )
    accounts(tmp_path, "")
    assert names(company(tmp_path, text, accounts=None)) == [("a1", "One"), ("a2", "Two")]


def test_identifiers_with_leading_zeros_stay_as_they_are(tmp_path: Path) -> None:
    ids = {"a1": "007", "a2": "7"}
    spelt = {"accounts": ACCOUNTS, "usage_daily": USAGE_DAILY}
    for short, long in ids.items():
        spelt = {name: text.replace(f"{short},", f"{long},") for name, text in spelt.items()}
    toml = (
        '[sources]\nlines = "subscriptions.csv"\n[tables.subscriptions]\nfrom = "lines"\n'
        "[tables.subscriptions.columns]\n"
        "account_id = \"CASE account_id WHEN 'a1' THEN '007' ELSE '7' END\"\n"
    )
    settings = company(tmp_path, toml, **spelt)
    assert [account for account, _ in names(settings)] == ["007", "7"]


def test_dates_that_could_be_read_in_two_ways_are_not_guessed(tmp_path: Path) -> None:
    columns = '[tables.accounts.columns]\naccount_id = "number"\nname = "title"\n'
    dates = 'created_on = "since"\nknown_at = "since"\n'
    settings = accounts(tmp_path, columns + dates)
    crm = settings.data_folder / "crm.csv"
    crm.write_text("number,title,since\na1,One,01/02/2024\na2,Two,02/02/2024\n")
    with pytest.raises(DataError, match="since: is 01/02/2024 day, month, year or month, day, ye"):
        check(settings)
    parsed = dates.replace('"since"', "\"strptime(since, '%d/%m/%Y')\"")
    settings = accounts(tmp_path, columns + parsed)
    crm.write_text("number,title,since\na1,One,01/02/2024\na2,Two,02/02/2024\n")
    assert check(settings).ok


COLUMNS = (
    '[tables.accounts.columns]\naccount_id = "number"\nname = "title"\n'
    'created_on = "since"\nknown_at = "since"\n'
)


def test_an_expression_over_a_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    told = mistake(accounts(tmp_path, COLUMNS.replace('"title"', '"titel"')))
    assert "tables.accounts.columns.name = 'titel'" in told
    assert "there is no column 'titel'. Did you mean 'title'?" in told
    assert "The source crm (crm.csv) has: number, title, since" in told
    assert "\n" not in told


def test_an_expression_that_is_no_sql_is_told(tmp_path: Path) -> None:
    told = mistake(accounts(tmp_path, COLUMNS.replace('"title"', '"upper(title"')))
    assert "tables.accounts.columns.name = 'upper(title'" in told
    assert "this is no SQL: syntax error at" in told
    assert "Error:" not in told


def test_a_required_column_that_is_not_mapped_is_told(tmp_path: Path) -> None:
    told = mistake(accounts(tmp_path, '[tables.accounts.columns]\naccount_id = "number"\n'))
    assert [
        name for name in ("name", "created_on", "known_at") if f"columns: {name} (" in told
    ] == [
        "name",
        "created_on",
        "known_at",
    ]
    assert "Add known_at = <SQL over the source>, for example 'created_on'" in told


def test_all_mistakes_of_all_tables_are_told_at_once(tmp_path: Path) -> None:
    settings = accounts(tmp_path, COLUMNS.replace('"title"', '"titel"'))
    text = (tmp_path / "expansion.toml").read_text()
    more = (
        text + '[tables.usage_daily]\nwhere = "dya > 3"\n'
        '[tables.users]\nfrom = "(SELECT * FROM peple)"\n[rules]\n"usage_daily.nul" = "drop"\n'
    )
    told = mistake(company(tmp_path, more, accounts=None))
    for expected in ("columns.name", "usage_daily.where = 'dya > 3'", "peple", "usage_daily.nul"):
        assert expected in told
    assert settings.data_folder.exists()


def test_a_cast_that_breaks_on_some_rows_is_a_violation_of_type(tmp_path: Path) -> None:
    settings = accounts(tmp_path, COLUMNS.replace('"since"', '"CAST(since AS DATE)"', 1))
    (settings.data_folder / "crm.csv").write_text(
        "number,title,since\na1,One,2024-01-01\na2,Two,soon\na3,Three,\n"
    )
    found = {(one.column, one.rule): one for one in check(settings).refused}
    assert found["created_on", "type"].count == 1
    assert found["created_on", "type"].examples[0]["account_id"] == "a2"
    assert found["created_on", "not_null"].count == 1


def test_a_where_that_breaks_on_some_rows_is_told(tmp_path: Path) -> None:
    settings = accounts(tmp_path, 'where = "CAST(title AS INTEGER) > 0"\n' + COLUMNS)
    with pytest.raises(DataError, match=r"read from crm \(crm.csv\): reading stops") as told:
        check(settings)
    assert "'One'" in str(told.value)
    assert "use TRY_CAST" in str(told.value)
    assert "Error:" not in str(told.value)


def test_a_table_named_in_the_mapping_must_be_there(tmp_path: Path) -> None:
    settings = company(
        tmp_path, '[sources]\npeople = "people.csv"\n[tables.users]\nfrom = "people"\n'
    )
    with pytest.raises(DataError) as caught:
        check(settings)
    assert caught.value.problems == (
        f"sources.people: there is no people.csv in {settings.data_folder}; "
        "correct the name or add the file",
    )


def test_a_file_of_an_unknown_kind_is_told(tmp_path: Path) -> None:
    settings = accounts(tmp_path, COLUMNS, source="crm.doc")
    (settings.data_folder / "crm.doc").write_text("?")
    assert "cannot read crm.doc; known are .csv" in mistake(settings)


@pytest.mark.parametrize("word", ["at", "order", "end", "from", "user", "table", "primary"])
def test_a_column_may_be_called_like_a_word_of_sql(tmp_path: Path, word: str) -> None:
    settings = accounts(tmp_path, COLUMNS.replace('"since"', f'"{word}"'))
    crm = settings.data_folder / "crm.csv"
    crm.write_text(f"number,title,{word}\na1,One,2024-01-01\na2,Two,2024-01-01\n", "utf-8")
    assert check(settings).ok
