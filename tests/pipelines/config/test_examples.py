"""The three worked mappings, on small tables of the same shapes and, where present, on the sets."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from features.errors import DataError
from pipelines.config.sections import Paths
from pipelines.config.settings import Settings, load
from pipelines.ingest.check import check
from pipelines.ingest.tables import ingest

EXAMPLES = Path(__file__).parents[3] / "examples"
SETS = Path(__file__).parents[3] / "../shared/data"

CRM6 = {
    "accounts.csv": """
account_id,channel,company_founded,region,signup_date
1,web,2015-01-01,NY,2022-03-01
2,appstore,2016-01-01,,2022-05-10
""",
    "subscriptions.csv": """
account_id,product,start_date,end_date,mrr,quantity,units,billing_period_months,discount
1,basic_mthly,2022-03-01,2022-04-01,160.0,10,users,1,0.2
1,basic_mthly,2022-04-01,2022-05-01,160.0,10,users,1,0.2
1,standard_annual,2022-05-01,2023-05-01,450.0,25,users,12,0.0
1,meetings,2022-05-01,2023-05-01,300.0,5000,schedule_meeting,12,0.5
2,starter_mthly,2022-05-10,2022-06-10,100.0,5,users,1,0.0
2,starter_mthly,2022-06-12,2022-07-12,100.0,5,users,1,0.0
""",
}
EVENTS = """
SELECT * FROM (VALUES
    (1, TIMESTAMP '2022-03-05', 'add_lead', 12, 3, NULL),
    (1, TIMESTAMP '2022-05-02', 'meeting', 4, 9, NULL),
    (2, TIMESTAMP '2022-06-13', 'add_lead', 2, 1, NULL)
) AS t (account_id, event_date, event_type, event_count, active_users, event_value)
"""
RAVENSTACK = {
    "ravenstack_accounts.csv": """
account_id,account_name,industry,country,signup_date,referral_source,plan_tier,seats,is_trial,churn_flag
A-1,Company_1,EdTech,US,2023-02-01,ads,Basic,9,False,False
A-2,Company_2,FinTech,IN,2023-03-01,other,Pro,20,False,True
A-3,Company_3,FinTech,DE,2023-03-01,other,Pro,20,True,True
""",
    "ravenstack_subscriptions.csv": """
subscription_id,account_id,start_date,end_date,plan_tier,seats,mrr_amount,arr_amount,is_trial,upgrade_flag,downgrade_flag,churn_flag,billing_frequency,auto_renew_flag
S-1,A-1,2023-02-01,2023-06-01,Basic,10,190,2280,False,False,False,True,monthly,True
S-2,A-1,2023-06-01,,Pro,10,490,5880,False,True,False,False,monthly,True
S-3,A-2,2023-03-01,,Pro,20,980,11760,False,False,False,False,annual,True
S-4,A-2,2023-04-01,,Enterprise,5,0,0,True,False,False,False,annual,True
S-5,A-3,2023-03-01,2023-09-01,Pro,20,980,11760,False,False,False,True,annual,True
""",
    "ravenstack_feature_usage.csv": """
usage_id,subscription_id,usage_date,feature_name,usage_count,usage_duration_secs,error_count,is_beta_feature
U-1,S-1,2023-03-01,feature_1,3,10,0,False
U-2,S-2,2023-03-01,feature_1,4,10,0,False
U-3,S-2,2023-07-01,feature_1,4,10,0,False
U-4,S-2,2023-07-01,feature_1,5,10,0,False
U-4,S-3,2023-08-01,feature_2,6,10,0,False
U-5,S-3,2023-08-01,feature_1,6,10,0,False
U-6,S-5,2023-09-01,feature_1,7,10,0,False
U-7,S-5,2023-08-01,feature_1,8,10,0,False
""",
    "ravenstack_support_tickets.csv": """
ticket_id,account_id,submitted_at,closed_at,resolution_time_hours,priority,first_response_time_minutes,satisfaction_score,escalation_flag
T-1,A-1,2023-07-27,2023-07-28 03:00:00,27.0,high,74,,True
T-2,A-2,2023-02-08,2023-07-09 03:00:00,27.0,urgent,144,4.0,False
""",
    "ravenstack_churn_events.csv": """
churn_event_id,account_id,churn_date,reason_code,refund_amount_usd,preceding_upgrade_flag,preceding_downgrade_flag,is_reactivation,feedback_text
C-1,A-1,2023-06-01,pricing,4.0,False,False,False,
C-2,A-3,2023-09-01,support,4.0,False,False,False,too slow
""",
}

MEMBERSHIPS = {
    "accounts.csv": """
account,name,enduser,first_seen
m1,Member 1,0,2020-03-02
m2,Member 2,1,2020-03-02
""",
    "subscriptions.csv": """
account,product,tier,rank,starts_on,ended_on,joined,left_censored
m1,cloud,Silver,2,2020-03-02,2021-06-07,2019-02-01,1
m1,cloud,Gold,3,2021-06-07,,,0
m1,ai,Associate,1,2020-09-07,2022-01-03,,0
m2,cloud,Platinum,4,2020-03-02,,,1
m2,finos,Silver,2,2020-07-13,2020-08-31,,0
""",
}
ITEMS = """
SELECT * FROM (VALUES
    ('m1', 'cloud', TIMESTAMP '2020-03-30', 'Storage', 2),
    ('m1', 'cloud', TIMESTAMP '2020-02-24', 'Storage', 1),
    ('m2', 'finos', TIMESTAMP '2020-07-27', 'Data', 1)
) AS t (account, product, week, category, items)
"""


def example(name: str, work: Path, files: dict[str, str] | None = None) -> Settings:
    """Load a worked example whose results go to ``work``, over ``files`` or the full set."""
    folder = None
    if files is not None:
        folder = work / "source"
        folder.mkdir(parents=True)
        for file, text in files.items():
            (folder / file).write_text(text.lstrip(), "utf-8")
    settings = load(EXAMPLES / f"{name}.toml", data_folder=folder)
    return settings.model_copy(update={"paths": Paths(work=work)})


def full(name: str, work: Path, folder: str) -> Settings:
    if not (SETS / folder).is_dir():
        pytest.skip(f"the public set {folder} is not in ../shared/data")
    return example(name, work)


def small_crm6(work: Path, events: str = EVENTS) -> Settings:
    settings = example("crm6", work, CRM6)
    target = settings.data_folder / "daily_events.parquet"
    duckdb.execute(f"COPY ({events}) TO '{target}' (FORMAT parquet)")
    return settings


def small_memberships(work: Path) -> Settings:
    settings = example("memberships", work, MEMBERSHIPS)
    target = settings.data_folder / "listed_items_monthly.parquet"
    duckdb.execute(f"COPY ({ITEMS}) TO '{target}' (FORMAT parquet)")
    return settings


def rows(settings: Settings, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(
        settings.tables_folder / f"{table}.parquet"
    ).to_pylist()
    return found


def counts(settings: Settings) -> dict[str, int]:
    return {f"{one.table}.{one.rule}": one.count for one in check(settings).violations}


def test_crm6_billing_periods_become_lines_of_one_product(tmp_path: Path) -> None:
    settings = small_crm6(tmp_path)
    manifest = ingest(settings)
    assert manifest.data_through == "2024-01-01"
    seen = [
        (row["subscription_id"], str(row["starts_on"]), row["plan"], row["quantity"])
        for row in rows(settings, "subscriptions")
    ]
    assert seen == [
        ("1-crm", "2022-03-01", "basic", 10),
        ("1-crm", "2022-04-01", "basic", 10),
        ("1-crm", "2022-05-01", "standard", 25),
        ("1-meetings", "2022-05-01", None, 5000),
        ("2-crm", "2022-05-10", "starter", 5),
        ("2-crm", "2022-06-12", "starter", 5),
    ]


def test_crm6_prices_are_a_year_and_a_unit_and_list_prices_before_discount(tmp_path: Path) -> None:
    settings = small_crm6(tmp_path)
    ingest(settings)
    lines = rows(settings, "subscriptions")
    basic, _, standard, meetings, *_ = lines
    assert basic["unit_price"] == pytest.approx(160 * 12 / 10)
    assert basic["list_price"] == pytest.approx(200 * 12 / 10)
    assert standard["unit_price"] == standard["list_price"] == pytest.approx(450 * 12 / 25)
    assert meetings["quantity"] * meetings["unit_price"] == pytest.approx(3600)
    assert meetings["list_price"] == pytest.approx(meetings["unit_price"])


def test_crm6_ends_are_known_when_they_happen_and_usage_has_no_users(tmp_path: Path) -> None:
    settings = small_crm6(tmp_path)
    ingest(settings)
    assert all(row["ended_known_on"] == row["ended_on"] for row in rows(settings, "subscriptions"))
    usage = rows(settings, "usage_daily")
    assert [(row["product_id"], row["active_users"], row["user_id"]) for row in usage] == [
        ("crm", 3, None),
        ("crm", 9, None),
        ("crm", 1, None),
    ]


def test_crm6_usage_between_two_periods_is_found(tmp_path: Path) -> None:
    between = EVENTS.replace("2022-06-13", "2022-06-11")
    (found,) = check(small_crm6(tmp_path, between)).violations
    assert (found.rule, found.count, found.of) == ("within_subscription", 1, 3)


def test_ravenstack_dirt_is_found(tmp_path: Path) -> None:
    settings = example("ravenstack", tmp_path, RAVENSTACK)
    assert counts(settings) == {
        "usage.repeated_usage_id": 1,
        "usage_dated.before_its_subscription": 1,
        "usage_dated.after_its_subscription": 1,
        "accounts.churn_flag_contradicts_events": 2,
        "accounts.churned_but_running": 1,
        "tickets.before_signup": 1,
        "usage_daily.within_subscription": 1,
    }
    with pytest.raises(DataError) as caught:
        ingest(settings)
    assert len(caught.value.problems) == 7


def test_ravenstack_cleaned_passes_and_counts_what_it_left_out(tmp_path: Path) -> None:
    settings = example("ravenstack-cleaned", tmp_path, RAVENSTACK)
    manifest = ingest(settings)
    assert manifest.data_through == "2025-01-01"
    usage = [
        (row["account_id"], row["feature"], str(row["day"]), row["events"], row["active_users"])
        for row in rows(settings, "usage_daily")
    ]
    assert usage == [
        ("A-1", "feature_1", "2023-03-01", 3, 1),
        ("A-1", "feature_1", "2023-07-01", 9, 1),
        ("A-2", "feature_1", "2023-08-01", 6, 1),
        ("A-3", "feature_1", "2023-08-01", 8, 1),
    ]
    assert {f"{rule['table']}.{rule['rule']}": rule["policy"] for rule in manifest.rules} == {
        "usage.repeated_usage_id": "drop",
        "usage_dated.before_its_subscription": "drop",
        "usage_dated.after_its_subscription": "drop",
        "accounts.churn_flag_contradicts_events": "accept",
        "accounts.churned_but_running": "accept",
        "tickets.before_signup": "drop",
    }


def test_ravenstack_tiers_are_plans_and_trials_are_left_out(tmp_path: Path) -> None:
    settings = example("ravenstack-cleaned", tmp_path, RAVENSTACK)
    ingest(settings)
    lines = rows(settings, "subscriptions")
    assert [row["subscription_id"] for row in lines] == ["S-1", "S-2", "S-3", "S-5"]
    assert {row["product_id"] for row in lines} == {"platform"}
    assert [row["unit_price"] for row in lines] == [228.0, 588.0, 588.0, 588.0]
    (ticket,) = rows(settings, "tickets")
    assert str(ticket["escalated_on"]) == str(ticket["closed_on"]) == "2023-07-28"


def test_memberships_are_lines_with_nominal_prices_signed_before_the_record(tmp_path: Path) -> None:
    settings = small_memberships(tmp_path)
    ingest(settings)
    lines = [
        (row["subscription_id"], row["plan"], row["unit_price"], str(row["signed_on"]))
        for row in rows(settings, "subscriptions")
    ]
    assert lines == [
        ("m1-ai", "Associate", 1_000, "2020-09-07"),
        ("m1-cloud", "Silver", 15_000, "2019-02-01"),
        ("m1-cloud", "Gold", 50_000, "2021-06-07"),
        ("m2-cloud", "Platinum", 100_000, "2019-03-04"),
    ]


def test_memberships_whose_record_stops_are_left_out(tmp_path: Path) -> None:
    settings = small_memberships(tmp_path)
    manifest = ingest(settings)
    assert {row["product_id"] for row in rows(settings, "products")} == {"cloud", "ai"}
    assert [str(row["day"]) for row in rows(settings, "usage_daily")] == ["2020-03-30"]
    assert manifest.tables["usage_daily"].dropped == 1


def test_the_full_memberships_set_passes(tmp_path: Path) -> None:
    report = check(full("memberships", tmp_path, "memberships"))
    assert report.ok
    assert report.tables["subscriptions"] == 4_534
    assert {f"{one.table}.{one.rule}": (one.count, one.of) for one in report.violations} == {
        "usage_daily.within_subscription": (15_336, 64_821),
    }


def test_the_full_crm6_set_passes(tmp_path: Path) -> None:
    report = check(full("crm6", tmp_path, "crm6"))
    assert report.ok
    assert report.tables["usage_daily"] == 2_404_380
    assert {f"{one.table}.{one.rule}": one.count for one in report.violations} == {
        "subscriptions.known_after_data_through": 72,
        "usage_daily.within_subscription": 38,
    }


def test_the_dirt_of_the_full_ravenstack_set_is_found(tmp_path: Path) -> None:
    assert counts(full("ravenstack", tmp_path, "ravenstack")) == {
        "usage.repeated_usage_id": 21,
        "usage_dated.before_its_subscription": 19_142,
        "usage_dated.after_its_subscription": 292,
        "accounts.churn_flag_contradicts_events": 312,
        "accounts.churned_but_running": 352,
        "tickets.before_signup": 1_077,
        "usage_daily.within_subscription": 14_480,
    }


def test_the_full_ravenstack_set_passes_once_it_is_cleaned(tmp_path: Path) -> None:
    manifest = ingest(full("ravenstack-cleaned", tmp_path, "ravenstack"))
    kept = {name: table.rows for name, table in manifest.tables.items()}
    assert kept == {
        "accounts": 500,
        "subscriptions": 4_222,
        "usage_daily": 5_553,
        "tickets": 923,
        "products": 1,
    }


YOURS = {
    "customers.csv": """
customer_no,company,customer_since,is_test,region,segment
0071,Example One,01.02.2026,false,DE,smb
0072,Example Two,13.02.2026,false,FR,
0099,Test,13.02.2026,true,FR,
""",
    "contracts.csv": """
customer_no,product,edition,from_day,to_day,cancelled_on,seats,monthly_price,order_day
0071,core,basic,2026-02-01,2026-05-01,2026-04-01,10,100,
0072,core,pro,2026-03-01,,,20,300,2026-02-13
0072,maps,,2026-03-01,,,5,0,2026-02-13
""",
}
CLICKS = """
SELECT * FROM (VALUES
    ('0071', 'core', 'search', DATE '2026-02-03', 'p1'),
    ('0071', 'core', 'search', DATE '2026-02-03', 'p2'),
    ('0071', 'core', 'search', DATE '2026-02-03', 'p2'),
    ('0072', 'core', 'search', DATE '2026-02-20', 'p9')
) AS t (customer_no, product, action, day, person)
"""


def yours(folder: Path) -> Settings:
    """Load the mapping that docs/connect-your-data.md shows, over tables as it describes them."""
    text = (EXAMPLES.parent / "docs/connect-your-data.md").read_text("utf-8")
    (folder / "yours.toml").write_text(text.split("```toml\n")[1].split("```")[0], "utf-8")
    exports = folder / "exports"
    exports.mkdir()
    for name, rows_ in YOURS.items():
        (exports / name).write_text(rows_.lstrip(), "utf-8")
    duckdb.execute(f"COPY ({CLICKS}) TO '{exports / 'clicks-1.parquet'}' (FORMAT parquet)")
    with closing(sqlite3.connect(exports / "desk.db")) as desk:
        desk.execute("CREATE TABLE ticket (id TEXT, customer_no TEXT, opened TEXT, spam INTEGER)")
        desk.execute("INSERT INTO ticket VALUES ('t1', '0071', '2026-03-01', 0), ('t2', '', '', 1)")
        desk.commit()
    return load(folder / "yours.toml")


def test_the_mapping_in_the_documentation_works(tmp_path: Path) -> None:
    settings = yours(tmp_path)
    manifest = ingest(settings)
    assert {name: (table.rows, table.dropped) for name, table in manifest.tables.items()} == {
        "accounts": (2, 0),
        "subscriptions": (3, 0),
        "usage_daily": (1, 1),
        "tickets": (1, 0),
    }
    one, two = rows(settings, "accounts")
    assert (one["account_id"], one["region"], str(one["created_on"])) == (
        "0071",
        "DE",
        "2026-02-01",
    )
    assert two["segment"] is None
    (usage,) = rows(settings, "usage_daily")
    assert (usage["events"], usage["active_users"]) == (3, 2)
    assert [row["unit_price"] for row in rows(settings, "subscriptions")] == [120, 180, 0]
    assert {(rule["rule"], rule["policy"], rule["count"]) for rule in manifest.rules} == {
        ("seats_without_price", "accept", 1),
        ("within_subscription", "drop", 1),
    }
