from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from features.labels.targets import TARGETS
from models.dataset.feature_table import FeatureTable
from models.dataset.time_split import split
from models.evaluation.report import HELD_OUT, Review, review
from models.training.boosting import Params
from models.training.classifier import FittedModel, TrainingSet, fit_final
from tests.models.tables import MATURE_DAYS, feature_table

QUICK = Params(max_trees=80, patience=20, threads=1)


def reviewed(table: FeatureTable) -> tuple[FittedModel, Review]:
    parts = split(sorted(table.mature("upsell")["as_of"].unique()), MATURE_DAYS)
    training = TrainingSet.of(table, "upsell", parts)
    fitted = fit_final(training, QUICK, MATURE_DAYS)
    rule = TARGETS["upsell"].rule
    return fitted, review(table, training, fitted, QUICK, min_positives=50, capacity=30, rule=rule)


def known_by_heart() -> FeatureTable:
    """Return a table where an account's number says what it does, and what no other does."""
    table = feature_table()
    names = table.frame["account_id"].unique()
    random = np.random.default_rng(4)
    number = dict(zip(names, random.permutation(len(names)).astype(float), strict=True))
    always = dict(zip(names, (random.random(len(names)) < 0.3).astype(float), strict=True))
    ids, known = table.frame["account_id"], table.frame["upsell_next_91d"].notna()
    own = ids.map(number)
    label = ids.map(always).where(known)
    frame = table.frame.assign(use_28d=own, use_91d=own, arr=own, upsell_next_91d=label)
    return dataclasses.replace(table, frame=frame)


@pytest.fixture(scope="module")
def found() -> tuple[FittedModel, Review]:
    return reviewed(feature_table())


def test_the_walk_goes_through_the_folds_and_ends_with_the_test(
    found: tuple[FittedModel, Review],
) -> None:
    fitted, one = found
    parts = fitted.split
    days = [(fold.valid[0], fold.valid[-1]) for fold in parts.folds]
    assert [(s.first, s.last) for s in one.walk] == [
        *days,
        (parts.test[0], parts.test[-1]),
    ]
    assert one.walk[-1].auc.value == pytest.approx(one.evaluation.figures["auc"].value)
    assert all(stretch.auc.low > 0.6 for stretch in one.walk)


def test_accounts_that_were_held_out_are_ordered_as_well_where_the_signal_is_general(
    found: tuple[FittedModel, Review],
) -> None:
    held = found[1].held_out
    assert held.accounts == pytest.approx(240 / HELD_OUT, abs=15)
    assert held.held_out.low > 0.6


def test_the_first_accounts_hold_more_than_their_share(found: tuple[FittedModel, Review]) -> None:
    at = {one.at: one for one in found[1].reached}
    assert at["first 10 %"].lift.low > 1.5
    assert at["capacity of 30"].accounts == 30
    shares = [at[f"first {n} %"].outcomes.value for n in (5, 10, 20)]
    assert shares == sorted(shares)


def test_every_rival_is_shown_and_those_that_give_probabilities_with_their_brier(
    found: tuple[FittedModel, Review],
) -> None:
    rivals = found[1].evaluation.rivals
    assert set(rivals) == {"base_rate", "best_column", "logistic", "rule"}
    assert rivals["base_rate"].auc.value == 0.5
    ours = found[1].evaluation.figures["brier"]
    assert rivals["base_rate"].brier is not None
    assert ours.high < rivals["base_rate"].brier.value
    assert rivals["rule"].brier is None


def test_a_model_that_knows_accounts_by_heart_is_worse_on_others() -> None:
    held = reviewed(known_by_heart())[1].held_out
    assert held.fitted_on.low > held.held_out.value
