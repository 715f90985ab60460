"""What is signed or announced is contracted: no probability, no propensity, and counted once."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.errors import DataError
from features.subscriptions.column_names import YEAR_DAYS, arr_column, day_column
from models.dataset import feature_table
from models.dataset.contracted import undecided
from models.forecast.retention import retained
from models.plays.definitions import DECIDED
from models.store.scores import ScoreStore, StoredScore
from pipelines.build.compute import standings_at
from pipelines.config.settings import Settings, load
from pipelines.monitoring.week import Week
from pipelines.scoring.score import ScoreResult, score
from pipelines.scoring.score_changes import explain_moves
from tests.models.releases import publish
from tests.pipelines import trained

ARR, ON = arr_column(91), day_column(91)
LEAVES, GIVES_PART, RAMPS = "a-0003", "a-0005", "a-0007"
END = date(2026, 6, 10)
ALL = ("upsell", "cross_sell", "downsell", "churn")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a company, with a model of each target."""
    folder = tmp_path_factory.mktemp("company")
    settings = trained.company(folder)
    table = feature_table.read(settings.feature_table)
    publish(settings.release_folder, {name: trained.model(table, name) for name in ALL}, {})
    return folder


@pytest.fixture
def settings(company: Path, tmp_path: Path) -> Settings:
    shutil.copytree(company, tmp_path / "own", symlinks=True)
    return trained.settings_in(tmp_path / "own")


def announced(
    settings: Settings,
    changes: dict[str, float],
    days: int = 0,
    in_a_year: dict[str, float] | None = None,
) -> None:
    """Write the feature table with the share of its ARR that each account is contracted for.

    ``changes`` by the horizon's end, and so in a year; ``in_a_year`` not before that.
    """
    frame, through = trained.labelled()
    newest = frame["as_of"] == max(frame["as_of"])
    for arr, on, shares in (
        (ARR, ON, changes),
        (arr_column(YEAR_DAYS), day_column(YEAR_DAYS), changes | (in_a_year or {})),
    ):
        frame[arr], frame[on] = frame["arr"], None
        frame[on] = frame[on].astype(object)
        for account, share in shares.items():
            row = newest & (frame["account_id"] == account)
            frame.loc[row, arr] = frame.loc[row, "arr"] * share
            frame.loc[row, on] = END
    frame.loc[newest, "as_of"] += timedelta(days=days)
    trained.write(settings, frame, through, fingerprint="e" if days else "f")


def scored(settings: Settings) -> tuple[ScoreResult, dict[str, StoredScore]]:
    result = score(settings)
    with closing(ScoreStore(settings.store_url)) as store:
        return result, {account.account_id: account for account in store.all()}


def test_an_account_that_is_known_to_leave_has_no_probability_and_comes_last(
    settings: Settings,
) -> None:
    before, then = scored(settings)
    announced(settings, {LEAVES: 0.0})
    result, now = scored(settings)
    leaves = now[LEAVES]
    assert leaves.is_decided
    assert (dict(leaves.probabilities), dict(leaves.reasons.stored)) == ({}, {})
    assert leaves.expected_expansion_arr == 0
    assert leaves.contracted is not None
    assert (leaves.contracted.effective_on, leaves.contracted.arr) == (END, 0)
    assert leaves.contracted.loss == leaves.arr_at_risk == pytest.approx(leaves.arr)
    assert leaves.net_expected_arr == pytest.approx(-(leaves.arr or 0))
    assert leaves.rank == len(now)
    assert leaves.decision is not None
    assert (leaves.decision.play, leaves.decision.at_stake) == (DECIDED, leaves.arr_at_risk)
    assert leaves.decision.text.startswith("Ends on 10 June 2026; ")
    others = {name: account.probabilities for name, account in now.items() if name != LEAVES}
    assert others == {name: then[name].probabilities for name in others}
    assert (before.decided, result.decided) == (0, 1)
    assert result.arr_lost_by_notice == pytest.approx(leaves.arr)


def test_notice_for_a_part_is_lost_and_the_probability_stands_for_the_rest(
    settings: Settings,
) -> None:
    _, then = scored(settings)
    announced(settings, {GIVES_PART: 0.4})
    _, now = scored(settings)
    before, after = then[GIVES_PART], now[GIVES_PART]
    assert after.probabilities == before.probabilities
    assert not after.is_decided
    assert after.contracted is not None
    assert before.arr is not None
    assert before.arr_at_risk is not None
    assert after.contracted.loss == pytest.approx(0.6 * before.arr, abs=0.01)
    assert after.arr_at_risk == pytest.approx(0.6 * before.arr + 0.4 * before.arr_at_risk, abs=0.02)
    assert after.arr_at_risk < before.arr


def test_a_notice_beyond_the_horizon_changes_the_play_and_no_figure(settings: Settings) -> None:
    before, then = scored(settings)
    announced(settings, {}, in_a_year={LEAVES: 0.0, GIVES_PART: 0.4})
    result, now = scored(settings)
    for name, account in now.items():
        assert account.probabilities == then[name].probabilities
        assert account.arr_at_risk == then[name].arr_at_risk
        assert account.contracted == then[name].contracted
    assert (result.decided, result.arr_at_risk) == (0, before.arr_at_risk)
    leaves, part = now[LEAVES].decision, now[GIVES_PART].decision
    assert leaves is not None
    assert part is not None
    assert (leaves.play, leaves.at_stake) == (DECIDED, pytest.approx(now[LEAVES].arr))
    assert leaves.text.startswith("Ends on 10 June 2026; ")
    assert part.play == "fix_before_you_sell"
    assert "ARR lost by notice, by 10 June 2026" in part.text


def test_a_ramp_is_contracted_and_no_propensity(settings: Settings) -> None:
    before, then = scored(settings)
    announced(settings, {RAMPS: 1.5})
    result, now = scored(settings)
    account = now[RAMPS]
    assert account.expected_expansion_arr == then[RAMPS].expected_expansion_arr
    assert account.contracted is not None
    assert account.contracted.gain == pytest.approx(0.5 * (account.arr or 0), abs=0.01)
    assert account.net_expected_arr == pytest.approx(
        (then[RAMPS].net_expected_arr or 0) + account.contracted.gain, abs=0.02
    )
    assert result.expected_expansion_arr == before.expected_expansion_arr
    assert result.arr_contracted_gain == account.contracted.gain


def test_sums_say_what_they_contain(settings: Settings) -> None:
    announced(settings, {LEAVES: 0.0, GIVES_PART: 0.4, RAMPS: 1.5})
    result, now = scored(settings)
    assert result.arr_lost_by_notice == pytest.approx(
        sum(one.contracted.loss or 0 for one in now.values() if one.contracted)
    )
    assert result.arr_at_risk == pytest.approx(sum(one.arr_at_risk or 0 for one in now.values()))
    assert result.net_expected_arr == pytest.approx(
        sum(one.net_expected_arr or 0 for one in now.values()), abs=0.1
    )
    assert result.leaves_out == []


@pytest.mark.parametrize(
    ("models", "leaves_out"),
    [
        (("upsell", "cross_sell"), ["downsell", "churn"]),
        (("downsell", "churn"), ["upsell", "cross_sell"]),
        (("upsell", "churn"), ["cross_sell", "downsell"]),
    ],
)
def test_what_no_model_looks_at_is_not_known(
    settings: Settings, models: tuple[str, ...], leaves_out: list[str]
) -> None:
    table = feature_table.read(settings.feature_table)
    publish(settings.release_folder, {name: trained.model(table, name) for name in models}, {})
    announced(settings, {LEAVES: 0.0, GIVES_PART: 0.4})
    result, now = scored(settings)
    assert result.leaves_out == leaves_out
    gains, losses = "upsell" in models, "churn" in models
    usual = now[RAMPS]
    assert (usual.expected_expansion_arr is not None) == gains
    assert (usual.arr_at_risk is not None) == losses
    assert (usual.net_expected_arr is not None) == (gains and losses)
    assert (result.expected_expansion_arr is not None) == gains
    assert (result.net_expected_arr is not None) == (gains and losses)
    # What is announced is known without any model.
    assert now[LEAVES].arr_at_risk == pytest.approx(now[LEAVES].arr)
    assert now[GIVES_PART].arr_at_risk is not None
    assert now[LEAVES].rank == len(now)


def test_a_notice_is_the_reason_of_a_change(settings: Settings) -> None:
    scored(settings)
    announced(settings, {LEAVES: 0.0}, days=7)
    scored(settings)
    moved = explain_moves(settings)
    [notice] = moved.notices
    assert (notice.account_id, notice.is_decided, notice.on) == (LEAVES, True, "2026-06-10")
    assert notice.text == "Notice given: all subscriptions end by 10 June 2026"
    assert moved.as_dict()["notices"] == [asdict(notice)]
    assert LEAVES not in {move.account_id for move in moved.accounts}
    accounts = len(feature_table.read(settings.feature_table).newest())
    assert {move.accounts for move in moved.targets} == {accounts - 1}
    asked = explain_moves(settings, account_id=LEAVES)
    assert (asked.accounts, asked.notices) == ([], [notice])
    announced(settings, {}, days=14)
    scored(settings)
    [again] = explain_moves(settings).notices
    assert (again.account_id, again.is_decided, again.on) == (LEAVES, False, None)


def test_monitoring_looks_at_the_probabilities_that_were_given(settings: Settings) -> None:
    table = feature_table.read(settings.feature_table)
    day = table.frame["as_of"].max()
    announced(settings, {LEAVES: 0.0, GIVES_PART: 0.4})
    changed = feature_table.read(settings.feature_table)
    assert len(undecided(changed, changed.newest())) == len(changed.newest()) - 1
    older = replace(table, frame=table.frame.drop(columns=[ARR, ON]))
    assert len(undecided(older, older.newest())) == len(older.newest())
    _, now = scored(settings)
    week = Week(settings.tables_folder, changed, {}, (), day)
    assert set(week.scored["account_id"]) == {
        name for name, one in now.items() if one.probabilities
    }


def test_a_table_from_before_says_to_build_it_anew(settings: Settings) -> None:
    frame, through = trained.labelled()
    trained.write(settings, frame.assign(**{ARR: 1.0, ON: None}), through)
    path = settings.feature_table
    table = pq.read_table(path)
    pq.write_table(table.drop_columns([ARR]), path)
    with pytest.raises(DataError, match=rf"lacks {ARR}, .*run `expansion build`"):
        score(settings)


def test_the_scoring_loses_by_notice_what_the_forecast_knows_as_announced(
    finished_company: Path,
) -> None:
    settings = load(finished_company / "expansion.toml")
    with closing(ScoreStore(settings.store_url)) as store:
        scores = store.all()
    standing = standings_at(settings, [scores[0].scoring.as_of]).to_pandas()
    today, signed = (standing[name].to_numpy(float) for name in ("arr", "arr_in_91d"))
    parts = retained(today, signed, signed[None, :]).parts
    up, down = (
        float(parts[name][0]) * today.sum() for name in ("contracted_up", "contracted_down")
    )
    contracted = [one.contracted for one in scores if one.contracted]
    assert len(contracted) == len(standing)
    assert sum(one.loss or 0 for one in contracted) == pytest.approx(-down)
    assert sum(one.gain or 0 for one in contracted) == pytest.approx(up)
    assert up > 0
    decided = {
        account for account, arr in zip(standing["account_id"], signed, strict=True) if not arr
    }
    assert {one.account_id for one in scores if one.is_decided} == decided
