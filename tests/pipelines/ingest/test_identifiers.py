"""Texts of the contract are those of the file, whatever the mapping does to them on the way."""

from __future__ import annotations

import re
import shutil
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from features.errors import DataError, UsageError
from pipelines.config.settings import Settings, load
from pipelines.ingest.check import check
from pipelines.ingest.tables import ingest
from tests.pipelines.small import SUBSCRIPTIONS, company

CASES = Path(__file__).parents[2] / "cases"

ALIKE = [
    ("1234567890123456701", "1234567890123456702"),
    ("10.1", "10.10"),
    ("12E4", "120000"),
    ("1e3", "1000"),
    ("007", "7"),
    ("+5", "5"),
    ("-0", "0"),
    ("1.0", "1"),
    ("1_000", "1000"),
    ("1,000", "1000"),
    ("true", "True"),
    ("NaN", "nan"),
    ("inf", "Infinity"),
    ("2024-01", "2024-01-01"),
    ("2024-01-01", "2024-01-01 00:00:00"),
    ("0x1F", "31"),
    (" 7", "7"),
    ("7 8", "7  8"),
    ("null", "NULL"),
    ("10.1", "A"),
    ("9007199254740993", "9007199254740992"),
    ("0.1", "0.10000000000000000001"),
]
"""Two customers whose identifiers a reader might take for one, or for something else."""

PLAIN = {
    "accounts": "customers",
    "subscriptions": "contracts",
    "usage_daily": "clicks",
}
JOINED = {
    "accounts": "(SELECT c.* FROM customers AS c JOIN contracts AS k ON c.id = k.customer)",
    "subscriptions": "(SELECT k.* FROM contracts AS k JOIN customers ON customer = customers.id)",
    "usage_daily": "(SELECT * FROM clicks WHERE customer IN (SELECT id FROM customers))",
}
GROUPED = {
    "accounts": "(SELECT id, any_value(since) AS since FROM customers GROUP BY id)",
    "subscriptions": "(SELECT customer, sum(seats) AS seats, max(mrr) AS mrr, min(since) AS since "
    "FROM contracts GROUP BY ALL)",
    "usage_daily": "(SELECT customer, day, count(*) AS clicks FROM clicks GROUP BY customer, day)",
}
USING = {
    "accounts": "customers",
    "subscriptions": "(SELECT DISTINCT * FROM contracts JOIN "
    "(SELECT id AS customer FROM customers) USING (customer))",
    "usage_daily": "(WITH c AS (SELECT id AS customer FROM customers) "
    "SELECT clicks.* FROM clicks SEMI JOIN c USING (customer))",
}
WRITTEN = {
    "by its name": "{}",
    "as text": "CAST({} AS VARCHAR)",
    "with a prefix": "'x' || {}",
    "by a function": "concat('x', trim({}, 'x'))",
    "one of two": "coalesce(nullif({}, ''), 'none')",
    "by case": "CASE WHEN {} IS NULL THEN 'none' ELSE {} END",
}

TOML = """
[sources]
customers = "customers.csv"
contracts = "contracts.csv"
clicks = "clicks.csv"
[tables.accounts]
from = "{accounts}"
[tables.accounts.columns]
account_id = "{id}"
name = "{id}"
created_on = "since"
known_at = "since"
[tables.subscriptions]
from = "{subscriptions}"
[tables.subscriptions.columns]
subscription_id = "{customer} || '-' || seats"
account_id = "{customer}"
product_id = "'core'"
starts_on = "since"
quantity = "seats"
unit_price = "mrr * 12 / seats"
currency = "'EUR'"
signed_on = "since"
known_at = "since"
[tables.usage_daily]
from = "{usage_daily}"
[tables.usage_daily.columns]
account_id = "{customer}"
product_id = "'core'"
feature = "'open'"
events = "1"
active_users = "1"
known_at = "day"
"""


def mapped(folder: Path, ids: tuple[str, str], tables: dict[str, str], written: str) -> Settings:
    rows = [f'"{name}"' for name in ids]
    files = {
        "customers": "id,since\n" + "".join(f"{row},2024-01-01\n" for row in rows),
        "contracts": "customer,seats,mrr,since\n"
        + "".join(f"{row},{n + 1}0,{n + 1}0.10,2024-01-01\n" for n, row in enumerate(rows)),
        "clicks": "customer,day\n" + "".join(f"{row},2024-02-01\n" for row in rows),
    }
    expressions = {name: written.replace("{}", name) for name in ("id", "customer")}
    toml = TOML.format(**tables, **expressions)
    tables_of_none = dict.fromkeys(("accounts", "subscriptions", "usage_daily"))
    return company(folder, toml, **{**tables_of_none, **files})


def ids_of(settings: Settings, table: str = "accounts", column: str = "account_id") -> list[str]:
    ingest(settings)
    read = pq.read_table(settings.tables_folder / f"{table}.parquet")
    return sorted(read[column].to_pylist(), key=str)


def expected(ids: tuple[str, str], written: str) -> list[str]:
    prefix = "x" if "'x'" in written else ""
    return sorted(f"{prefix}{name}" for name in ids)


@pytest.mark.parametrize("ids", ALIKE, ids=lambda ids: f"{ids[0]}|{ids[1]}")
@pytest.mark.parametrize(
    "tables", [PLAIN, JOINED, GROUPED, USING], ids=["plain", "joined", "grouped", "using"]
)
def test_two_customers_stay_two_and_keep_their_texts(
    tmp_path: Path, ids: tuple[str, str], tables: dict[str, str]
) -> None:
    settings = mapped(tmp_path, ids, tables, "{}")
    assert ids_of(settings) == expected(ids, "{}")
    for table in ("subscriptions", "usage_daily"):
        assert ids_of(settings, table) == expected(ids, "{}")
    lines = pq.read_table(settings.tables_folder / "subscriptions.parquet").to_pylist()
    prices = {line["account_id"]: (line["quantity"], line["unit_price"]) for line in lines}
    assert prices == {
        ids[0]: (10.0, pytest.approx(10.1 * 12 / 10)),
        ids[1]: (20.0, pytest.approx(20.1 * 12 / 20)),
    }


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
@pytest.mark.parametrize("ids", [ALIKE[0], ALIKE[1], ALIKE[2], ALIKE[4]], ids=lambda ids: ids[1])
def test_an_expression_gets_the_text(tmp_path: Path, ids: tuple[str, str], written: str) -> None:
    assert ids_of(mapped(tmp_path, ids, PLAIN, written)) == expected(ids, written)


@pytest.mark.parametrize("case", ["id19", "iddot"])
def test_a_case_keeps_its_two_customers(tmp_path: Path, case: str) -> None:
    shutil.copytree(CASES / case, tmp_path / case)
    settings = load(tmp_path / case / "c.toml")
    assert check(settings).violations == ()
    ids = {
        "id19": ["1234567890123456701", "1234567890123456702"],
        "iddot": ["10.1", "10.10"],
    }[case]
    for table in ("accounts", "subscriptions", "usage_daily"):
        assert ids_of(settings, table) == ids


def test_a_query_of_the_mapping_gets_the_text(tmp_path: Path) -> None:
    ids = ("10.1", "10.10")
    mapped(tmp_path, ids, PLAIN, "{}")
    config = tmp_path / "expansion.toml"
    query = 'merged = { sql = "SELECT id, min(since) AS since FROM customers GROUP BY 1" }'
    text = config.read_text("utf-8").replace("[tables.accounts]", f"{query}\n[tables.accounts]")
    config.write_text(text.replace('from = "customers"', 'from = "merged"'), "utf-8")
    assert ids_of(load(config)) == sorted(ids)


def test_numbers_of_one_file_join_texts_of_another(tmp_path: Path) -> None:
    """All identifiers of one file look like numbers, those of the other do not."""
    settings = mapped(tmp_path, ("7", "8"), JOINED, "{}")
    customers = settings.data_folder / "customers.csv"
    customers.write_text(customers.read_text("utf-8") + "007,2024-01-01\nA1,2024-01-01\n", "utf-8")
    assert ids_of(settings) == ["7", "8"]


def test_numbers_of_a_parquet_file_join_texts_of_a_csv_file(tmp_path: Path) -> None:
    settings = mapped(tmp_path, ("7", "007"), JOINED, "{}")
    config = tmp_path / "expansion.toml"
    text = config.read_text("utf-8").replace("clicks.csv", "clicks.parquet")
    config.write_text(text, "utf-8")
    clicks = {"customer": pa.array([7], pa.int64()), "day": ["2024-02-01"]}
    pq.write_table(pa.table(clicks), settings.data_folder / "clicks.parquet")
    assert ids_of(load(config), "usage_daily") == ["7"]


@pytest.mark.parametrize(
    "type_",
    [pa.float64(), pa.float32(), pa.int32(), pa.decimal128(19, 0), pa.decimal128(24, 2)],
)
def test_whole_numbers_of_parquet_are_written_without_a_fraction(
    tmp_path: Path, type_: pa.DataType
) -> None:
    accounts = {
        "account_id": pa.array([1001, 1002], pa.int64()).cast(type_),
        "name": ["One", "Two"],
        "created_on": ["2024-01-01", "2024-01-01"],
        "known_at": ["2024-01-01", "2024-01-01"],
    }
    rows = "subscription_id,account_id,product_id,starts_on,quantity,unit_price,currency,signed_on,"
    lines = f"{rows}known_at\ns1,1001,core,2024-01-01,1,100,EUR,2024-01-01,2024-01-01\n"
    usage = "account_id,product_id,feature,day,events,active_users,known_at\n"
    usage += "1002,core,x,2024-02-01,1,1,2024-02-01\n"
    rule = '[rules]\n"usage_daily.within_subscription" = "accept"\n'
    settings = company(tmp_path, rule, accounts=None, subscriptions=lines, usage_daily=usage)
    pq.write_table(pa.table(accounts), settings.data_folder / "accounts.parquet")
    assert ids_of(settings) == ["1001", "1002"]


def of_two_parquet_files(folder: Path, users: pa.Array) -> Settings:
    """Return a company whose use by text is in one file, and by ``users`` in another."""
    settings = company(folder, '[sources]\nusage_daily = "use*.parquet"\n', usage_daily=None)
    use = {
        "account_id": ["a1"] * len(users),
        "product_id": ["core"] * len(users),
        "feature": ["search"] * len(users),
        "day": ["2024-02-01"] * len(users),
        "events": [1] * len(users),
        "user_id": users,
        "known_at": ["2024-02-02"] * len(users),
    }
    texts = {name: values[:1] for name, values in use.items()}
    texts |= {"user_id": ["5"], "day": ["2024-02-02"]}
    pq.write_table(pa.table(use), settings.data_folder / "use1.parquet")
    pq.write_table(pa.table(texts), settings.data_folder / "use2.parquet")
    return settings


@pytest.mark.parametrize(
    "type_", [pa.float64(), pa.float32(), pa.int64(), pa.decimal128(24, 2), pa.decimal128(38, 0)]
)
def test_numbers_of_one_parquet_file_are_the_texts_of_the_next(
    tmp_path: Path, type_: pa.DataType
) -> None:
    users = pa.array([5, 6], pa.int64()).cast(type_)
    assert ids_of(of_two_parquet_files(tmp_path, users), "usage_daily", "user_id") == [
        "5",
        "5",
        "6",
    ]


@pytest.mark.parametrize("wrong", [10.5, 1e17])
def test_floating_point_numbers_beside_texts_of_another_file_are_refused(
    tmp_path: Path, wrong: float
) -> None:
    settings = of_two_parquet_files(tmp_path, pa.array([5.0, wrong]))
    with pytest.raises(DataError, match=rf"use1.parquet .* such as {re.escape(str(wrong))}"):
        ingest(settings)


def test_an_identifier_of_four_bytes_has_seven_digits(tmp_path: Path) -> None:
    settings = of_two_parquet_files(tmp_path, pa.array([5.0, 16_777_216.0], pa.float32()))
    with pytest.raises(DataError, match=r"may have lost digits, such as 16777216\.0"):
        ingest(settings)


@pytest.mark.parametrize(
    ("plans", "texts"),
    [
        (pa.array([3.0, None, 4.0]), ["3", "4", None]),
        (pa.array([3.0, 2.5, 4.0]), ["2.5", "3", "4"]),
        (pa.array([3, None, 4]).cast(pa.decimal128(24, 2)), ["3", "4", None]),
    ],
)
@pytest.mark.parametrize("written", ["plan", "plan + 0"])
def test_other_texts_of_parquet_are_written_without_a_fraction(
    tmp_path: Path, plans: pa.Array, texts: list[str | None], written: str
) -> None:
    lines = pa_csv.read_csv(BytesIO(SUBSCRIPTIONS.lstrip().encode()))
    toml = '[sources]\nlines = "lines.parquet"\n[tables.subscriptions]\nfrom = "lines"\n'
    toml += f'[tables.subscriptions.columns]\nplan = "{written}"\n'
    settings = company(tmp_path, toml, subscriptions=None)
    pq.write_table(lines.append_column("plan", plans), settings.data_folder / "lines.parquet")
    assert ids_of(settings, "subscriptions", "plan") == texts


@pytest.mark.parametrize("wrong", [10.1, 1234567890123456701.0])
@pytest.mark.parametrize("written", ["account_id", "CAST(account_id AS VARCHAR)"])
def test_identifiers_that_are_floating_point_numbers_are_refused(
    tmp_path: Path, wrong: float, written: str
) -> None:
    accounts = {
        "account_id": [wrong, 7.0],
        "name": ["One", "Two"],
        "created_on": ["2024-01-01", "2024-01-01"],
        "known_at": ["2024-01-01", "2024-01-01"],
    }
    toml = '[sources]\ncrm = "crm.parquet"\n[tables.accounts]\nfrom = "crm"\n'
    toml += f'[tables.accounts.columns]\naccount_id = "{written}"\n'
    settings = company(tmp_path, toml, accounts=None)
    pq.write_table(pa.table(accounts), settings.data_folder / "crm.parquet")
    with pytest.raises(DataError, match=r"crm.account_id, floating_point_id: 1 of 2 rows"):
        ingest(settings)


def test_a_text_and_a_number_of_one_column(tmp_path: Path) -> None:
    """``seats`` is a part of an identifier and computed with; ``since`` is shown and compared."""
    ids = ("a", "b")
    settings = mapped(tmp_path, ids, PLAIN, "{}")
    contracts = settings.data_folder / "contracts.csv"
    contracts.write_text(
        "customer,seats,mrr,since\na,10,5.50,2024-01-01\na,010.0,5.50,2024-01-01\nb,1,1,2024-01-01\n",
        "utf-8",
    )
    config = tmp_path / "expansion.toml"
    text = config.read_text("utf-8").replace(
        'product_id = "\'core\'"\nstarts_on = "since"',
        'product_id = "\'since \' || since"\nstarts_on = "since - INTERVAL 1 DAY"',
    )
    config.write_text(text, "utf-8")
    settings = load(config)
    ingest(settings)
    lines = pq.read_table(settings.tables_folder / "subscriptions.parquet").to_pylist()
    assert {line["subscription_id"]: (line["quantity"], line["unit_price"]) for line in lines} == {
        "a-10": (10.0, 6.6),
        "a-010.0": (10.0, 6.6),
        "b-1": (1.0, 12.0),
    }
    assert {(line["product_id"], str(line["starts_on"])) for line in lines} == {
        ("since 2024-01-01", "2023-12-31")
    }


def test_a_value_that_is_no_number_is_told_where_one_computes_with_it(tmp_path: Path) -> None:
    settings = mapped(tmp_path, ("a", "b"), GROUPED, "{}")
    contracts = settings.data_folder / "contracts.csv"
    contracts.write_text(
        "customer,seats,mrr,since\na,10,5.50,2024-01-01\nb,n/a,5.50,2024-01-01\n", "utf-8"
    )
    with pytest.raises(DataError) as caught:
        ingest(settings)
    assert any(
        problem.startswith("contracts.seats, not_a_number: 1 of 2 rows")
        and "customer = b, seats = n/a" in problem
        for problem in caught.value.problems
    )


def test_an_identifier_that_only_a_number_can_be_may_be_computed_with(tmp_path: Path) -> None:
    settings = mapped(tmp_path, ("7", "8"), PLAIN, "printf('%05d', {})")
    assert ids_of(settings) == ["00007", "00008"]


def test_a_text_that_is_no_number_cannot_be_computed_with(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"account_id = \"printf\('%05d', id\)\""):
        ingest(mapped(tmp_path, ("10.1", "10.10"), PLAIN, "printf('%05d', id)"))
