from __future__ import annotations

import shutil
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from features.errors import DataError, UsageError
from models.dataset import feature_table
from models.store.scores import ScoreStore
from pipelines.cli.app import app
from pipelines.config.settings import Settings
from pipelines.scoring import input_snapshots
from pipelines.scoring.score import score
from pipelines.scoring.score_changes import (
    AccountMove,
    MovedResult,
    TargetMove,
    explain_moves,
)
from tests.models import releases
from tests.pipelines import trained

BENT = {"method": "sigmoid", "a": 0.5, "b": -1.0}
BUSY = "a-0007"
PARTS = ("data", "model", "calibration")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a company that was scored once, by models without calibration."""
    folder = tmp_path_factory.mktemp("company")
    settings = trained.company(folder)
    publish(settings)
    score(settings)
    return folder


@pytest.fixture
def settings(company: Path, tmp_path: Path) -> Settings:
    """The same company in a folder of its own."""
    shutil.copytree(company, tmp_path / "own", symlinks=True)
    return trained.settings_in(tmp_path / "own")


def publish(settings: Settings, version: str = "3", calibration: object = None) -> None:
    table = feature_table.read(settings.feature_table)
    dates = None if version == "3" else 12
    models = {
        name: trained.model(table, name, version=version, dates=dates)
        for name in ("churn", "upsell")
    }
    if calibration:
        models = {name: trained.calibrated(one, BENT) for name, one in models.items()}
    releases.publish(settings.release_folder, models, {})


def a_week_later(settings: Settings) -> None:
    """Move the newest rows on by a week, in which one account came alive and one left."""
    frame, through = trained.labelled()
    day = max(frame["as_of"])
    newest = frame["as_of"] == day
    frame.loc[newest & (frame["account_id"] == BUSY), ["use_28d", "use_91d"]] += 3.0
    frame = frame[~(newest & (frame["account_id"] == "a-0001"))].copy()
    frame.loc[frame["as_of"] == day, "as_of"] = day + timedelta(days=7)
    trained.write(settings, frame, str(pd.Timestamp(through).date() + timedelta(days=7)), "e")


def parts(found: MovedResult) -> dict[str, tuple[bool, bool, bool]]:
    """Say for each target which of data, model and calibration moved it."""
    return {one.target: (one.data != 0, one.model != 0, one.calibration != 0)
            for one in found.targets}  # fmt: skip


def shares(move: TargetMove | AccountMove) -> list[float]:
    return [move.data, move.model, move.calibration]


def stored(settings: Settings) -> pd.Series:
    """Return the probabilities in the store, by account and target."""
    store = ScoreStore(settings.store_url)
    probabilities = {
        (score.account_id, target): probability
        for score in store.all()
        for target, probability in score.probabilities.items()
    }
    store.close()
    return pd.Series(probabilities).rename_axis(["account_id", "target"])


def test_the_first_scoring_has_nothing_to_be_compared_with(settings: Settings) -> None:
    with pytest.raises(DataError, match=r"no earlier scoring .* stored: 20"):
        explain_moves(settings)


def test_newer_data_alone_are_told_as_data_with_what_changed(settings: Settings) -> None:
    a_week_later(settings)
    score(settings)
    found = explain_moves(settings)
    assert parts(found) == dict.fromkeys(("churn", "upsell"), (True, False, False))
    assert (found.added, found.removed) == (0, 1)
    assert [found.as_dict()[key] for key in ("came", "left")] == [0, 1]
    first = found.accounts[0]
    assert (first.account_id, first.target) == (BUSY, "upsell")
    assert first.after > first.before
    assert first.because[0].text.startswith("What use_")
    assert "; previously " in first.because[0].text


def test_a_new_model_on_the_same_data_is_told_as_the_model(settings: Settings) -> None:
    publish(settings, version="4")
    score(settings)
    found = explain_moves(settings)
    assert parts(found) == dict.fromkeys(("churn", "upsell"), (False, True, False))
    assert {one.versions for one in found.targets} == {("3", "4")}
    assert all(not one.because for one in found.accounts)


def test_a_new_calibration_is_told_as_such(settings: Settings) -> None:
    publish(settings, version="3", calibration=BENT)
    score(settings)
    assert parts(explain_moves(settings)) == dict.fromkeys(
        ("churn", "upsell"), (False, False, True)
    )


def test_the_parts_sum_to_the_change_when_all_is_new(
    settings: Settings, company: Path, tmp_path: Path
) -> None:
    """Each part is what the stored scores change by where that alone is new, step by step."""
    steps = [stored(settings)]
    for name in ("new data", "new data and model"):
        shutil.copytree(company, tmp_path / name, symlinks=True)
        other = trained.settings_in(tmp_path / name)
        a_week_later(other)
        if "model" in name:
            publish(other, version="4")
        score(other)
        steps.append(stored(other))
    a_week_later(settings)
    publish(settings, version="4", calibration=BENT)
    score(settings)
    steps.append(stored(settings))
    changes = pd.concat([after - before for before, after in pairwise(steps)], axis=1).dropna()
    changes.columns = pd.Index(PARTS)

    moves = explain_moves(settings)
    assert len(moves.accounts) == 10
    for account in moves.accounts:
        expected = changes.loc[(account.account_id, account.target)]
        assert shares(account) == pytest.approx(expected.to_list(), abs=2e-6)
    for target in moves.targets:
        expected = changes.xs(target.target, level="target").mean()
        assert shares(target) == pytest.approx(expected.to_list(), abs=2e-6)
        assert all(shares(target)), "a part that is nothing proves nothing"
    for move in (*moves.targets, *moves.accounts):
        assert sum(shares(move)) == pytest.approx(move.after - move.before, abs=3e-6)


def test_one_account_can_be_asked_about(settings: Settings) -> None:
    a_week_later(settings)
    score(settings)
    found = explain_moves(settings, account_id=BUSY)
    assert {(one.account_id, one.target) for one in found.accounts} == {
        (BUSY, "churn"),
        (BUSY, "upsell"),
    }
    with pytest.raises(UsageError, match="a-0001 was not scored both"):
        explain_moves(settings, account_id="a-0001")


def test_the_command_prints_the_parts(settings: Settings, tmp_path: Path) -> None:
    a_week_later(settings)
    score(settings)
    command = ["moved", "--config", str(tmp_path / "own" / "expansion.toml"), "--top", "1"]
    told = CliRunner().invoke(app, command, env={"COLUMNS": "160"}).output
    assert "in percentage points" in told
    assert f"{BUSY} upsell: What use_" in told


def test_only_the_newest_inputs_are_kept(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_snapshots, "MOST_SNAPSHOTS", 1)
    a_week_later(settings)
    score(settings)
    assert len(input_snapshots.snapshots(settings.snapshots_folder)) == 1
