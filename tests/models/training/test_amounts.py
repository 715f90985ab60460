from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.dataset.time_split import split
from models.release.card import Amount
from models.release.golden_rows import amount_shares
from models.release.model_files import ModelFiles
from models.training.amounts import MODEL, TYPICAL, Amounts, fit_amounts, typical_share
from models.training.boosting import Params
from models.training.classifier import TrainingSet
from tests.models.tables import MATURE_DAYS, feature_table
from tests.support.cards import card

QUICK = Params(max_trees=200, patience=20, threads=1)
AMOUNT = "upsell_arr_next_91d"


def table(*, by_segment: bool) -> FeatureTable:
    """Return a table where an enterprise grows by 60 % and others by 10 %, or all by about 25 %."""
    plain = feature_table(accounts=400)
    frame = plain.frame.copy()
    large = frame["segment"] == "enterprise"
    share = np.where(large, 0.6, 0.1) if by_segment else 0.25
    noise = np.random.default_rng(6).lognormal(0, 0.3, len(frame))
    frame[AMOUNT] = frame["upsell_next_91d"] * frame["arr"] * share * noise
    return replace(plain, frame=frame)


def newest_test(source: FeatureTable) -> tuple[date, ...]:
    return split(sorted(source.mature("upsell")["as_of"].unique()), MATURE_DAYS).origins[-1].test


def fitted(source: FeatureTable) -> tuple[TrainingSet, Amounts]:
    parts = split(sorted(source.mature("upsell")["as_of"].unique()), MATURE_DAYS)
    training = TrainingSet.of(source, "upsell", parts.origins[-1].fitting)
    return training, fit_amounts(source, "upsell", training, QUICK)


def files(training: TrainingSet, amounts: Amounts) -> ModelFiles:
    described = replace(card(), amount=amounts.method)
    return ModelFiles("", {}, training.features, described, {"rows": []}, amounts.text)


def test_a_share_that_differs_by_kind_of_account_is_learned_and_adds_up() -> None:
    source = table(by_segment=True)
    training, amounts = fitted(source)
    assert amounts.method.method == MODEL
    test = source.at("upsell", newest_test(source))
    test = test[test["upsell_next_91d"] == 1]
    given = amount_shares(files(training, amounts), matrix(test, training.features))
    large = (test["segment"] == "enterprise").to_numpy()
    assert given[large].mean() == pytest.approx(0.6, rel=0.25)
    assert given[~large].mean() == pytest.approx(0.1, rel=0.5)
    happened = test[AMOUNT].sum()
    assert (given * test["arr"]).sum() == pytest.approx(happened, rel=0.2)
    plain = np.abs(amounts.method.share * test["arr"] - test[AMOUNT]).sum()
    assert np.abs(given * test["arr"] - test[AMOUNT]).sum() < 0.8 * plain


def test_where_nothing_tells_the_share_the_typical_one_is_kept() -> None:
    source = table(by_segment=False)
    training, amounts = fitted(source)
    assert amounts.method.method == TYPICAL
    assert amounts.text == ""
    rows = source.at("upsell", training.fitting.train)
    assert amounts.method.share == pytest.approx(typical_share(source, "upsell", rows))
    sizes = np.zeros((3, 6))
    sizes[:, 5] = [1_000.0, 8_000.0, 60_000.0]
    given = amount_shares(files(training, amounts), sizes)
    # What is true of every size is 0.25 times the mean of the noise.
    np.testing.assert_allclose(given, 0.25 * np.exp(0.3**2 / 2), rtol=0.1)


def by_size(accounts: int, **changes: Any) -> FeatureTable:
    """Return a table where an account of four times the ARR grows by half the share."""
    plain = feature_table(accounts=accounts)
    frame = plain.frame.copy()
    share = 0.25 * (frame["arr"] / frame["arr"].median()) ** -0.5
    noise = np.random.default_rng(6).lognormal(0, 0.3, len(frame))
    frame[AMOUNT] = frame["upsell_next_91d"] * frame["arr"] * share * noise
    labels = {**plain.labels, "upsell": replace(plain.labels["upsell"], **changes)}
    return replace(plain, frame=frame, labels=labels)


def test_amounts_add_up_at_small_and_at_large_accounts() -> None:
    source = by_size(400)
    training, amounts = fitted(source)
    test = source.at("upsell", newest_test(source))
    test = test[test["upsell_next_91d"] == 1]
    expected = amount_shares(files(training, amounts), matrix(test, training.features))
    frame = test.assign(expected=expected * test["arr"], plain=amounts.method.share * test["arr"])
    thirds = frame.groupby(pd.qcut(frame["arr"], 3, labels=False))[["expected", "plain", AMOUNT]]
    sums = thirds.sum()
    ratio, plain = (sums[name] / sums[AMOUNT] for name in ("expected", "plain"))
    assert ratio.between(0.85, 1.15).all()
    assert plain.iloc[0] < 0.7
    assert plain.iloc[2] > 1.2


def test_what_is_said_of_amounts_is_measured_on_dates_that_chose_nothing() -> None:
    source = by_size(400)
    training, amounts = fitted(source)
    newest = training.fitting.newest
    valid = source.frame["as_of"].isin(newest.valid)
    other = source.frame.assign(
        **{AMOUNT: np.where(valid, 2 * source.frame[AMOUNT], source.frame[AMOUNT])}
    )
    _, doubled = fitted(replace(source, frame=other))
    figures, twice = amounts.method.calibration, doubled.method.calibration
    assert figures is not None
    assert twice is not None
    assert list(figures) == ["all", "small", "middle", "large"]
    for name, (value, low, high) in figures.items():
        assert low < value < high
        assert 0.85 < value < 1.15
        assert twice[name][0] == pytest.approx(value / 2)


def test_of_few_outcomes_the_share_stays_near_one_for_all() -> None:
    def slope(accounts: int) -> float:
        training, amounts = fitted(by_size(accounts))
        sizes = np.zeros((2, 6))
        sizes[:, 5] = [4_000.0, 16_000.0]
        small, large = amount_shares(files(training, amounts), sizes)
        return float(np.log(large / small) / np.log(4))

    few, many = slope(6), slope(400)
    # The highest shares are taken down, which are those of small accounts: a bit less than -0.5.
    assert -0.5 < many < -0.35
    assert 0.7 * many < few < 0


def test_of_hardly_any_outcomes_one_share_is_for_all() -> None:
    source = feature_table(accounts=60)
    rare = source.frame["account_id"].isin(["a-0001", "a-0002", "a-0003"])
    frame = source.frame.assign(upsell_next_91d=source.frame["upsell_next_91d"].where(rare, 0.0))
    _, amounts = fitted(replace(source, frame=frame))
    assert amounts.method == Amount(TYPICAL, amounts.method.share)


def test_no_more_than_all_is_lost() -> None:
    source = by_size(200, direction="-")
    training, amounts = fitted(source)
    tiny = np.zeros((2, 6))
    tiny[:, 5] = [1.0, np.nan]
    given = amount_shares(files(training, amounts), tiny)
    assert given.max() <= 1.0
    assert given.min() > 0


def test_a_version_from_before_shares_went_by_size_gives_what_it_gave() -> None:
    source = by_size(200)
    training, amounts = fitted(source)
    old = replace(files(training, amounts), card=replace(card(), amount=Amount(TYPICAL, 0.3)))
    sizes = np.full((2, 6), 5_000.0)
    np.testing.assert_array_equal(amount_shares(old, sizes), [0.3, 0.3])


def test_the_same_table_gives_the_same_model() -> None:
    source = table(by_segment=True)
    assert fitted(source)[1] == fitted(source)[1]
