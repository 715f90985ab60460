from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import DataError
from models.dataset import feature_table
from models.dataset.matrix import matrix
from models.release.golden_rows import matrix_probabilities
from models.release.model_files import ModelFiles, ReleaseError
from models.store.scores import ScoreStore, StoredScore
from pipelines.config.settings import Settings
from pipelines.scoring.score import score
from tests.models.releases import publish
from tests.pipelines import trained

USED = ("churn", "upsell")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a company whose models are published."""
    folder = tmp_path_factory.mktemp("company")
    settings = trained.company(folder)
    table = feature_table.read(settings.feature_table)
    models = {name: trained.model(table, name, version="3") for name in USED}
    publish(settings.release_folder, models, {})
    return folder


@pytest.fixture
def settings(company: Path, tmp_path: Path) -> Settings:
    """The same company in a folder of its own."""
    shutil.copytree(company, tmp_path / "own", symlinks=True)
    return trained.settings_in(tmp_path / "own")


def stored(settings: Settings) -> list[StoredScore]:
    store = ScoreStore(settings.store_url)
    found = store.all()
    store.close()
    return found


def test_every_newest_account_gets_the_probabilities_of_the_release(settings: Settings) -> None:
    result = score(settings)
    rows = feature_table.read(settings.feature_table).newest()
    found = {one.account_id: one for one in stored(settings)}
    assert set(found) == set(rows["account_id"])
    assert (result.accounts, result.targets) == (len(rows), list(USED))
    for name in USED:
        files = ModelFiles.read(settings.release_folder / "current" / name)
        expected = matrix_probabilities(files, matrix(rows, tuple(files.features)))
        given = [found[one].probabilities[name] for one in rows["account_id"]]
        np.testing.assert_allclose(given, expected, atol=5e-7)


def test_accounts_are_ranked_by_what_they_are_expected_to_bring(settings: Settings) -> None:
    made = score(settings)
    found = stored(settings)
    amounts = [one.expected_expansion_arr for one in found]
    assert amounts == sorted(amounts, reverse=True)
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    best = found[0]
    assert best.expected_expansion_arr == pytest.approx(
        best.probabilities["upsell"] * best.arr * 0.2, abs=0.5
    )
    assert best.arr_at_risk == pytest.approx(best.probabilities["churn"] * best.arr * 0.2, abs=0.5)
    net = pytest.approx(best.expected_expansion_arr - best.arr_at_risk)
    assert made.top[0]["net_expected_arr"] == net


def test_scoring_again_replaces_what_it_wrote(settings: Settings) -> None:
    one = score(settings)
    first = stored(settings)
    two = score(settings)
    assert two.scoring_id == one.scoring_id
    assert [asdict(each) | {"scoring": None} for each in stored(settings)] == [
        asdict(each) | {"scoring": None} for each in first
    ]


def test_a_name_is_the_newest_that_was_known_by_then(settings: Settings) -> None:
    score(settings)
    assert all(one.name == f"Name of {one.account_id}" for one in stored(settings))
    assert {(one.csm_id, one.segment) for one in stored(settings)} == {("csm-1", None)}


def test_reasons_pull_their_way_and_tell_what_is_not_known(settings: Settings) -> None:
    score(settings)
    found = stored(settings)
    for one in found:
        for told in one.reasons.values():
            assert len(told.up) <= 3
            assert all(reason.contribution > 0 for reason in told.up)
            assert all(reason.contribution < 0 for reason in told.down)
    silences = [
        reason
        for one in found
        for reason in (*one.reasons["churn"].up, *one.reasons["churn"].down)
        if reason.feature == "silent"
    ]
    unknown = [reason for reason in silences if reason.value is None]
    assert unknown
    assert all("not known" in reason.text for reason in unknown)
    assert not [one for one in silences if one not in unknown and "not known" in one.text]


def test_of_an_unknown_arr_no_amount_is_known_and_no_total_is_spoiled(settings: Settings) -> None:
    frame, through = trained.labelled()
    nobody = frame["account_id"].iloc[0]
    frame.loc[frame["account_id"] == nobody, "arr"] = np.nan
    trained.write(settings, frame, through)
    result = score(settings)
    found = {one.account_id: one for one in stored(settings)}
    assert found[nobody].arr is None
    assert found[nobody].expected_expansion_arr is None
    assert found[nobody].arr_at_risk is None
    assert found[nobody].rank == len(found)
    assert result.without_arr == 1
    known = [one.arr for one in found.values() if one.arr is not None]
    assert result.arr == pytest.approx(sum(known))
    json.dumps(asdict(result), allow_nan=False)


def test_an_account_without_a_description_goes_by_its_id(settings: Settings) -> None:
    frame, through = trained.labelled()
    frame["account_id"] = "new-" + frame["account_id"]
    trained.write(settings, frame, through)
    score(settings)
    assert all(one.name == one.account_id for one in stored(settings))


def test_nothing_published_says_what_to_run(settings: Settings) -> None:
    shutil.rmtree(settings.release_folder)
    with pytest.raises(DataError, match="no model is published; run `expansion train`"):
        score(settings)


def test_a_damaged_release_scores_nobody(settings: Settings) -> None:
    damaged = settings.release_folder / "current" / "upsell" / "calibration.json"
    damaged.write_text('{"method": "sigmoid", "a": 9, "b": 9}', "utf-8")
    with pytest.raises(ReleaseError, match=r"calibration\.json: does not have the hash"):
        score(settings)
    assert stored(settings) == []


def test_a_table_without_an_input_is_refused_for_every_model_at_once(settings: Settings) -> None:
    frame, through = trained.labelled()
    trained.write(settings, frame.drop(columns=["silent"]), through)
    with pytest.raises(DataError) as told:
        score(settings)
    assert [problem.split(": ")[1] for problem in told.value.problems] == [
        f"the model of {name} needs silent; build the table anew, or train" for name in USED
    ]


def test_a_table_that_ends_after_today_is_not_scored(settings: Settings) -> None:
    frame, _ = trained.labelled()
    ahead = date(2035, 1, 2)
    frame.loc[frame["as_of"] == max(frame["as_of"]), "as_of"] = ahead
    trained.write(settings, frame, str(ahead))
    with pytest.raises(DataError, match=r"newest date, 2035-01-02, lies after today.*clock"):
        score(settings)
    assert stored(settings) == []


def test_lost_tables_say_what_to_run(settings: Settings) -> None:
    shutil.rmtree(settings.tables_folder)
    with pytest.raises(DataError, match=r"accounts\.parquet: .*run `expansion build`"):
        score(settings)


def test_what_was_scored_is_kept_beside_the_scores(settings: Settings) -> None:
    score(settings)
    rows = feature_table.read(settings.feature_table).newest().set_index("account_id")
    store = ScoreStore(settings.store_url)
    with store.open_scoring() as whole:
        assert whole is not None
        assert whole.inputs is not None
        names, given = list(whole.inputs.names), dict(whole.inputs.rows)
    store.close()
    files = ModelFiles.read(settings.release_folder / "current" / "upsell")
    assert set(names) >= {one.name for one in files.features}
    for account, text in given.items():
        wanted = [None if pd.isna(one) else one for one in rows.loc[account, names]]
        assert json.loads(text) == wanted


def test_a_missed_week_is_scored_for_the_history_and_moves_no_list(settings: Settings) -> None:
    table = feature_table.read(settings.feature_table)
    missed = sorted(table.frame["as_of"].unique())[-2]
    before = score(settings, missed=missed)
    assert before.as_of == str(missed)
    assert all(one.decision is None for one in stored(settings))
    store = ScoreStore(settings.store_url)
    assert store.turns(missed, missed + timedelta(days=1)) == {}
    score(settings)
    newest = store.all()
    assert newest[0].scoring.as_of > missed
    assert all(one.decision for one in newest)
    assert [one.scoring.as_of for one in store.history(newest[0].account_id, 5)] == [
        newest[0].scoring.as_of,
        missed,
    ]
    store.close()


def test_a_scoring_knows_what_outcomes_are_worth_and_its_totals_have_intervals(
    settings: Settings,
) -> None:
    result = score(settings)
    found = stored(settings)
    open_accounts = [one for one in found if one.probabilities and one.arr]
    assert open_accounts
    for account in open_accounts:
        assert account.worth is not None
        assert account.worth.keys() == set(USED)
        expected = account.probabilities["upsell"] * account.worth["upsell"]
        assert account.expected_expansion_arr == pytest.approx(expected, abs=0.02)
    errors = found[0].scoring.errors
    assert errors.keys() == set(USED)
    card = ModelFiles.read(settings.release_folder / "current" / "upsell").card
    assert errors["upsell"].spread == (card.amount.spread or errors["upsell"].spread)
    assert result.intervals.keys() == {"expected_expansion_arr", "arr_at_risk", "net_expected_arr"}
    for name, (low, high) in result.intervals.items():
        assert low < getattr(result, name) < high
