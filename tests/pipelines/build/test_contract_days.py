"""Contract days and free months the whole way: files, build, labels and forecast, by hand."""

from __future__ import annotations

import contextlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.config.settings import Settings
from pipelines.ingest.tables import ingest
from pipelines.scoring.nrr_forecast import panel_of
from tests.pipelines.small import company, few

LINES = (
    "subscription_id,account_id,product_id,starts_on,ended_on,ended_known_on,quantity,unit_price,"
    "currency,signed_on,known_at\n"
)
ACCOUNTS = "account_id,name,created_on,known_at\n"
USAGE = "account_id,product_id,feature,day,events,user_id,known_at\n"

CALENDAR_YEARS = """\
s1,A,core,2024-01-01,2025-01-01,2024-11-15,10,100,EUR,2023-12-15,2023-12-15
s1,A,core,2025-01-01,,,12,100,EUR,2024-11-15,2024-11-15
s2,B,core,2024-01-01,,,10,100,EUR,2023-12-15,2023-12-15
s3,B,addon,2024-01-01,2025-01-01,2024-11-15,5,100,EUR,2023-12-15,2023-12-15
s3,B,addon,2025-01-01,,,5,100,EUR,2024-11-15,2024-11-15
"""
RETENTION = """\
n1,N1,core,2022-01-01,2025-01-01,2024-11-15,10,100,EUR,2022-01-01,2022-01-01
n1,N1,core,2025-01-01,,,10,100,EUR,2024-11-15,2024-11-15
n2,N2,core,2022-01-01,2024-06-01,2024-06-01,20,100,EUR,2022-01-01,2022-01-01
n2,N2,core,2024-06-01,2025-01-01,2024-11-15,30,100,EUR,2024-06-01,2024-06-01
n2,N2,core,2025-01-01,,,30,100,EUR,2024-11-15,2024-11-15
n3,N3,core,2022-01-01,2024-06-01,2024-06-01,10,100,EUR,2022-01-01,2022-01-01
n3,N3,core,2024-06-01,2025-01-01,2024-11-15,4,100,EUR,2024-06-01,2024-06-01
n3,N3,core,2025-01-01,,,4,100,EUR,2024-11-15,2024-11-15
n4,N4,core,2022-01-01,2024-06-01,2024-06-01,10,100,EUR,2022-01-01,2022-01-01
n5,N5,core,2024-06-01,2025-01-01,2024-11-15,50,100,EUR,2024-06-01,2024-06-01
n5,N5,core,2025-01-01,,,50,100,EUR,2024-11-15,2024-11-15
n6,N6,core,2022-01-01,2024-03-01,2024-03-01,10,100,EUR,2022-01-01,2022-01-01
n6,N6,core,2024-09-01,2025-01-01,2024-11-15,10,100,EUR,2024-09-01,2024-09-01
n6,N6,core,2025-01-01,,,10,100,EUR,2024-11-15,2024-11-15
n7,N7,core,2022-01-01,2024-06-01,2024-06-01,10,100,EUR,2022-01-01,2022-01-01
n7,N7,core,2024-06-01,2025-01-01,2024-11-15,10,110,EUR,2024-06-01,2024-06-01
n7,N7,core,2025-01-01,,,10,110,EUR,2024-11-15,2024-11-15
n8,N8,core,2022-01-01,2024-06-01,2024-06-01,10,100,EUR,2022-01-01,2022-01-01
n8,N8,core,2024-06-01,2025-01-01,2024-11-15,10,0,EUR,2024-06-01,2024-06-01
n8,N8,core,2025-01-01,,,10,0,EUR,2024-11-15,2024-11-15
n9,N9,core,2022-01-01,2024-03-01,2024-03-01,20,100,EUR,2022-01-01,2022-01-01
n9,N9,core,2024-03-01,2024-09-01,2024-09-01,30,100,EUR,2024-03-01,2024-03-01
n9,N9,core,2024-09-01,2025-01-01,2024-11-15,20,100,EUR,2024-09-01,2024-09-01
n9,N9,core,2025-01-01,,,20,100,EUR,2024-11-15,2024-11-15
"""
FREE = """\
f1,FREE,core,2023-07-01,2024-07-01,2024-07-01,10,1200,EUR,2023-07-01,2023-07-01
f1,FREE,core,2024-07-01,,,10,0,EUR,2024-07-01,2024-07-01
f2,MONTH,core,2023-07-01,2024-07-01,2024-07-01,10,1200,EUR,2023-07-01,2023-07-01
f2,MONTH,core,2024-07-01,2024-08-01,2024-08-01,10,0,EUR,2024-07-01,2024-07-01
f2,MONTH,core,2024-08-01,,,10,1200,EUR,2024-08-01,2024-08-01
"""


def written(folder: Path, lines: str, last_use: str) -> Settings:
    """Write a company of these lines whose last use is on ``last_use``."""
    accounts = sorted({line.split(",")[1] for line in lines.splitlines()})
    first = min(line.split(",")[3] for line in lines.splitlines())
    return company(
        folder,
        f'[data]\nfolder = "source"\n[build]\nevery_days = 7\n{few()}',
        subscriptions=LINES + lines,
        accounts=ACCOUNTS + "".join(f"{a},{a},{first},{first}\n" for a in accounts),
        usage_daily=f"{USAGE}{accounts[0]},core,open,{last_use},3,u1,{last_use}\n",
    )


def run(settings: Settings, *arguments: str) -> Any:
    """Return what a verb prints as JSON."""
    with contextlib.chdir(settings.work.parent):
        done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def built(settings: Settings) -> dict[tuple[str, date], dict[str, Any]]:
    """Return the rows that ``build`` writes."""
    run(settings, "build")
    rows = pq.read_table(settings.feature_table).to_pylist()
    return {(row["account_id"], row["as_of"]): row for row in rows}


def test_on_1_january_a_company_of_calendar_years_is_complete(tmp_path: Path) -> None:
    rows = built(written(tmp_path, CALENDAR_YEARS, last_use="2024-12-31"))
    paid = {key: row["arr"] for key, row in rows.items() if key[1] >= date(2024, 12, 30)}
    assert paid == {
        ("A", date(2024, 12, 30)): 1000,
        ("B", date(2024, 12, 30)): 1500,
        ("A", date(2025, 1, 1)): 1200,
        ("B", date(2025, 1, 1)): 1500,
    }
    assert {
        row["seats_licensed"] for key, row in rows.items() if key == ("A", date(2025, 1, 1))
    } == {12}


def test_retention_of_a_year_by_hand(tmp_path: Path) -> None:
    # N1 to N9 but N5 paid 10,000 on 2024-01-03: 1, 2, 1, 1, 1, 1, 1 and 2 thousand. On 2025-01-01
    # they pay 1,000, 3,000, 400, 0, 1,000 (back), 1,100 (dearer), 0 (free) and 2,000.
    settings = written(tmp_path, RETENTION, last_use="2024-12-31")
    rows = built(settings)
    told = run(settings, "forecast")
    assert (told["origin"], told["accounts"], told["arr"]) == ("2025-01-01", 7, 13_500)
    assert told["nrr_last_year"] == pytest.approx(0.85)
    assert told["grr_last_year"] == pytest.approx(0.74)
    assert told["arr_won"] == 5000
    today = {key[0]: row["arr"] for key, row in rows.items() if key[1] == date(2025, 1, 1)}
    assert today == {
        "N1": 1000,
        "N2": 3000,
        "N3": 400,
        "N5": 5000,
        "N6": 1000,
        "N7": 1100,
        "N9": 2000,
    }
    spring = {key[0]: row for key, row in rows.items() if key[1] == date(2024, 5, 27)}
    assert {
        name: [spring[name][f"{label}_arr_next_91d"] for label in ("upsell", "downsell", "churn")]
        for name in spring
    } == {
        "N1": [0, 0, 0],
        "N2": [1000, 0, 0],
        "N3": [0, 600, 0],
        "N4": [0, 0, 1000],
        "N7": [0, 0, 0],
        "N8": [0, 0, 1000],
        "N9": [0, 0, 0],
    }


def test_a_free_month_is_a_pause_and_a_price_of_zero_an_end(tmp_path: Path) -> None:
    settings = written(tmp_path, FREE, last_use="2025-06-01")
    rows = built(settings)
    june, label = date(2024, 6, 24), "churn_arr_next_91d"
    assert (rows["FREE", june][label], rows["MONTH", june][label]) == (12_000, 0)
    assert rows["MONTH", june]["upsell_next_91d"] == rows["MONTH", june]["downsell_next_91d"] == 0
    later = {key: row["arr"] for key, row in rows.items() if key[1] > date(2024, 7, 1)}
    assert {key[0] for key in later} == {"MONTH"}
    assert min(day for _, day in later) == date(2024, 8, 5)
    told = run(settings, "forecast")
    assert (told["accounts"], told["arr"]) == (1, 12_000)
    assert told["nrr_last_year"] == told["grr_last_year"] == pytest.approx(0.5)


def test_a_free_month_on_a_day_that_the_forecast_looks_at_loses_nobody(tmp_path: Path) -> None:
    # 2024-07-15 lies in the free month: MONTH is not in the list on it, and has not left by it.
    settings = written(tmp_path, FREE, last_use="2025-07-13")
    panel = panel_of(settings, ingest(settings))
    start, day = date(2023, 7, 17), date(2024, 7, 15)
    assert {start, day} <= set(panel.dates)
    assert panel.at(day).empty
    year = panel.realised(start)
    assert year is not None
    assert (float(year.nrr[0]), float(year.grr[0])) == (0.5, 0.5)
    then = panel.realised(start, read_on=day)
    assert then is not None
    assert float(then.nrr[0]) == 0, "on the day itself nobody knows that it will be back"
