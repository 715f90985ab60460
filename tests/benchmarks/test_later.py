"""The arithmetic of ``benchmarks.later``, and that a company that is cut knows nothing of later."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks.later import experiment, tables
from benchmarks.later.company import prepared, simulated
from benchmarks.later.measures import captured, figures, kl, paired, typical_amount
from benchmarks.later.under_test import Model, Scored
from models.dataset import feature_table
from models.dataset.feature_table import FeatureTable

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = date(2025, 1, 6), date(2025, 2, 3)


def rows(**columns: list[float]) -> pd.DataFrame:
    """Return three accounts on each of two days, the third of each day the largest."""
    days, arr = [ONE] * 3 + [TWO] * 3, [1.0, 2.0, 10.0, 1.0, 2.0, 100.0]
    return pd.DataFrame({"as_of": days, "arr": arr, **columns})


def test_the_divergence_from_the_truth_is_nought_for_the_truth_and_finite_for_certainty() -> None:
    truth, p = np.array([0.5, 0.2, 0.3]), np.array([0.25, 0.2, 0.0])
    halves = 0.5 * math.log(2) + 0.5 * math.log(2 / 3)
    certain = 0.3 * math.log(0.3 / 1e-12) + 0.7 * math.log(0.7)
    assert kl(truth, p) == pytest.approx([halves, 0.0, certain])


def test_ratios_are_those_of_sums_and_of_arr_and_of_each_dates_largest_third() -> None:
    measured = figures(
        rows(
            p=[0.1, 0.2, 0.3, 0.1, 0.2, 0.5],
            truth=[0.1, 0.1, 0.2, 0.1, 0.1, 0.1],
            outcome=[0, 0, 1, 0, 0, 1],
        )
    )
    assert measured["sum_to_truth"] == pytest.approx(1.4 / 0.7)
    assert measured["sum_to_outcomes"] == pytest.approx(1.4 / 2)
    weighted = 0.1 + 0.4 + 3 + 0.1 + 0.4 + 50
    assert measured["arr_to_truth"] == pytest.approx(weighted / (0.1 + 0.2 + 2 + 0.1 + 0.2 + 10))
    assert measured["arr_to_truth_top"] == pytest.approx((3 + 50) / (2 + 10))
    assert measured["arr_to_outcomes"] == pytest.approx(weighted / 110)
    assert (measured["auc"], measured["outcomes"], measured["rows"]) == (1.0, 2, 6)


def test_only_near_certainty_of_what_is_unlikely_is_badly_wrong() -> None:
    p, truth = [0.96, 0.96, 0.95, 0.99, 0.5, 0.1], [0.49, 0.5, 0.1, 0.0, 0.1, 0.9]
    assert figures(rows(p=p, truth=truth, outcome=[0] * 6))["badly_wrong"] == 2


def test_what_no_outcome_can_tell_is_not_a_number() -> None:
    measured = figures(rows(p=[0.1] * 6, outcome=[0] * 6))
    assert math.isnan(measured["auc"])
    assert math.isnan(measured["sum_to_outcomes"])
    assert "kl" not in measured, "there is no truth to diverge from"


def test_a_ranking_captures_what_lies_in_the_first_accounts_of_each_date() -> None:
    dates = pd.Series([ONE] * 10 + [TWO] * 20)
    amount = np.zeros(30)
    amount[[0, 1, 10, 12]] = 40, 10, 30, 20
    first = -np.arange(30.0)
    unknown = np.full(30, np.nan)
    shares = captured(dates, {"first": first, "last": -first, "unknown": unknown}, amount)
    # The first 5, 10 and 20 % are 1, 1 and 2 of the ten, 1, 2 and 4 of the twenty accounts.
    assert [shares[f"first_{depth}"] for depth in (5, 10, 20)] == [0.7, 0.7, 1.0]
    assert [shares[f"last_{depth}"] for depth in (5, 10, 20)] == [0, 0, 0]
    assert math.isnan(shares["unknown_5"])


def test_the_worth_of_an_outcome_is_a_power_of_the_arr_that_adds_up() -> None:
    arr = np.array([10.0, 100.0, 1000.0, 1000.0])
    amount = 2 * np.sqrt(arr) * np.array([1, 1, 0.5, 2])
    fitted = typical_amount(arr, amount, arr)
    assert fitted.sum() == pytest.approx(amount.sum())
    assert fitted[2] / fitted[0] == pytest.approx(10)
    assert typical_amount(arr[:1], amount[:1], arr) == pytest.approx([amount[0]] * 4)


def test_runs_are_compared_company_by_company_and_ratios_by_their_distance_from_one() -> None:
    def run(values: dict[str, float], sums: float) -> pd.DataFrame:
        return pd.DataFrame(
            {"group": "small", "window": "year", "target": "churn", "company": name,
             "kl": value, "sum_to_truth": sums, "rows": 5}
            for name, value in values.items()
        )  # fmt: skip

    after, before = run({"b": 0.3, "a": 0.1, "new": 9}, 1.25), run({"a": 0.2, "b": 0.6}, 0.5)
    difference, ratio = paired(after, before)
    assert (difference["figure"], difference["companies"]) == ("kl", 2)
    assert difference["difference"] == pytest.approx(-0.2)
    assert difference["interval"] == pytest.approx((-0.3, -0.1))
    assert ratio["difference"] == pytest.approx(math.log(1.25) - math.log(2))
    _, heading, line, _ = tables.against(after, before)
    assert heading == "small, year, churn"
    assert " ".join(line.split()) == "kl 0.4000 -> 0.2000 -0.2000 [-0.3000, -0.1000] n = 2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(simulated(5, 60, 20), tmp_path_factory.mktemp("cache"))


def test_the_day_of_the_cut_looks_as_it_does_a_year_later(folder: Path) -> None:
    earlier, later = both(folder)
    cut = later.frame["as_of"].min()
    assert earlier.frame["as_of"].max() == cut == date(2025, 4, 14)
    columns = ["account_id", *earlier.inputs]
    then, now = (
        table.frame[table.frame["as_of"] == cut][columns].sort_values("account_id")
        for table in (earlier, later)
    )
    assert len(then) > 5
    pd.testing.assert_frame_equal(then.reset_index(drop=True), now.reset_index(drop=True))


def test_nothing_that_became_known_after_the_cut_is_in_the_tables(folder: Path) -> None:
    cut = both(folder)[1].frame["as_of"].min()
    lines = pq.read_table(folder / "tables" / "subscriptions.parquet").to_pandas()
    assert len(lines) > 5
    assert lines["known_at"].max() < pd.Timestamp(cut)
    assert (lines["ended_known_on"].dropna() < cut).all()
    assert both(folder)[0].mature("churn")["as_of"].max() < cut


def test_whoever_knows_the_truth_has_its_figures(folder: Path) -> None:
    earlier, later = both(folder)
    models = {
        name: Model("skill", True, 0.7, ONE, later.frame[f"p_{label.column}"].to_numpy(float))
        for name, label in later.labels.items()
    }
    nothing = np.full(len(later.frame), np.nan)
    lines = experiment.rows_of({"company": "c", "group": "60 accounts"}, earlier, later,
                               Scored(models, nothing, nothing))  # fmt: skip
    targets = [line for line in lines if line["target"] != experiment.EXPANSION]
    assert len(targets) == 8
    for line in targets:
        assert line["kl"] == pytest.approx(0)
        assert line["sum_to_truth"] == line["arr_to_truth_top"] == pytest.approx(1)
        assert line["auc"] == line["truth_auc"] or math.isnan(line["auc"])
    quarter, year = (line for line in lines if line["target"] == experiment.EXPANSION)
    assert 0 < year["truth_5"] <= year["truth_20"] <= 1
    assert math.isnan(quarter["model_5"])
    shown = "\n".join(tables.figures(pd.DataFrame(lines)))
    assert "60 accounts, the year after the cut" in shown
    assert "p/truth right for every target in 1 of 1 companies" in shown
    assert "truth  " in shown
    assert "model  " not in shown, "a ranking without scores is not shown"


def both(folder: Path) -> tuple[FeatureTable, FeatureTable]:
    """Return the feature tables before and after the cut."""
    earlier, later = (
        feature_table.read(folder / f"{name}.parquet") for name in ("feature_table", "later")
    )
    return earlier, later
