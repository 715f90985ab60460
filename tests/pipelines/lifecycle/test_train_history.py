"""Training on a history that is too short, or that holds too little to tell apart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from features.errors import DataError
from models.lifecycle.candidate import TOO_FEW, TOO_SHORT
from pipelines.config.settings import Settings
from pipelines.ingest.tables import ingest
from pipelines.lifecycle.train import TargetOutcome, train
from tests.pipelines import trained
from tests.pipelines.small import SUBSCRIPTIONS, company


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return trained.company(tmp_path)


def first_dates(count: int) -> tuple[pd.DataFrame, str]:
    """Return the rows of the first dates; upsell is known on all of them."""
    frame, through = trained.labelled()
    dates = sorted(frame["as_of"].unique())[:count]
    return frame[frame["as_of"].isin(dates)].copy(), through


def outcomes(settings: Settings, *targets: str) -> dict[str, TargetOutcome]:
    return {one.target: one for one in train(settings, targets=targets).targets}


def test_too_short_a_history_for_every_target_is_an_error_that_names_each(
    settings: Settings,
) -> None:
    trained.write(settings, *first_dates(6))
    with pytest.raises(DataError) as told:
        train(settings)
    assert [one.split(":")[0] for one in told.value.problems] == list(settings.train.targets)
    assert all("6 mature dates are too few" in one for one in told.value.problems)
    # What is lacking is noted, and the next training tries again.
    assert json.loads((settings.work / "training.json").read_text("utf-8"))["digest"] == ""


def months(ended_known_on: str) -> str:
    """Return a year of months, each with its last day, as a source file."""
    rows = (
        f"s1,a1,core,2023-{n:02}-01,2023-{n + 1:02}-01,{ended_known_on.format(n, n + 1)},"
        f"10,100,EUR,2023-{n:02}-01,2023-{n:02}-01\n"
        for n in range(1, 12)
    )
    return "".join([SUBSCRIPTIONS.strip().splitlines()[0], "\n", *rows])


@pytest.mark.parametrize("ahead", [True, False])
def test_ends_filled_ahead_are_named_instead_of_a_longer_history(
    settings: Settings, tmp_path: Path, ahead: bool
) -> None:
    known = "2023-{0:02}-01" if ahead else "2023-{1:02}-01"
    folder = tmp_path / "tables"
    folder.mkdir()
    toml = "[company]\ndata_through = 2024-05-01\nwithout_usage = true\n"
    other = company(folder, toml, subscriptions=months(known), usage_daily=None)
    ingest(other)
    shutil.copytree(other.tables_folder, settings.tables_folder, dirs_exist_ok=True)
    trained.write(settings, *first_dates(6))
    with pytest.raises(DataError) as told:
        train(settings)
    text = "\n".join(told.value.problems)
    assert ("bring a longer history" in text) is not ahead
    assert ("11 of 11 ends were known on the day the period began" in text) is ahead
    assert ("hint ends_known_from_the_start of `expansion check`" in text) is ahead


def test_a_target_that_is_never_known_does_not_stop_the_others(settings: Settings) -> None:
    frame, through = trained.labelled()
    frame["churn_next_91d"] = pd.NA
    trained.write(settings, frame, through)
    found = outcomes(settings, "churn", "cross_sell")
    assert {name: one.verdict for name, one in found.items()} == {
        "churn": TOO_SHORT,
        "cross_sell": TOO_FEW,
    }
    assert "0 mature dates" in found["churn"].why


@pytest.mark.parametrize(
    ("part", "outcome", "why"),
    [
        (slice(-8, None), 0, "0 outcomes in the test rows, 1 are needed"),
        (slice(0, None), 1, "training rows have the outcome: there is nothing to tell apart"),
    ],
    ids=["none lately", "always"],
)
def test_outcomes_of_one_kind_make_no_model(
    settings: Settings, part: slice, outcome: int, why: str
) -> None:
    frame, through = trained.labelled()
    lately = frame["as_of"].isin(sorted(frame["as_of"].unique())[part])
    frame.loc[lately & frame["upsell_next_91d"].notna(), "upsell_next_91d"] = outcome
    trained.write(settings, frame, through)
    found = outcomes(settings, "upsell", "cross_sell")["upsell"]
    assert (found.verdict, found.version) == (TOO_FEW, None)
    assert found.why.endswith(why)
