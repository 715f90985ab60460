"""Decisions of a scored company: plays in the store, lists within capacity, accounts that rest."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from models.dataset import feature_table
from models.plays.context import Limits
from models.plays.prioritisation import NOBODY, Decision, is_held_out
from models.store.scores import ScoreStore
from pipelines.build.accounts import team_capacity
from pipelines.config.sections import Decide
from pipelines.config.settings import Settings
from pipelines.scoring.score import score
from tests.models.releases import publish
from tests.pipelines import trained


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a company whose model of upsell is published."""
    folder = tmp_path_factory.mktemp("company")
    own = trained.company(folder)
    table = feature_table.read(own.feature_table)
    publish(own.release_folder, {"upsell": trained.model(table, "upsell")}, {})
    return folder


@pytest.fixture
def settings(company: Path, tmp_path: Path) -> Settings:
    """The same company in a folder of its own."""
    shutil.copytree(company, tmp_path / "own", symlinks=True)
    return trained.settings_in(tmp_path / "own")


def decided(settings: Settings) -> dict[str, Decision]:
    """Score, and return every account's decision."""
    score(settings)
    store = ScoreStore(settings.store_url)
    found = {one.account_id: one.decision for one in store.all() if one.decision}
    store.close()
    return found


def with_decide(settings: Settings, **changes: object) -> Settings:
    """Return the settings with keys of ``[decide]`` changed."""
    return settings.model_copy(update={"decide": Decide.model_validate(changes)})


def on_list(found: dict[str, Decision]) -> set[str]:
    return {name for name, one in found.items() if one.standing == "listed"}


def test_every_scored_account_has_a_decision_and_one_csm_a_list(settings: Settings) -> None:
    found = decided(with_decide(settings, capacity=7, worth_a_talk=10))
    assert len(found) == score(settings).accounts
    assert Counter(one.place for one in found.values() if one.place) == Counter(range(1, 8))
    assert len(on_list(found)) == 7
    assert all(one.text and one.play for one in found.values())


def test_scoring_again_gives_the_same_list(settings: Settings) -> None:
    own = with_decide(settings, capacity=7, worth_a_talk=10)
    assert decided(own) == decided(own)


def test_who_was_listed_rests_a_week_later(settings: Settings) -> None:
    own = with_decide(settings, capacity=7, worth_a_talk=10, cooldown_days=28)
    first = on_list(decided(own))
    _go_on(own, days=7)
    second = decided(own)
    assert not first & on_list(second)
    assert {second[name].standing for name in first} <= {"cooling_down", "nothing_to_do"}
    assert len(on_list(second)) == 7


def test_who_is_held_out_is_on_no_list(settings: Settings) -> None:
    found = decided(with_decide(settings, capacity=500, worth_a_talk=10, hold_out=0.3))
    apart = {name for name, one in found.items() if one.held_out}
    assert apart == {name for name in found if is_held_out(name, 0.3)}
    assert apart
    assert not apart & on_list(found)


def test_a_csm_s_own_capacity_counts(settings: Settings) -> None:
    own = {"csm-1": 2, NOBODY: 1}
    assert len(on_list(decided(with_decide(settings, worth_a_talk=10, capacity_by_csm=own)))) == 2


@pytest.mark.parametrize("limit", [one.name for one in fields(Limits)])
def test_every_limit_can_be_set(limit: str) -> None:
    own = with_decide(Settings(), **{limit: 1})
    assert getattr(own.decide.limits, limit) == 1


def _go_on(settings: Settings, days: int) -> None:
    """Write the feature table as it is some days later."""
    frame, through = trained.labelled()
    newest = frame[frame["as_of"] == frame["as_of"].max()]
    later = newest.assign(as_of=newest["as_of"] + timedelta(days=days))
    trained.write(settings, later, through, fingerprint="e")


def test_the_team_is_all_csms_who_have_an_account(settings: Settings) -> None:
    own = with_decide(settings, capacity_by_csm={"csm-1": 3})
    account = str(feature_table.read(own.feature_table).newest()["account_id"].iloc[0])
    assert team_capacity(own, [account], "2024-12-01") == 3
    assert team_capacity(own, [account, "without a CSM"], "2024-12-01") == 13
