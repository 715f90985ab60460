"""The annex says what the monitoring says: verdict, index and thresholds are the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from html import escape
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.monitoring.detectors.binning import BEYOND, OTHER, UNKNOWN, band
from pipelines.monitoring.detectors.feature_drift import ColumnDrift, FeatureDrift, compare
from pipelines.monitoring.evidently_report import (
    DriftSummary,
    changed,
    drift_summary,
    write_page,
    write_summary,
)
from pipelines.monitoring.texts import CATALOGUES, verdict_text
from pipelines.monitoring.verdict import Kind, Light, Verdict

DECLARED = [
    {"name": "arr", "unit": "currency", "description": "Annual recurring revenue"},
    {"name": "usage", "unit": "people", "description": "People active", "window_days": 28},
    {"name": "segment", "unit": "category", "description": "Segment"},
    {"name": "blocked", "unit": "flag", "description": "Somebody holds the topic back"},
    {"name": "empty", "unit": "count", "description": "Never filled"},
    {"name": "constant", "unit": "count", "description": "Always the same"},
    {"name": "adoption_age_days", "unit": "days", "description": "Days since the start"},
    {"name": "not_there", "unit": "days", "description": "In no frame"},
]
DECLARED = [{**column, "stem": column["name"]} for column in DECLARED]
UNITS = {str(column["name"]): str(column["unit"]) for column in DECLARED}
NEWEST, MATURE_DAYS = date(2026, 8, 3), 91
BEFORE = NEWEST - timedelta(days=MATURE_DAYS)
FINE = Verdict(NEWEST, "fine", "ok", ())


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


def moved_company() -> pd.DataFrame:
    """Return rows with half of the usage lost, another mix of segments, and older accounts."""
    now = company(600, 2)
    now["usage"] = now["usage"].mask(np.arange(600) < 300)
    now["segment"] = now["segment"].replace({"Mid": "Enterprise"})
    now["adoption_age_days"] += 400
    return now


def columns_of(reference: pd.DataFrame, current: pd.DataFrame) -> FeatureDrift:
    frame = pd.concat([reference.assign(as_of=BEFORE), current.assign(as_of=NEWEST)])
    return compare(frame, DECLARED, {}, NEWEST, MATURE_DAYS)


def annex_of(
    reference: pd.DataFrame, current: pd.DataFrame, verdict: Verdict = FINE
) -> tuple[DriftSummary, FeatureDrift]:
    columns = columns_of(reference, current)
    return drift_summary(verdict, columns, reference, current, DECLARED), columns


def page_of(reference: pd.DataFrame, current: pd.DataFrame, verdict: Verdict, path: Path) -> str:
    figures, columns = annex_of(reference, current, verdict)
    write_page(figures, columns, reference, current, DECLARED, path)
    return path.read_text("utf-8")


SHARES = st.floats(0, 1)
WEEKS = st.builds(
    Verdict,
    as_of=st.just(NEWEST),
    kind=st.sampled_from(get_args(Kind)),
    light=st.sampled_from(get_args(Light)),
    findings=st.just(()),
)
MOVED = st.builds(
    ColumnDrift,
    name=st.sampled_from([name for name in UNITS if name != "not_there"]),
    psi=st.floats(0, 20),
    threshold=st.floats(0.1, 5),
    weight=SHARES,
    grows=st.booleans(),
    completeness=st.tuples(SHARES, SHARES),
    median=st.tuples(SHARES, SHARES),
)


@given(WEEKS, st.lists(MOVED, unique_by=lambda column: column.name))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_week_the_verdict_is_the_monitorings(
    tmp_path: Path, verdict: Verdict, moved: list[ColumnDrift]
) -> None:
    frame = company(20, 1)
    figures = drift_summary(verdict, FeatureDrift(tuple(moved), 20, 20), frame, frame, DECLARED)
    write_summary(figures, tmp_path / "drift.json")
    stored = json.loads((tmp_path / "drift.json").read_text("utf-8"))
    assert (stored["verdict"], stored["kind"]) == (verdict.light, verdict.kind)
    assert stored["sentence"] == " ".join(verdict_text(verdict, CATALOGUES["en"]))
    assert [column["name"] for column in stored["columns"]] == [column.name for column in moved]
    for column, monitored in zip(stored["columns"], moved, strict=True):
        assert column["drifted"] is monitored.drifted
        assert column["value"] == pytest.approx(monitored.psi, abs=1e-4)
        assert column["threshold"] == pytest.approx(monitored.threshold, abs=1e-4)


def test_a_broken_feed_and_a_changed_mix_are_seen_and_told() -> None:
    figures, _ = annex_of(company(3000, 1), moved_company())
    drifted = {column.name: column.sentence for column in figures.columns if column.drifted}
    assert set(drifted) == {"usage", "segment"}
    assert "not known for 50 % of the accounts now, 0 % before" in drifted["usage"]
    assert "People active, last 28 days" in drifted["usage"]
    assert "before" in drifted["segment"]
    assert "Enterprise" in drifted["segment"] or "Mid" in drifted["segment"]


def test_what_grows_by_nature_is_listed_and_not_counted() -> None:
    figures, _ = annex_of(company(3000, 1), moved_company())
    assert [column.name for column in figures.columns] == [c["name"] for c in DECLARED[:-1]]
    age = figures.columns[-1]
    assert age.grows
    assert not age.drifted
    assert age.value is not None
    assert age.value > age.threshold
    assert figures.share == pytest.approx(2 / 6, abs=1e-3)


def test_two_samples_of_one_company_do_not_drift() -> None:
    figures, _ = annex_of(company(3000, 1), company(600, 2))
    assert figures.share == 0
    assert all(column.value is not None and column.value < 0.1 for column in figures.columns)


def test_evidentlys_page_calls_drifted_what_the_monitoring_does(tmp_path: Path) -> None:
    reference, now = company(3000, 1), moved_company()
    columns = columns_of(reference, now)
    page = page_of(reference, now, FINE, tmp_path / "page.html")
    assert page.count("Data drift detected") == sum(one.drifted for one in columns.columns) == 2
    assert page.count("Data drift not detected") == len(columns.columns) - 2
    for column in columns.columns:
        assert f"Drift in column '{column.name}'" in page
        assert f"Drift score: {round(column.psi, 3)}" in page


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_page_begins_with_the_verdict(tmp_path: Path, kind: Kind) -> None:
    verdict = replace(FINE, kind=kind, light="look")
    page = page_of(company(0, 1), company(50, 2), verdict, tmp_path / "page.html")
    sentence, advice = verdict_text(verdict, CATALOGUES["en"])
    assert f"<h1>{escape(f'{sentence} {advice}')}</h1>" in page


def test_without_rows_there_is_nothing_to_measure(tmp_path: Path) -> None:
    figures, _ = annex_of(company(0, 1), company(50, 2))
    assert all(column.value is None for column in figures.columns)
    assert (figures.n_reference, figures.n_current, figures.share) == (0, 50, 0)
    write_summary(figures, tmp_path / "drift.json")
    assert "NaN" not in (tmp_path / "drift.json").read_text("utf-8")
    assert "no rows" in page_of(company(0, 1), company(50, 2), FINE, tmp_path / "page.html")


def test_the_page_asks_nobody_for_anything_and_the_summary_is_reproducible(tmp_path: Path) -> None:
    reference, now = company(3000, 1), moved_company()
    page = page_of(reference, now, FINE, tmp_path / "page.html")
    assert "usage" in page
    for request in ('src="http', "src='http", '<link rel="stylesheet" href="http'):
        assert request not in page
    figures, _ = annex_of(reference, now)
    write_summary(figures, tmp_path / "drift.json")
    first = (tmp_path / "drift.json").read_bytes()
    write_summary(annex_of(reference, now)[0], tmp_path / "drift.json")
    assert (tmp_path / "drift.json").read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drift.json", "page.html"]


def test_what_nobody_knows_any_more_or_now_is_said() -> None:
    usage, column = company(10, 1)["usage"], DECLARED[1]
    assert "not known for any account now, known for 100 %" in changed(
        column, usage, usage * np.nan
    )
    assert "not known for any account before, known now" in changed(column, usage * np.nan, usage)


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
