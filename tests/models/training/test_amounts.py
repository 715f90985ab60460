from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.dataset.time_split import split
from models.release.golden_rows import amount_shares
from models.release.model_files import ModelFiles
from models.training.amounts import MODEL, TYPICAL, Amounts, fit_amounts, typical_share
from models.training.boosting import Params
from models.training.classifier import TrainingSet
from tests.models.tables import MATURE_DAYS, feature_table
from tests.support.cards import card

QUICK = Params(max_trees=120, patience=20, threads=1)
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
    given = amount_shares(files(training, amounts), np.zeros((3, 6)))
    np.testing.assert_allclose(given, amounts.method.share)


def test_few_outcomes_are_not_learned_from() -> None:
    _, amounts = fitted(feature_table(accounts=60))
    assert (amounts.method.nearer, amounts.method.cap, amounts.method.factor) == (None, None, None)


def test_the_same_table_gives_the_same_model() -> None:
    source = table(by_segment=True)
    assert fitted(source)[1] == fitted(source)[1]
