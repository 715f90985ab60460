"""The life of versions: challenger, champion, previous, and back; what the gate says is kept."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features.errors import DataError, UsageError
from models.dataset import feature_table
from models.registry import CHALLENGER, CHAMPION, EXPERIMENT, PREVIOUS, Registry, Run
from models.release import bundle
from models.release.golden_rows import problem
from models.release.model_files import ModelFiles, ReleaseError
from pipelines.config.settings import Settings
from pipelines.lifecycle import deploy, promotion_log
from pipelines.lifecycle.promote import deploy_first_versions, promote, registered, rollback
from pipelines.lifecycle.promotion_log import ROLLED_BACK, Promotion
from tests.pipelines import trained

TARGET = "upsell"
DATES = 14
WEAK = ("silent", "segment")
NO_SKILL = {
    "verdict": "no skill, use the rule",
    "skill": False,
    "why": "it is no better than chance",
}


@pytest.fixture(autouse=True)
def _tried_out_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release is tried out in this process: a child takes a second, and has tests of its own."""

    def check(path: Path) -> None:
        if found := [told for one in path.iterdir() if one.is_dir() and (told := problem(one))]:
            raise ReleaseError(found)

    monkeypatch.setattr(bundle, "check_in_child", check)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return trained.company(tmp_path)


@pytest.fixture
def registry(settings: Settings) -> Registry:
    """A registry in which nothing has been promoted yet."""
    return trained.empty_registry(settings)


@pytest.fixture
def weak(settings: Settings) -> ModelFiles:
    table = feature_table.read(settings.feature_table)
    return trained.model(table, TARGET, dates=DATES, inputs=WEAK)


@pytest.fixture
def good(settings: Settings) -> ModelFiles:
    return trained.model(feature_table.read(settings.feature_table), TARGET, dates=DATES)


def log(registry: Registry, files: ModelFiles, target: str = TARGET, **card: Any) -> str:
    """Register a version and return its number."""
    made = replace(files, card=replace(files.card, **card))
    tags = {"verdict": made.card.verdict, "data_fingerprint": "f" * 64}
    return registry.log(target, made, Run({}, {"auc": 0.7}, tags, "card", {}))


def history(settings: Settings) -> list[Promotion]:
    return promotion_log.log(settings.mlflow.home).read()


def aliases(registry: Registry) -> dict[str, str]:
    known = registry.aliases(TARGET)
    return {name: known[name] for name in (CHAMPION, PREVIOUS) if name in known}


def content(path: str | None) -> dict[str, bytes]:
    assert path is not None
    files = [one for one in Path(path).rglob("*") if one.is_file()]
    return {str(one.relative_to(path)): one.read_bytes() for one in files}


def in_place(settings: Settings) -> str:
    return str(bundle.current(settings.release_folder))


def test_the_life_of_versions_from_the_first_to_the_rollback(
    settings: Settings, registry: Registry, weak: ModelFiles, good: ModelFiles
) -> None:
    one = log(registry, weak)
    assert registry.aliases(TARGET) == {CHALLENGER: one}
    with pytest.raises(DataError, match="upsell has no previous champion to go back to"):
        rollback(settings, TARGET)

    first = promote(settings, TARGET, CHALLENGER)
    assert (first.version, first.before, first.promoted, first.forced) == (one, None, True, False)
    assert in_place(settings) == first.release
    before = content(first.release)

    two = log(registry, good)
    better = promote(settings, TARGET, CHALLENGER)
    assert (better.promoted, better.forced, better.reasons) == (True, False, [])
    assert in_place(settings) == better.release != first.release
    assert registry.aliases(TARGET) == {CHAMPION: two, PREVIOUS: one, CHALLENGER: two}
    entry = history(settings)[-1]
    assert (entry.before, entry.version, entry.why, entry.kind, entry.forced) == (
        one, two, "passed the gate", promotion_log.PROMOTED, False,
    )  # fmt: skip
    assert entry.who
    assert entry.release == Path(str(better.release)).name
    assert {check["name"]: check["passes"] for check in entry.checks}["better"] is True

    back = rollback(settings, TARGET, why="the CSMs do not trust it")
    assert (back.version, back.before, back.release) == (one, two, first.release)
    assert in_place(settings) == first.release
    assert content(back.release) == before
    assert aliases(registry) == {CHAMPION: one}
    assert history(settings)[-1].why == "the CSMs do not trust it"
    assert history(settings)[-1].kind == ROLLED_BACK
    with pytest.raises(DataError, match="no previous champion"):
        rollback(settings, TARGET)


def test_a_refused_version_changes_nothing_and_says_why_unless_forced(
    settings: Settings, registry: Registry, weak: ModelFiles, good: ModelFiles
) -> None:
    one = log(registry, good)
    first = promote(settings, TARGET, one)
    two = log(registry, weak, **NO_SKILL)
    refused = promote(settings, TARGET, two)
    assert not refused.promoted
    assert refused.reasons[0] == "skill: no skill, use the rule: it is no better than chance"
    assert refused.reasons[1].startswith("better: clearly behind in AUC")
    assert aliases(registry) == {CHAMPION: one}
    assert in_place(settings) == first.release
    assert len(history(settings)) == 1

    with pytest.raises(UsageError, match="--force needs --why"):
        promote(settings, TARGET, two, force=True)
    forced = promote(settings, TARGET, two, force=True, why="a trial with three CSMs")
    assert (forced.promoted, forced.forced) == (True, True)
    assert forced.reasons == refused.reasons
    assert aliases(registry) == {CHAMPION: two, PREVIOUS: one}
    assert (history(settings)[-1].forced, history(settings)[-1].why) == (
        True, "a trial with three CSMs",
    )  # fmt: skip


def test_an_equal_version_and_the_same_one_are_refused(
    settings: Settings, registry: Registry, good: ModelFiles
) -> None:
    promote(settings, TARGET, log(registry, good))
    table = feature_table.read(settings.feature_table)
    equal = promote(
        settings, TARGET, log(registry, trained.model(table, TARGET, dates=DATES, seed=5))
    )
    assert not equal.promoted
    assert [reason.split(" (")[0] for reason in equal.reasons] == [
        "better: as good as the champion within chance"
    ]
    same = promote(settings, TARGET, log(registry, good))
    assert [one.split(":")[0] for one in same.reasons] == ["another model"]


def test_promoting_the_champion_again_is_no_error_and_no_line_in_the_log(
    settings: Settings, registry: Registry, good: ModelFiles
) -> None:
    first = promote(settings, TARGET, log(registry, good))
    again = promote(settings, TARGET, CHALLENGER)
    assert (again.promoted, again.before, again.release) == (True, first.version, first.release)
    assert len(history(settings)) == 1


def test_going_back_twice_goes_back_twice(
    settings: Settings, registry: Registry, good: ModelFiles
) -> None:
    for why in ("one", "two", "three"):
        promote(settings, TARGET, log(registry, good, why=why), force=True, why=why)
    assert rollback(settings, TARGET).version == "2"
    assert aliases(registry) == {CHAMPION: "2", PREVIOUS: "1"}
    assert rollback(settings, TARGET).version == "1"
    assert aliases(registry) == {CHAMPION: "1"}


def test_a_version_or_target_that_does_not_exist_is_told(
    settings: Settings, registry: Registry, good: ModelFiles
) -> None:
    log(registry, good)
    with pytest.raises(UsageError, match="upsell has no version '99'; `expansion models` lists"):
        promote(settings, TARGET, "99")
    with pytest.raises(UsageError, match="downsell has no version 'challenger'"):
        promote(settings, "downsell", CHALLENGER)
    for verb in (lambda: promote(settings, "upsel", CHALLENGER), lambda: rollback(settings, "up")):
        with pytest.raises(UsageError, match=r"is not a target under \[train\] \(upsell, "):
            verb()


def test_a_version_that_cannot_be_published_does_not_become_champion(
    settings: Settings, registry: Registry, weak: ModelFiles, good: ModelFiles
) -> None:
    first = promote(settings, TARGET, log(registry, weak))
    wrong = replace(good, golden={"rows": [{}], "expected": [0.999]})
    with pytest.raises(ReleaseError, match="golden rows differ"):
        promote(settings, TARGET, log(registry, wrong))
    assert aliases(registry) == {CHAMPION: first.version}
    assert in_place(settings) == first.release
    assert len(history(settings)) == 1


def test_aliases_and_release_follow_from_the_log_whatever_became_of_them(
    settings: Settings, registry: Registry, weak: ModelFiles, good: ModelFiles
) -> None:
    one, two = log(registry, weak), log(registry, good)
    first = promote(settings, TARGET, one)
    second = promote(settings, TARGET, two)
    registry.set_aliases(TARGET, one, None)
    bundle.point(Path(str(first.release)))
    assert str(deploy.current(settings)) == second.release == in_place(settings)
    bundle.point(Path(str(first.release)))
    assert str(deploy.reconcile(settings, registry)) == second.release == in_place(settings)
    assert aliases(registry) == {CHAMPION: two, PREVIOUS: one}


def test_a_lost_log_leaves_the_aliases_to_go_by(
    settings: Settings, registry: Registry, weak: ModelFiles, good: ModelFiles
) -> None:
    one, two = log(registry, weak), log(registry, good)
    promote(settings, TARGET, one)
    promote(settings, TARGET, two)
    promotion_log.log(settings.mlflow.home).path.unlink()
    assert deploy.deployed_stacks(settings, registry) == {TARGET: [one, two]}
    assert rollback(settings, TARGET).version == one
    assert aliases(registry) == {CHAMPION: one}


def test_a_champion_that_changed_meanwhile_is_not_overrun(
    settings: Settings, registry: Registry, weak: ModelFiles, good: ModelFiles
) -> None:
    one, two = log(registry, weak), log(registry, good)
    promote(settings, TARGET, one)
    with pytest.raises(DataError, match="upsell: version 1 came into use meanwhile; run this ag"):
        deploy.deploy_versions(settings, registry, [Promotion(TARGET, None, two, "late")])


def test_a_version_whose_files_are_lost_is_named(
    settings: Settings, registry: Registry, good: ModelFiles
) -> None:
    version = log(registry, good)
    for path in settings.mlflow_artifacts.rglob("calibration.json"):
        path.unlink()
    with pytest.raises(DataError, match="upsell version 1 cannot be read from the registry"):
        promote(settings, TARGET, version)


def test_first_versions_come_into_use_together_but_leaking_ones_do_not(
    settings: Settings, registry: Registry
) -> None:
    frame, through = trained.labelled()
    frame["silent"] = frame["churn_next_91d"].fillna(0)
    trained.write(settings, frame, through)
    table = feature_table.read(settings.feature_table)
    versions = {
        target: log(registry, trained.model(table, target, dates=DATES), target)
        for target in ("upsell", "downsell", "churn")
    }
    put = deploy_first_versions(settings, registry, versions)
    assert [one.target for one in history(settings)] == ["upsell", "downsell"]
    assert put.release is not None
    assert set(bundle.verify(put.release).models) == {"upsell", "downsell"}
    assert list(put.refused) == ["churn"]
    assert put.refused["churn"][0].startswith("leak: silent alone orders the outcomes with an AUC")


def test_versions_are_listed_newest_first_with_what_they_are(
    settings: Settings, registry: Registry, good: ModelFiles
) -> None:
    log(registry, good)
    newest, churn = log(registry, good), log(registry, good, target="churn")
    listed = registered(settings)
    assert [(one["target"], one["version"]) for one in listed] == [
        ("churn", churn), (TARGET, newest), (TARGET, "1"),
    ]  # fmt: skip
    assert listed[0] == {
        "target": "churn",
        "version": churn,
        "aliases": [CHALLENGER],
        "verdict": "skill",
        "auc": [0.7, None, None],
        "fingerprint": "f" * 64,
        "run_id": listed[0]["run_id"],
    }


def test_a_rollback_that_was_cut_short_is_finished_and_not_done_twice(
    settings: Settings, registry: Registry, good: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    for why in ("one", "two", "three"):
        promote(settings, TARGET, log(registry, good, why=why), force=True, why=why)
    with monkeypatch.context() as patch:
        patch.setattr(Registry, "set_aliases", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            rollback(settings, TARGET)
    assert aliases(registry)[CHAMPION] == "3"
    finished = rollback(settings, TARGET)
    assert (finished.version, finished.before) == ("2", "3")
    assert aliases(registry) == {CHAMPION: "2", PREVIOUS: "1"}
    assert len(history(settings)) == 4


def test_runs_of_a_killed_process_are_ended_with_the_next_one(
    registry: Registry, weak: ModelFiles
) -> None:
    log(registry, weak)
    gone = subprocess.Popen(["true"])
    gone.wait()
    here, other = platform.node(), "another machine"
    cases = [(here, gone.pid, "KILLED"), (here, os.getpid(), "RUNNING"), (other, 1, "RUNNING")]
    with registry._client() as client:
        experiment = client.get_experiment_by_name(EXPERIMENT)
        assert experiment is not None
        expected = {}
        for host, process, status in cases:
            tags = {"host": host, "process": str(process)}
            run = client.create_run(experiment.experiment_id, tags=tags)
            expected[run.info.run_id] = status
    log(registry, weak)
    with registry._client() as client:
        assert {name: client.get_run(name).info.status for name in expected} == expected
