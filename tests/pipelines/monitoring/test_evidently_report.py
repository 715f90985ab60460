"""Drift: seen where it is, silent where there is none, honest where nobody can tell."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.monitoring.detectors.binning import BEYOND, OTHER, UNKNOWN, band
from pipelines.monitoring.evidently_report import LOOK, DriftResult, drift, write_annex

COLUMNS = [
    {"name": "arr", "unit": "currency", "description": "Annual recurring revenue"},
    {"name": "usage", "unit": "people", "description": "People active", "window_days": 28},
    {"name": "segment", "unit": "category", "description": "Segment"},
    {"name": "blocked", "unit": "flag", "description": "Somebody holds the topic back"},
    {"name": "empty", "unit": "count", "description": "Never filled"},
    {"name": "constant", "unit": "count", "description": "Always the same"},
    {"name": "adoption_age_days", "unit": "days", "description": "Days since the start"},
    {"name": "not_there", "unit": "days", "description": "In no frame"},
]


def company(rows: int, seed: int) -> pd.DataFrame:
    luck = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "arr": luck.lognormal(10, 1.5, rows),
            "usage": luck.poisson(20, rows).astype(float),
            "segment": luck.choice(["SMB", "Mid", "Enterprise"], rows, p=[0.6, 0.3, 0.1]),
            "blocked": luck.choice([0.0, 1.0, np.nan], rows),
            "empty": np.full(rows, np.nan),
            "constant": np.full(rows, 3.0),
            "adoption_age_days": luck.uniform(1, 900, rows),
        }
    )


@pytest.fixture(scope="module")
def same() -> DriftResult:
    return drift(company(3000, 1), company(600, 2), COLUMNS)


@pytest.fixture(scope="module")
def moved() -> DriftResult:
    now = company(600, 2)
    now["usage"] = now["usage"].mask(np.arange(600) < 300)
    now["segment"] = now["segment"].replace({"Mid": "Enterprise"})
    now["adoption_age_days"] += 400
    return drift(company(3000, 1), now, COLUMNS)


def test_two_samples_of_one_company_do_not_drift(same: DriftResult) -> None:
    assert same.verdict == "ok"
    assert same.share == 0
    assert [column.name for column in same.columns] == [c["name"] for c in COLUMNS[:-1]]
    assert all(column.value is not None and column.value < 0.1 for column in same.columns)


def test_a_broken_feed_and_a_changed_mix_are_seen_and_told(moved: DriftResult) -> None:
    told = {column.name: column.sentence for column in moved.drifted}
    assert set(told) == {"usage", "segment", "adoption_age_days"}
    assert "not known for 50 % of the accounts now, 0 % before" in told["usage"]
    assert "People active, last 28 days" in told["usage"]
    assert "before" in told["segment"]
    assert "Enterprise" in told["segment"] or "Mid" in told["segment"]


def test_what_grows_by_nature_is_listed_and_not_counted(moved: DriftResult) -> None:
    age = next(column for column in moved.columns if column.name == "adoption_age_days")
    assert age.drifted
    assert age.grows
    assert moved.share == pytest.approx(2 / 6, abs=1e-3)
    assert moved.verdict == "alarm"
    assert moved.sentence.startswith("2 of 6 columns")


def test_the_verdict_does_not_depend_on_the_number_of_rows() -> None:
    """A shift of a fifth of a standard deviation is noise to act on, in any number of rows."""
    before, now = company(20_000, 1), company(20_000, 2)
    now["usage"] += 1
    assert drift(before, now, COLUMNS).verdict == "ok"


@pytest.mark.parametrize(
    ("spoil", "verdict", "named"),
    [
        (lambda now: now.assign(arr=now["arr"] * 100), "alarm", "“Annual recurring revenue”"),
        (lambda now: now.assign(usage=np.nan), "alarm", "“People active”"),
        (lambda now: now.assign(usage=now["usage"] + 4), "look", ""),
    ],
    ids=["ARR in cents", "a feed that stopped", "four more people active"],
)
def test_one_column_is_enough_where_nobody_would_recognise_it(
    spoil: Callable[[pd.DataFrame], pd.DataFrame], verdict: str, named: str
) -> None:
    """Among eighty columns one is no share worth naming; it would still spoil every amount."""
    still = [f"still_{number}" for number in range(30)]
    columns = [*COLUMNS, *({"name": n, "unit": "flag", "description": n} for n in still)]
    before, now = (
        company(rows, seed).assign(**dict.fromkeys(still, 1.0))
        for rows, seed in ((3000, 1), (600, 2))
    )
    result = drift(before, spoil(now), columns)
    assert result.share < LOOK
    assert result.verdict == verdict
    assert (f"unlike anything before: {named}" if named else "read which") in result.sentence


def test_a_column_that_only_now_becomes_known_is_not_broken() -> None:
    before, now = company(3000, 1), company(600, 2)
    before["arr"] = before["arr"].mask(np.arange(3000) > 100)
    result = drift(before, now, COLUMNS)
    assert [column.name for column in result.drifted] == ["arr"]
    assert result.verdict == "look"


def test_too_few_rows_say_so() -> None:
    result = drift(company(3000, 1), company(50, 2), COLUMNS)
    assert result.verdict == "look"
    assert "50 now against 3,000 before, 200 are needed" in result.sentence


def test_without_rows_there_is_nothing_to_measure(tmp_path: Path) -> None:
    result = drift(company(0, 1), company(50, 2), COLUMNS)
    assert result.verdict == "look"
    assert all(column.value is None for column in result.columns)
    write_annex(result, tmp_path / "page.html", tmp_path / "drift.json")
    assert "no rows" in (tmp_path / "page.html").read_text()


def test_the_annex_asks_nobody_for_anything_and_the_summary_is_reproducible(
    moved: DriftResult, tmp_path: Path
) -> None:
    write_annex(moved, tmp_path / "page.html", tmp_path / "drift.json")
    page = (tmp_path / "page.html").read_text()
    assert "usage" in page
    for request in ('src="http', "src='http", '<link rel="stylesheet" href="http'):
        assert request not in page
    first = (tmp_path / "drift.json").read_bytes()
    assert json.loads(first)["verdict"] == "alarm"
    write_annex(replace(moved, run=None), tmp_path / "page.html", tmp_path / "drift.json")
    assert (tmp_path / "drift.json").read_bytes() == first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["drift.json", "page.html"]


def test_bands_keep_gaps_rare_names_and_unseen_values_apart() -> None:
    names = [f"n{i:02d}" for i in range(20) for _ in range(2)] + ["rare", None]
    before, now = band(pd.Series(names), pd.Series(["new", "n00", None]), "category")
    assert list(now) == [OTHER, "n00", UNKNOWN]
    assert before.iloc[-2] == OTHER
    _, flags = band(pd.Series([0.0, 1.0]), pd.Series([1.0, 5.0, np.inf, None]), "flag")
    assert list(flags) == ["02: 1", BEYOND, UNKNOWN, UNKNOWN]


def test_leap_years_and_short_months_are_no_drift() -> None:
    before, now = band(pd.Series([365.0] * 9 + [30.0]), pd.Series([366.0, 28.0, 31.0]), "days")
    assert list(now) == [before[0], before[9], before[9]]


def test_bands_share_the_reference_evenly_however_long_its_tail() -> None:
    before, now = band(company(5000, 1)["arr"], company(10, 1)["arr"], "currency")
    assert before.value_counts(normalize=True).between(0.07, 0.13).all()
    assert set(now) <= set(before)
