"""The recipes of docs/connect-your-data.md, on small tables as each describes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config.settings import Settings, load
from pipelines.ingest.check import check
from pipelines.ingest.tables import ingest

DOCUMENT = Path(__file__).parents[3] / "docs/connect-your-data.md"

ACCOUNTS = """
account_id,name,created_on,known_at
a,Example One,2026-01-01,2026-01-01
b,Example Two,2026-01-01,2026-01-01
"""
SUBSCRIPTIONS = """
subscription_id,account_id,product_id,starts_on,ended_on,ended_known_on,quantity,unit_price,currency,signed_on,known_at
s1,a,core,2026-01-01,,,10,100,EUR,2026-01-01,2026-01-01
s2,b,core,2026-01-01,,,5,120,EUR,2026-01-01,2026-01-01
"""
USAGE = """
account_id,product_id,feature,day,events,active_users,known_at
a,core,search,2026-05-31,3,2,2026-05-31
"""


@dataclass(frozen=True)
class Recipe:
    """Source tables (None: not there), and the ARR on the first of some months by hand."""

    tables: dict[str, str | None]
    arr: dict[str, float] = field(default_factory=dict)


CONTRACTS = """
contract_no,customer,product,from_day,to_day,seats,monthly_price
"""
RECIPES = {
    "MRR only": Recipe(
        {
            "subscriptions": None,
            "mrr": """
customer,product,month,mrr
a,core,2026-01-01,100
a,core,2026-02-01,100
a,core,2026-03-01,150
a,core,2026-05-01,150
b,core,2026-01-01,200
b,core,2026-02-01,0
""",
        },
        # a: up in March, a pause in April, runs on after May, the newest month; b: one month.
        {"2026-01": 3600, "2026-02": 1200, "2026-03": 1800, "2026-04": 0, "2026-06": 1800},
    ),
    "Several currencies": Recipe(
        {
            "subscriptions": None,
            "contracts": """
contract_no,customer,product,from_day,to_day,seats,monthly_price,paid_in
c1,a,core,2026-01-01,,10,1000,EUR
c2,b,core,2026-02-01,,5,500,USD
""",
        },
        {"2026-01": 12_000, "2026-02": 12_000 + 500 * 0.92 * 12},
    ),
    "Merged and parent accounts": Recipe(
        {
            "accounts": None,
            "subscriptions": None,
            "customers": """
customer,company,since,merged_into,parent
a,Example One,2026-01-01,,
b,Example Two,2026-01-01,,
old,Example Old,2026-01-01,older,
older,Example Older,2026-01-01,a,
sub,Example Branch,2026-01-01,,b
""",
            "contracts": CONTRACTS
            + """c1,old,core,2026-01-01,,1,100
c2,a,maps,2026-01-01,,1,10
c3,sub,core,2026-01-01,,1,7
c4,b,core,2026-01-01,,1,1
""",
        },
        {"2026-01": 118 * 12},
    ),
    "Orders instead of subscriptions": Recipe(
        {
            "subscriptions": None,
            "orders": """
customer,product,order_day,units,amount
a,box,2026-01-01,10,1000
a,box,2026-04-01,20,1800
b,box,2025-03-15,1,50
""",
        },
        {"2026-01": 1050, "2026-03": 1050, "2026-04": 1800},
    ),
    "No usage": Recipe({"usage_daily": None}, {"2026-05": 1600}),
    "Weekly or monthly usage": Recipe(
        {
            "usage_daily": None,
            "weekly": """
customer,week,clicks,people
a,2026-02-23,7,3
a,2026-03-02,9,4
""",
        },
    ),
    "Load dates": Recipe(
        {
            "usage_daily": None,
            "clicks": """
customer,action,day,clicks,people,loaded_at
a,search,2026-02-03,7,3,2026-05-01 04:00:00
a,search,2026-05-03,9,4,2026-05-04 04:00:00
""",
        },
    ),
    "Time zones": Recipe(
        {
            "usage_daily": None,
            "clicks": """
customer,action,clicked_at,loaded_at
a,search,2026-03-07T23:30:00-05:00,2026-03-08T08:00:00Z
b,search,2026-03-08T23:30:00-04:00,2026-03-09T08:00:00Z
""",
        },
    ),
    "Roles": Recipe(
        {
            "people": """
person,customer,title,note,department,since,gone_on
p1,a,Key User Planning,,planning,2026-01-01,
p2,a,Head of Sales,,sales,2026-01-01,2026-03-01
p3,a,Driver,,,2026-01-01,
p4,b,Clerk,is against us,,2026-01-01,
""",
        },
    ),
    "Trials": Recipe(
        {
            "subscriptions": None,
            "contracts": """
contract_no,customer,product,from_day,to_day,seats,monthly_price,is_trial
c1,a,core,2026-01-01,2026-02-01,5,0,true
c2,a,core,2026-02-01,,5,100,false
c3,b,core,2026-01-01,2026-01-15,5,100,true
""",
        },
        {"2026-01": 0, "2026-02": 1200},
    ),
    "Early renewal under a new number": Recipe(
        {
            "subscriptions": None,
            "contracts": """
contract_no,customer,product,from_day,to_day,seats,monthly_price,signed_day
c1,a,core,2026-01-01,2027-01-01,100,1000,2026-01-01
c2,a,core,2026-04-01,2027-04-01,150,1500,2026-03-20
c3,b,core,2026-01-01,2026-03-01,5,50,2026-01-01
c4,b,core,2026-04-01,,5,50,2026-04-01
""",
        },
        # a pays for 150 seats from April on, not for 250; b's pause in March stays one.
        {"2026-02": 12_600, "2026-03": 12_000, "2026-04": 18_600, "2026-05": 18_600},
    ),
    "Invoices and credit notes": Recipe(
        {
            "subscriptions": None,
            "usage_daily": USAGE.replace("2026-05-31", "2026-04-30"),
            "invoice_lines": """
customer,product,period_from,period_to,seats,amount,invoiced_on
a,core,2026-01-01,2026-02-01,5,100,2026-01-01
a,core,2026-01-01,2026-02-01,5,-40,2026-01-20
a,core,2026-02-01,2026-05-01,5,300,2026-02-01
b,core,2026-01-01,2027-01-01,1,1200,2026-01-03
b,core,2026-01-01,2027-01-01,1,-1200,2026-01-09
""",
        },
        {"2026-01": 720, "2026-02": 1200, "2026-05": 0},
    ),
}


def documented() -> dict[str, str]:
    """Return each recipe's part of a mapping by its heading."""
    section = DOCUMENT.read_text("utf-8").split("\n## Recipes\n")[1].split("\n## ")[0]
    parts = re.findall(r"\n### (.+?)\n(.*?)```toml\n(.*?)```", section, re.DOTALL)
    return {heading: toml for heading, _, toml in parts}


def connected(folder: Path, heading: str) -> Settings:
    """Write a recipe's tables beside the mapping that the document shows, and load that."""
    source = folder / "source"
    source.mkdir()
    tables = {"accounts": ACCOUNTS, "subscriptions": SUBSCRIPTIONS, "usage_daily": USAGE}
    recipe = RECIPES[heading].tables
    names = [f'{name} = "{name}.csv"' for name in recipe if recipe[name] and name not in tables]
    for name, text in {**tables, **recipe}.items():
        if text is not None:
            (source / f"{name}.csv").write_text(text.lstrip(), "utf-8")
    toml = "\n".join(["[sources]", *names, "", documented()[heading]])
    (folder / "yours.toml").write_text(toml, "utf-8")
    return load(folder / "yours.toml")


def table(settings: Settings, name: str) -> list[dict[str, Any]]:
    """Return the rows of a written table, in the order of its key."""
    path = settings.tables_folder / f"{name}.parquet"
    rows: list[dict[str, Any]] = (
        duckdb.sql(f"FROM '{path}' ORDER BY ALL").to_arrow_table().to_pylist()
    )
    return rows


def arr_on(settings: Settings, month: str) -> float:
    """Return the ARR of the lines that run on the first of a month."""
    path = settings.tables_folder / "subscriptions.parquet"
    runs = f"starts_on <= DATE '{month}-01' AND coalesce(ended_on > DATE '{month}-01', true)"
    query = f"SELECT coalesce(sum(quantity * unit_price), 0) FROM '{path}' WHERE {runs}"
    ((arr,),) = duckdb.sql(query).fetchall()
    return round(float(arr), 2)


def test_every_recipe_in_the_document_is_tested() -> None:
    assert set(documented()) == set(RECIPES)


@pytest.mark.parametrize("heading", RECIPES)
def test_a_recipe_gives_the_arr_worked_out_by_hand(tmp_path: Path, heading: str) -> None:
    settings = connected(tmp_path, heading)
    ingest(settings)
    arr = RECIPES[heading].arr or {"2026-02": 1600}
    assert {month: arr_on(settings, month) for month in arr} == arr


def test_a_currency_without_a_rate_is_refused(tmp_path: Path) -> None:
    settings = connected(tmp_path, "Several currencies")
    contracts = settings.data_folder / "contracts.csv"
    contracts.write_text(contracts.read_text("utf-8").replace("USD", "NOK"), "utf-8")
    with pytest.raises(Exception, match=r"subscriptions\.unit_price, not_null: 1 of 2 rows"):
        ingest(settings)


def test_an_early_renewal_ends_the_old_contract_as_soon_as_it_is_signed(tmp_path: Path) -> None:
    settings = connected(tmp_path, "Early renewal under a new number")
    ingest(settings)
    ends = [
        (line["subscription_id"], str(line["ended_on"]), str(line["ended_known_on"]))
        for line in table(settings, "subscriptions")
    ]
    assert ends == [
        ("c1", "2026-04-01", "2026-03-20"),
        ("c2", "2027-04-01", "2027-04-01"),
        ("c3", "2026-03-01", "2026-03-01"),
        ("c4", "None", "None"),
    ]
    # The recipes' use ends on a day of the past, and further back each day.
    assert {hint.name for hint in check(settings).hints} <= {"data_ends_long_ago"}


def test_merged_and_child_accounts_are_mapped_to_the_one_people_talk_to(tmp_path: Path) -> None:
    settings = connected(tmp_path, "Merged and parent accounts")
    ingest(settings)
    assert [row["account_id"] for row in table(settings, "accounts")] == ["a", "b"]
    lines = table(settings, "subscriptions")
    assert [(line["subscription_id"], line["account_id"]) for line in lines] == [
        ("c1", "a"),
        ("c2", "a"),
        ("c3", "b"),
        ("c4", "b"),
    ]


def test_without_usage_the_data_ends_where_the_mapping_says(tmp_path: Path) -> None:
    manifest = ingest(connected(tmp_path, "No usage"))
    assert (manifest.data_through, sorted(manifest.tables)) == (
        "2026-05-01",
        ["accounts", "subscriptions"],
    )


def test_weekly_usage_is_known_after_its_week(tmp_path: Path) -> None:
    settings = connected(tmp_path, "Weekly or monthly usage")
    manifest = ingest(settings)
    assert manifest.data_through == "2026-03-09"
    days = [(str(row["day"]), str(row["known_at"])) for row in table(settings, "usage_daily")]
    assert days == [
        ("2026-03-01", "2026-03-02 00:00:00"),
        ("2026-03-08", "2026-03-09 00:00:00"),
    ]


def test_what_the_first_load_brought_counts_as_known_when_it_happened(tmp_path: Path) -> None:
    settings = connected(tmp_path, "Load dates")
    ingest(settings)
    known = [str(row["known_at"]) for row in table(settings, "usage_daily")]
    assert known == ["2026-02-03 00:00:00", "2026-05-04 04:00:00"]


def test_a_moment_falls_on_the_day_that_it_is_at_the_company(tmp_path: Path) -> None:
    settings = connected(tmp_path, "Time zones")
    manifest = ingest(settings)
    assert [str(row["day"]) for row in table(settings, "usage_daily")] == [
        "2026-03-07",
        "2026-03-08",
    ]
    assert manifest.data_through == "2026-03-09"


def test_titles_become_roles_and_others_are_left_out(tmp_path: Path) -> None:
    settings = connected(tmp_path, "Roles")
    ingest(settings)
    roles = {row["contact_id"]: row["role"] for row in table(settings, "contacts")}
    assert roles == {"p1": "champion", "p2": "sponsor", "p4": "blocker"}
