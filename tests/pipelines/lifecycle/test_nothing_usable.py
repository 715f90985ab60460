"""``train`` without a usable model says what was lacking and what ranks the accounts instead."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from features.errors import DataError
from models.lifecycle.candidate import TOO_FEW, TOO_SHORT
from models.lifecycle.fallback import Fallback
from pipelines.cli.app import app
from pipelines.cli.show import results
from pipelines.config.settings import Settings, load
from pipelines.lifecycle.train import TargetOutcome, TrainResult, train
from pipelines.lifecycle.training_record import fallbacks, has_trained
from pipelines.scoring.score import score
from tests.pipelines import trained

RULE = Fallback("rule", 0.62, 0.55, 0.69, 31)
BAR = "min_positives = 50\n"
"""More outcomes than there are, so that nothing is fitted."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = trained.company(tmp_path)
    trained.empty_registry(made)
    config = tmp_path / "expansion.toml"
    config.write_text(trained.TOML.replace(BAR, "min_positives = 100000\n"))
    return load(config)


def outcome(target: str, verdict: str, ranks: Fallback | None) -> TargetOutcome:
    return TargetOutcome(
        target, verdict, "3 of 50", None, champion=False, card=None, fallback=ranks
    )


def shown(capsys: pytest.CaptureFixture[str], *outcomes: TargetOutcome) -> str:
    results.trained(TrainResult(list(outcomes), None, unchanged=False))
    return " ".join(capsys.readouterr().out.split())


def test_what_is_lacking_is_said_of_each_target_and_nothing_is_called_trained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = shown(
        capsys,
        outcome("upsell", TOO_FEW, RULE),
        outcome("churn", TOO_FEW, None),
        outcome("downsell", TOO_SHORT, None),
    )
    assert text.startswith("No target has a usable model. upsell: too few outcomes. 3 of 50")
    assert "ranked by the simple rule instead, AUC 0.620 (0.550 to 0.690)" in text
    assert "churn: too few outcomes. 3 of 50 nothing ranks the accounts" in text
    assert "expansion build --explain ACCOUNT" in text
    assert "Map older subscriptions" in text
    assert "Next: expansion score" in text
    assert "Trained" not in text


def test_the_exit_code_says_whether_anything_is_usable(settings: Settings) -> None:
    arguments = ["train", "--config", str(settings.work.parent / "expansion.toml")]
    result = CliRunner().invoke(app, [*arguments, "--json"])
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert {one["verdict"] for one in document["targets"]} == {TOO_FEW}
    assert [one["fallback"] for one in document["targets"]] == [None] * 4
    assert TrainResult([outcome("upsell", TOO_FEW, RULE)], None, unchanged=False).is_usable
    text = " ".join(CliRunner().invoke(app, arguments).stdout.split())
    assert text.startswith("No target has a usable model.")


def test_a_rule_that_is_clear_of_chance_is_remembered_for_scoring(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(columns):  # type: ignore[no-untyped-def]
        return columns("silent")

    for module in ("pipelines.lifecycle.train", "pipelines.scoring.rankings"):
        monkeypatch.setattr(f"{module}.practitioner_rule", lambda _settings, _name: silent)
    result = train(settings)
    churn = next(one for one in result.targets if one.target == "churn")
    assert churn.fallback is not None
    assert churn.fallback.by == "rule"
    assert churn.fallback.low > 0.5
    assert fallbacks(settings)["churn"] == churn.fallback
    assert train(settings).targets == result.targets
    assert score(settings).rankings["churn"] == churn.fallback.as_dict()


def test_a_history_too_short_for_all_is_told_and_accounts_are_scored_all_the_same(
    settings: Settings,
) -> None:
    frame, through = trained.labelled()
    newest = sorted(set(frame["as_of"]))[-3:]
    trained.write(settings, frame[frame["as_of"].isin(newest)], through)
    with pytest.raises(DataError, match=r"^\w+: "):
        train(settings)
    assert has_trained(settings)
    result = score(settings)
    assert (result.release_id, result.rankings) == (None, {})
    assert pd.notna(result.arr)
