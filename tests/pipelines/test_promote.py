from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from features.errors import DataError, UsageError
from models import dataset, release
from models.encoding import encode
from models.golden import matrix_probabilities
from models.registry import CHALLENGER, CHAMPION, PREVIOUS, Registry, Run
from models.release import ModelFiles, ReleaseError
from pipelines.promote import promote, registered, rollback
from pipelines.settings import Settings
from tests.pipelines import trained

TARGET = "upsell"
NO_SKILL = {"verdict": "no skill, use the rule", "why": "it is no better than chance"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return trained.company(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def registry(settings: Settings) -> Registry:
    """A registry in which nothing has been promoted yet."""
    return Registry(settings.mlflow_uri, settings.mlflow_artifacts)


@pytest.fixture(scope="module")
def good(settings: Settings) -> ModelFiles:
    return trained.model(dataset.read(settings.feature_table), TARGET)


def log(registry: Registry, files: ModelFiles, target: str = TARGET, **card: Any) -> str:
    """Register a version and return its number."""
    made = replace(files, card={**files.card, **card})
    tags = {"verdict": made.card["verdict"], "data_fingerprint": "f" * 64}
    return registry.log(target, made, Run({}, {"auc": 0.7}, tags, "card", {}))


def history(settings: Settings) -> list[dict[str, Any]]:
    """Return the log of promotions, oldest first."""
    path = settings.mlflow.home / "promotions.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def aliases(registry: Registry) -> dict[str, str | None]:
    return {name: registry.version(TARGET, name) for name in (CHAMPION, PREVIOUS, CHALLENGER)}


def worse(files: ModelFiles) -> ModelFiles:
    """Return a model that orders accounts the wrong way round, and knows it."""
    turned = replace(files, calibration={"method": "sigmoid", "a": -1.0, "b": 0.0})
    expected = matrix_probabilities(turned, encode(turned.golden["rows"], turned.features))
    return replace(turned, golden={**turned.golden, "expected": [float(one) for one in expected]})


def test_the_life_of_versions_from_the_first_to_the_rollback(
    settings: Settings, registry: Registry, good: ModelFiles
) -> None:
    one = log(registry, good)
    assert aliases(registry) == {CHAMPION: None, PREVIOUS: None, CHALLENGER: "1"}
    with pytest.raises(DataError, match="upsell has no previous champion to go back to"):
        rollback(settings, TARGET)

    first = promote(settings, TARGET, CHALLENGER)
    assert (first.version, first.before, first.promoted, first.forced) == (one, None, True, False)
    assert str(release.current(settings.release_folder)) == first.release

    two = log(registry, good, **NO_SKILL)
    refused = promote(settings, TARGET, two)
    assert not refused.promoted
    assert refused.reasons == ["no skill, use the rule: it is no better than chance"]
    assert aliases(registry) == {CHAMPION: one, PREVIOUS: None, CHALLENGER: two}
    assert str(release.current(settings.release_folder)) == first.release
    assert [entry["to"] for entry in history(settings)] == [one]

    with pytest.raises(UsageError, match="--force needs --why"):
        promote(settings, TARGET, two, force=True)
    forced = promote(settings, TARGET, two, force=True, why="a trial with three CSMs")
    assert forced.promoted
    assert forced.forced
    assert forced.reasons == refused.reasons
    assert forced.release != first.release
    assert aliases(registry) == {CHAMPION: two, PREVIOUS: one, CHALLENGER: two}
    entry = history(settings)[-1]
    assert (entry["from"], entry["to"], entry["why"]) == (one, two, "a trial with three CSMs")
    assert entry["who"]

    back = rollback(settings, TARGET, why="the trial is over")
    assert (back.version, back.before) == (one, two)
    assert back.release == first.release
    assert aliases(registry)[CHAMPION] == one
    assert history(settings)[-1]["why"] == "the trial is over"


def test_a_version_behind_the_champion_is_refused_with_by_how_much(
    settings: Settings, registry: Registry, good: ModelFiles
) -> None:
    log(registry, good)
    promote(settings, TARGET, CHALLENGER, force=True, why="start")
    refused = promote(settings, TARGET, log(registry, worse(good)))
    assert not refused.promoted
    assert len(refused.reasons) == 1
    assert "behind the champion's by -0." in refused.reasons[0]


def test_every_reason_is_told_at_once(
    settings: Settings, registry: Registry, good: ModelFiles
) -> None:
    other = tuple(replace(one, name=f"old_{one.name}") for one in good.features)
    version = log(registry, replace(good, features=other), **NO_SKILL)
    reasons = promote(settings, TARGET, version).reasons
    assert [reason.split(":")[0].split(" old_")[0] for reason in reasons] == [
        "no skill, use the rule",
        "the feature table lacks",
    ]


def test_a_version_that_does_not_exist_is_told(settings: Settings, registry: Registry) -> None:
    assert registry
    with pytest.raises(UsageError, match="upsell has no version '99'; `expansion models` lists"):
        promote(settings, TARGET, "99")
    with pytest.raises(UsageError, match="downsell has no version 'challenger'"):
        promote(settings, "downsell", CHALLENGER)


def test_a_version_that_cannot_be_published_does_not_become_champion(
    settings: Settings, registry: Registry, good: ModelFiles
) -> None:
    log(registry, good)
    promote(settings, TARGET, CHALLENGER, force=True, why="start")
    before, current = aliases(registry), release.current(settings.release_folder)
    lines = len(history(settings))
    wrong = replace(good, golden={"rows": [{}], "expected": [0.999]})
    with pytest.raises(ReleaseError, match="golden rows differ"):
        promote(settings, TARGET, log(registry, wrong))
    assert {**aliases(registry), CHALLENGER: before[CHALLENGER]} == before
    assert release.current(settings.release_folder) == current
    assert len(history(settings)) == lines


def test_versions_are_listed_newest_first_with_what_they_are(
    settings: Settings, registry: Registry, good: ModelFiles
) -> None:
    version = log(registry, good, target="churn")
    listed = registered(settings)
    churn = next(one for one in listed if one["target"] == "churn")
    assert churn == {
        "target": "churn",
        "version": version,
        "aliases": [CHALLENGER],
        "verdict": "skill",
        "auc": [0.7, None, None],
        "fingerprint": "f" * 64,
        "run_id": churn["run_id"],
    }
    numbers = [int(one["version"]) for one in listed if one["target"] == TARGET]
    assert numbers == sorted(numbers, reverse=True)
