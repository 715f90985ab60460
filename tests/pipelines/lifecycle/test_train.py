from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features.errors import DataError, UsageError
from models.dataset import feature_table
from models.dataset.matrix import matrix
from models.lifecycle.candidate import TOO_FEW
from models.registry import Registry
from models.release import bundle
from models.release.golden_rows import matrix_probabilities
from models.release.model_files import ModelFiles
from pipelines.cli.show import results
from pipelines.config.settings import Settings
from pipelines.lifecycle.train import TargetOutcome, TrainResult, train
from tests.pipelines import trained

PICKLED = (".pkl", ".pickle", ".joblib")
PICKLE_BEGINS = {bytes([0x80, protocol]) for protocol in range(2, 6)}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with pytest.MonkeyPatch.context() as patch:
        # Changed code is trained anew; whoever edits it while the tests run shall not fail them.
        patch.setattr("pipelines.lifecycle.train.source_digest", lambda _folder: "the same code")
        yield trained.company(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def result(settings: Settings) -> TrainResult:
    return train(settings)


@pytest.fixture(scope="module")
def outcomes(result: TrainResult) -> dict[str, TargetOutcome]:
    return {one.target: one for one in result.targets}


def registry(settings: Settings) -> Registry:
    return Registry(settings.mlflow_uri, settings.mlflow_artifacts)


def logged(settings: Settings, target: str) -> object:
    """Load the champion as any user of MLflow would."""
    import mlflow

    mlflow.set_registry_uri(settings.mlflow_uri)
    mlflow.set_tracking_uri(settings.mlflow_uri)
    return mlflow.pyfunc.load_model(f"models:/{target}@champion")


def test_a_first_version_with_skill_is_used_at_once(outcomes: dict[str, TargetOutcome]) -> None:
    found = {name: (one.verdict, one.champion) for name, one in outcomes.items()}
    assert found == {
        "upsell": ("skill", True),
        "cross_sell": (TOO_FEW, False),
        "downsell": ("no skill, use the rule", False),
        "churn": ("skill", True),
    }


def test_too_few_outcomes_make_no_version_and_say_how_many_there_were(
    outcomes: dict[str, TargetOutcome],
) -> None:
    few = outcomes["cross_sell"]
    assert few.version is None
    assert few.why.endswith("outcomes in the training rows, 50 are needed")
    assert 0 < int(few.why.split()[0]) <= trained.FEWEST + 1


def test_a_version_without_skill_is_registered_but_not_published(
    settings: Settings, outcomes: dict[str, TargetOutcome], result: TrainResult
) -> None:
    assert outcomes["downsell"].version == "1"
    assert registry(settings).version("downsell", "challenger") == "1"
    assert registry(settings).version("downsell", "champion") is None
    published = bundle.current(settings.release_folder)
    assert str(published) == result.release
    assert published is not None
    assert set(bundle.verify(published).models) == {"upsell", "churn"}


def test_the_log_of_promotions_holds_the_first_champions(
    settings: Settings, result: TrainResult
) -> None:
    assert result.release
    lines = (settings.mlflow.home / "promotions.jsonl").read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert [(one["target"], one["from"], one["to"]) for one in entries] == [
        ("upsell", None, "1"),
        ("churn", None, "1"),
    ]
    assert {one["why"] for one in entries} == {"first version with skill"}
    assert all(one["who"] and one["when"] for one in entries)


def test_a_model_is_as_old_as_its_outcome_takes_to_be_known_and_no_older(
    settings: Settings, outcomes: dict[str, TargetOutcome]
) -> None:
    table = feature_table.read(settings.feature_table)
    through = date.fromisoformat(table.meta["data_through"])
    for name, days in (("upsell", 91), ("churn", 122)):
        card = outcomes[name].card
        assert card is not None
        assert card.trained.last == table.mature(name)["as_of"].max()
        assert card.lag_days == (through - card.trained.last).days
        assert days <= card.lag_days < days + table.meta["every_days"]


def test_the_same_table_and_settings_train_nothing_again(
    settings: Settings, result: TrainResult
) -> None:
    again = train(settings)
    assert again.unchanged
    assert not result.unchanged
    assert {**again.as_dict(), "unchanged": False} == result.as_dict()
    assert registry(settings).version("upsell", "2") is None


def test_a_repeated_training_tells_the_champion_of_now(
    settings: Settings,
    result: TrainResult,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert {one.target: one.in_use for one in result.targets}["upsell"] == "1"
    monkeypatch.setattr("pipelines.lifecycle.train.champions", lambda _promotions: {"upsell": "9"})
    again = train(settings)
    upsell = next(one for one in again.targets if one.target == "upsell")
    assert (upsell.version, upsell.champion, upsell.in_use) == ("1", False, "9")
    results.trained(again)
    told = capsys.readouterr().out
    assert "upsell: skill, champion unchanged (version 9). AUC" in told
    results.trained(result)
    assert "upsell: skill, version 1 is in use. AUC" in capsys.readouterr().out


def test_a_release_folder_that_was_lost_is_published_again(
    settings: Settings, result: TrainResult
) -> None:
    shutil.rmtree(settings.release_folder)
    again = train(settings)
    assert again.unchanged
    assert again.release == result.release
    assert str(bundle.current(settings.release_folder)) == result.release


@pytest.mark.usefixtures("result")
def test_nothing_is_pickled(settings: Settings) -> None:
    folders = (settings.mlflow.home, settings.release_folder)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if "pickle" in path.name or path.suffix in PICKLED]
    assert not [path for path in files if path.read_bytes()[:2] in PICKLE_BEGINS]
    described = [path.read_text("utf-8") for path in files if path.name == "MLmodel"]
    assert len(described) == 3
    assert all("loader_module: mlflow.pyfunc.loaders.code_model" in text for text in described)
    needed = [path.read_text("utf-8") for path in files if path.name == "requirements.txt"]
    assert not [text for text in needed if "pickle" in text]


def test_a_run_and_its_version_say_what_they_are_made_of(
    settings: Settings, outcomes: dict[str, TargetOutcome]
) -> None:
    import mlflow

    client = mlflow.MlflowClient(settings.mlflow_uri, settings.mlflow_uri)
    version = client.get_model_version("churn", str(outcomes["churn"].version))
    run = client.get_run(version.run_id)
    card = outcomes["churn"].card
    assert card is not None
    assert version.tags == {
        "verdict": "skill",
        "calibration": card.calibration.method,
        "data_fingerprint": "f" * 64,
        "data_through": card_through(settings),
        "code_version": version.tags["code_version"],
    }
    assert version.tags["code_version"]
    assert version.tags.items() <= run.data.tags.items()
    assert run.data.params["split"] == card.split
    logged = {one.path for one in client.list_artifacts(version.run_id)}
    assert {"card.md", "card.json", "features.json"} <= logged


def card_through(settings: Settings) -> str:
    return str(feature_table.read(settings.feature_table).meta["data_through"])


@pytest.mark.parametrize("target", ["upsell", "churn"])
def test_the_logged_version_gives_the_probabilities_of_the_release(
    settings: Settings, result: TrainResult, target: str
) -> None:
    files = ModelFiles.read(Path(str(result.release)) / target)
    rows = feature_table.read(settings.feature_table).newest()
    names = [one.name for one in files.features]
    given = logged(settings, target).predict(rows[names])
    expected = matrix_probabilities(files, matrix(rows, tuple(files.features)))
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-12)
    assert len(np.unique(given)) > 10


@pytest.mark.usefixtures("result")
def test_every_input_of_the_logged_version_may_be_left_out(settings: Settings) -> None:
    model = logged(settings, "churn")
    inputs = model.metadata.get_input_schema().inputs
    assert [one.name for one in inputs] == [one["name"] for one in trained.FEATURES]
    assert not [one.name for one in inputs if one.required]
    rows = feature_table.read(settings.feature_table).newest().head(5)
    alone = model.predict(rows[["silent"]])
    assert alone.shape == (5,)
    assert ((alone > 0) & (alone < 1)).all()


def test_training_again_makes_the_same_model_a_challenger_and_leaves_the_champion(
    settings: Settings, result: TrainResult
) -> None:
    again = train(settings, targets=["churn"])
    assert [(one.version, one.champion) for one in again.targets] == [("2", False)]
    assert again.release == result.release
    known = registry(settings)
    assert known.version("churn", "challenger") == "2"
    assert known.version("churn", "champion") == "1"
    one, two = (known.load("churn", version).files() for version in ("1", "2"))
    assert one == two


def test_an_unknown_target_is_told_with_those_there_are(settings: Settings) -> None:
    with pytest.raises(UsageError, match="unknown target upsel; there are upsell, cross_sell"):
        train(settings, targets=["upsel"])


def test_no_feature_table_says_what_to_run(tmp_path: Path) -> None:
    settings = trained.company(tmp_path)
    settings.feature_table.unlink()
    with pytest.raises(DataError, match="run `expansion build` first"):
        train(settings)
