"""The forecast: parts add up, nothing of the future, what is signed is apart, known rates."""

from __future__ import annotations

from dataclasses import astuple, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from models.forecast.backtest import Backtest, backtest
from models.forecast.nrr import MOST_QUARTERS, Forecast, Spread, forecast
from models.forecast.quarterly_panel import AHEAD, QUARTER, YEAR, Panel
from tests.models.panels import FIRST, drawn, panel, steady

FUTURES = 30
SEEDS = st.integers(0, 10_000)


def last(frame: pd.DataFrame, seed: int = 1, futures: int = FUTURES) -> Forecast:
    """Forecast from the panel's last date."""
    known = Panel.of(frame)
    return forecast(known, known.dates[-1], seed=seed, futures=futures)


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.integers(1, 30), st.integers(5, 8), st.floats(0, 0.3), st.floats(0, 1))
def test_parts_add_up_and_intervals_are_nested(
    seed: int, accounts: int, quarters: int, gone: float, signed: float
) -> None:
    frame = drawn(seed, accounts=accounts, quarters=quarters, gone=gone, signed=signed)
    try:
        made = last(frame, seed)
    except DataError:
        return  # everybody has left, was to leave, or came yesterday
    assert sum(part.value for part in made.parts.values()) == pytest.approx(made.nrr.value - 1)
    assert 0 <= made.grr.value <= min(1, made.nrr.value) + 1e-12
    for spread in (made.nrr, made.grr, *made.parts.values()):
        ends = (spread.low_95, spread.low_80, spread.high_80, spread.high_95)
        assert list(ends) == sorted(ends)
        assert np.isfinite(astuple(spread)).all()
    for gain in ("contracted_up", "expansion"):
        assert made.parts[gain].low_95 >= 0
    for loss in ("contracted_down", "downsell", "churn"):
        assert made.parts[loss].high_95 <= 0
    for part in ("contracted_up", "contracted_down"):
        assert made.parts[part].high_95 == pytest.approx(made.parts[part].low_95)


@settings(max_examples=4, deadline=None)
@given(SEEDS, st.integers(5, 8))
def test_nothing_later_than_the_origin_changes_the_forecast(seed: int, quarters: int) -> None:
    frame = drawn(seed, quarters=quarters + 4)
    origin = FIRST + (quarters - 1) * QUARTER
    later = frame["as_of"] > origin
    other = frame.copy()
    other.loc[later, ["arr", *AHEAD]] *= 17.0
    other = other.drop(other.index[later][::3])
    told = [
        forecast(Panel.of(one), origin, seed=1, futures=FUTURES)
        for one in (frame, frame[~later], other)
    ]
    assert told[0] == told[1] == told[2]


def test_the_same_panel_and_seed_give_the_same_forecast_in_whatever_order() -> None:
    frame = drawn(3)
    mixed = frame.sample(frac=1, random_state=1)
    assert last(frame) == last(frame) == last(mixed)
    assert last(frame, seed=2) != last(frame, seed=1)


def test_shares_are_the_same_in_another_currency() -> None:
    frame = drawn(3)
    dearer = frame.assign(**{name: 100 * frame[name] for name in ("arr", *AHEAD)})
    one, other = last(frame), last(dearer)
    assert other.arr == pytest.approx(100 * one.arr)
    assert astuple(other.nrr) == pytest.approx(astuple(one.nrr), abs=1e-3)


def test_a_signed_ramp_is_contracted_and_no_expansion() -> None:
    frame = steady(accounts=200, quarters=12)
    now = frame["as_of"] == frame["as_of"].max()
    ramp = frame.copy()
    ramp.loc[now, list(AHEAD[2:])] = 1500.0
    without, with_ramp = last(frame, futures=200), last(ramp, futures=200)
    assert with_ramp.parts["contracted_up"].value == pytest.approx(0.5)
    assert with_ramp.parts["expansion"].value == pytest.approx(
        without.parts["expansion"].value, abs=0.02
    )
    assert with_ramp.nrr.value == pytest.approx(without.nrr.value + 0.5, abs=0.05)


@pytest.mark.parametrize("accounts", [60, 300])
@pytest.mark.parametrize("factor", [1.05, 1.5, 3.0])
@pytest.mark.parametrize("signed", [0, 1, 3], ids=["at once", "next quarter", "late"])
def test_a_ramp_signed_for_all_makes_nobody_leave(
    accounts: int, factor: float, signed: int
) -> None:
    frame = steady(accounts=accounts, quarters=9)
    now = frame["as_of"] == frame["as_of"].max()
    ramp = frame.copy()
    ramp.loc[now, list(AHEAD[signed:])] *= factor
    without, with_ramp = last(frame, futures=200), last(ramp, futures=200)
    # Who leaves takes the ramp along: up to ``factor`` times the ARR.
    lost = factor * without.parts["churn"].value
    assert with_ramp.parts["churn"].value == pytest.approx(lost, abs=0.01)
    assert with_ramp.grr.value == pytest.approx(without.grr.value, abs=0.01)


def test_a_trait_that_nobody_had_before_leaves_the_mean_as_it_is() -> None:
    """Of accounts that reach an age, or sign a ramp, for the first time, nothing is known."""
    years = [
        last(drawn(seed, accounts=200, signed=0.0, gone=0.04), seed, futures=100)
        for seed in range(8)
    ]
    churn = -np.mean([year.parts["churn"].value for year in years])
    assert churn == pytest.approx(1 - 0.96**4, abs=0.02)


def test_an_announced_end_is_contracted_and_no_churn() -> None:
    frame = steady(accounts=200, quarters=12)
    now = frame["as_of"] == frame["as_of"].max()
    ends = frame.copy()
    ends.loc[now & (ends["account_id"] < "a-00050"), list(AHEAD[1:])] = 0.0
    without, with_ends = last(frame, futures=200), last(ends, futures=200)
    assert with_ends.parts["contracted_down"].value == pytest.approx(-0.25)
    assert with_ends.parts["churn"].value == pytest.approx(without.parts["churn"].value, abs=0.02)


def test_who_begins_again_after_an_announced_pause_is_counted() -> None:
    frame = steady(accounts=100, quarters=12)
    now = frame["as_of"] == frame["as_of"].max()
    frame.loc[now, ["arr_in_91d", "arr_in_182d"]] = 0.0
    made = last(frame, futures=200)
    assert made.parts["contracted_down"].value == 0
    assert made.nrr.value == pytest.approx(1, abs=0.05)


def test_a_company_of_one_account_gets_a_wide_interval() -> None:
    made = last(steady(accounts=1, quarters=5), futures=400)
    assert made.accounts == 1
    assert made.nrr.low_95 == 0
    assert made.nrr.high_95 >= 1


def test_what_lies_too_far_back_is_forgotten() -> None:
    frame = drawn(4, quarters=MOST_QUARTERS + 8, gone=0.01)
    other = frame.copy()
    old = other["as_of"] < FIRST + 6 * QUARTER
    other.loc[old, ["arr", *AHEAD]] *= 1 + np.arange(old.sum())[:, None] % 7
    assert last(frame) == last(other)


def test_known_rates_are_found_and_common_quarters_widen_the_interval() -> None:
    rates = {"accounts": 1000, "quarters": 16, "signed": 0.0}
    alone, common = panel(5, **rates), panel(5, swing=0.5, **rates)
    made = forecast(alone, alone.dates[-1], seed=1, futures=200)
    # A quarter multiplies ARR by 1 - 0.04 - 0.05 * 0.3 + 0.1 * 0.4 on average.
    assert made.nrr.value == pytest.approx(0.985**4, abs=0.02)
    # The mean of min(1, product of four such steps).
    assert made.grr.value == pytest.approx(0.811, abs=0.02)
    moved = forecast(common, common.dates[-1], seed=1, futures=200)
    width, wider = (one.nrr.high_80 - one.nrr.low_80 for one in (made, moved))
    assert wider > 1.5 * width
    assert moved.shock["losses"] > made.shock["losses"] + 0.1


def test_the_past_year_and_who_was_won_in_it_are_shown() -> None:
    frame = steady(accounts=10, quarters=6)
    day = frame["as_of"].max()
    new = frame["account_id"] < "a-00004"
    frame.loc[new, "started_on"] = day - YEAR
    frame = frame[~new | (frame["as_of"] > day - YEAR)]
    grown = (frame["as_of"] == day) & (frame["account_id"] == "a-00009")
    frame.loc[grown, ["arr", *AHEAD]] = 1600.0
    made = last(frame)
    assert made.arr_won == 4000
    assert made.nrr_last_year == pytest.approx(6600 / 6000)
    assert made.grr_last_year == 1


def test_too_little_to_learn_from_is_refused_with_the_way_out() -> None:
    short = Panel.of(steady(accounts=3, quarters=4))
    with pytest.raises(DataError, match="3 full quarters of subscriptions lie before"):
        forecast(short, short.dates[-1], seed=1)
    with pytest.raises(DataError) as caught:
        forecast(short, date(2030, 1, 1), seed=1)
    assert "no account pays on 2030-01-01" in str(caught.value)
    told = steady(accounts=3, quarters=5).assign(arr_in_91d=0.0)
    with pytest.raises(DataError, match="term_ends_on"):
        last(told)


def test_dates_that_are_no_quarters_apart_are_refused() -> None:
    frame = steady(accounts=2, quarters=3)
    frame.loc[frame["as_of"] == frame["as_of"].max(), "as_of"] += timedelta(days=1)
    with pytest.raises(DataError, match="91 days"):
        Panel.of(frame)
    with pytest.raises(DataError, match="lacks arr, term_days"):
        Panel.of(frame.drop(columns=["arr", "term_days"]))


def test_a_quarter_without_customers_and_free_accounts_do_no_harm() -> None:
    frame = steady(accounts=20, quarters=10)
    days = sorted(frame["as_of"].unique())
    frame = frame[frame["as_of"] != days[1]]
    free = steady(accounts=25, quarters=10, arr=0.0)
    both = pd.concat([frame, free[free["account_id"] > "a-00019"]], ignore_index=True)
    assert last(both) == last(frame)
    assert last(frame).accounts == 20
    tried = backtest(Panel.of(frame), seed=1, futures=FUTURES)
    assert [one.forecast.origin for one in tried.trials] == [days[5]]


def test_the_backtest_forecasts_each_past_year_from_what_was_there() -> None:
    known = panel(7, accounts=200, quarters=12)
    tried = backtest(known, seed=1, futures=FUTURES)
    assert [one.forecast.origin for one in tried.trials] == known.dates[4:8]
    for one in tried.trials:
        origin = one.forecast.origin
        assert one.forecast == forecast(known, origin, seed=1, futures=FUTURES)
        today = known.at(origin).set_index("account_id")["arr"]
        then = known.at(origin + YEAR).set_index("account_id")["arr"].reindex(today.index)
        assert one.nrr == pytest.approx(then.sum() / today.sum())
        assert one.grr == pytest.approx(np.minimum(then.fillna(0), today).sum() / today.sum())
        before = known.realised(origin - YEAR)
        assert before is not None
        assert one.forecast.nrr_last_year == before.nrr[0]
    young = backtest(panel(7, quarters=8), seed=1).as_dict()
    assert (young["origins"], young["coverage"]["nrr"]["80"], young["error"]) == (0, None, None)


def test_coverage_counts_the_trials_whose_interval_held_what_came() -> None:
    one = backtest(panel(7, quarters=9), seed=1, futures=FUTURES).trials[0]
    nrr, made = one.forecast.nrr, one.forecast
    came = (nrr.low_80, nrr.high_80, nrr.low_80 - 1e-9, nrr.high_95, nrr.high_95 + 1e-9)
    tried = Backtest(tuple(replace(one, nrr=value) for value in came))
    assert (tried.coverage("nrr", 80), tried.coverage("nrr", 95)) == (0.4, 0.8)
    young = replace(one, forecast=replace(made, nrr_last_year=None))
    old = replace(one, forecast=replace(made, nrr_last_year=nrr.value + 0.3), nrr=nrr.value - 0.1)
    assert Backtest((old, young)).errors() == pytest.approx((0.1, 0.4))
    assert Backtest((young,)).errors() is None


def test_a_spread_is_the_mean_of_the_middle_and_the_ends() -> None:
    spread = Spread.of(np.arange(1001.0), np.arange(250, 751))
    assert spread == Spread(500, 100, 900, 25, 975)


def test_a_few_futures_without_measure_do_not_move_the_forecast() -> None:
    """One account once grew a hundredfold and is gone; some of today's may do so, or none."""
    frame = steady(accounts=100, quarters=12)
    lucky = frame["account_id"] < "a-00001"
    jumped = lucky & (frame["as_of"] >= FIRST + 4 * QUARTER)
    frame.loc[jumped, ["arr", *AHEAD]] *= 100.0
    frame = frame[~(lucky & (frame["as_of"] > FIRST + 5 * QUARTER))]
    made = last(frame, futures=400)
    assert made.nrr.high_95 > 1.5
    assert made.nrr.value < 1.3
    assert sum(part.value for part in made.parts.values()) == pytest.approx(made.nrr.value - 1)
