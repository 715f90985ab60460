from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from models.dataset.time_split import split
from models.training.boosting import Params
from models.training.classifier import TrainingSet
from models.training.tuning import SPACE, UNPRUNED_TRIALS, Tuning, tune
from tests.models.tables import MATURE_DAYS, feature_table

BAD = Params(learning_rate=0.1, leaves=31, rows_in_leaf=20, l2=0.1, max_trees=30, threads=1)
TRIALS = 12


@pytest.fixture(scope="module")
def training() -> TrainingSet:
    table = feature_table(accounts=120)
    parts = split(sorted(table.mature("upsell")["as_of"].unique()), MATURE_DAYS)
    return TrainingSet.of(table, "upsell", parts.final)


@pytest.fixture(scope="module")
def tuned(training: TrainingSet) -> Tuning:
    return tune(training, BAD, TRIALS)


def test_the_first_trial_is_the_usual_one_and_the_best_is_no_worse(tuned: Tuning) -> None:
    assert len(tuned.trials) == TRIALS
    usual = {name: asdict(BAD)[name] for name in SPACE}
    assert tuned.trials[0].params == pytest.approx(usual)
    known = [one.log_loss for one in tuned.trials if one.log_loss is not None]
    best = next(one for one in tuned.trials if one.log_loss == min(known))
    assert {name: asdict(tuned.params)[name] for name in SPACE} == best.params
    assert min(known) < known[0]


def test_a_trial_is_the_mean_of_its_folds_or_was_given_up(
    training: TrainingSet, tuned: Tuning
) -> None:
    folds = len(training.fitting.folds)
    for one in tuned.trials:
        if one.log_loss is None:
            assert 0 < len(one.folds) < folds
        else:
            assert one.log_loss == pytest.approx(np.mean(one.folds))
            assert len(one.folds) == folds
    assert all(one.log_loss is not None for one in tuned.trials[:UNPRUNED_TRIALS])
    assert any(one.log_loss is None for one in tuned.trials)


def test_what_is_not_tuned_stays(tuned: Tuning) -> None:
    kept = {name: value for name, value in asdict(BAD).items() if name not in SPACE}
    assert kept.items() <= asdict(tuned.params).items()


def test_the_same_seed_tries_the_same(training: TrainingSet, tuned: Tuning) -> None:
    assert tune(training, BAD, TRIALS) == tuned


def test_a_sample_holds_whole_accounts_and_can_be_fitted(training: TrainingSet) -> None:
    few = training.sampled(600, seed=1)
    assert 0.8 * 600 <= len(few.rows) <= 600
    counts = training.rows["account_id"].value_counts()
    assert (few.rows["account_id"].value_counts() == counts[few.rows["account_id"].unique()]).all()
    np.testing.assert_array_equal(few.boosting.label, few.label)
    assert few.fit(BAD).trees > 0
    assert training.sampled(10**9, seed=1) is training
