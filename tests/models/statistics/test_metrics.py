from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from models.statistics import metrics

PEERS = {
    "auc": roc_auc_score,
    "pr_auc": average_precision_score,
    "brier": brier_score_loss,
    "log_loss": log_loss,
}


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    score = np.round(random.random(400), 2)
    label = (random.random(400) < score).astype(float)
    return score, label, random.integers(0, 4, (5, 400)).astype(float)


@pytest.mark.parametrize("name", PEERS)
def test_agrees_with_scikit_learn_on_ties_and_weights(
    name: str, drawn: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    score, label, weight = drawn
    ours = metrics.METRICS[name](score, label, weight)
    theirs = [PEERS[name](label, score, sample_weight=row) for row in weight]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize("name", ["auc", "pr_auc", "lift_10"])
def test_one_class_only_says_nothing(name: str) -> None:
    score = np.array([0.1, 0.2, 0.3])
    assert np.isnan(metrics.METRICS[name](score, np.zeros(3), np.ones((1, 3)))[0])


def test_perfect_calibration_has_no_error_and_a_shifted_one_has_its_shift() -> None:
    score = np.repeat([0.2, 0.8], 500)
    label = np.r_[np.tile([1, 0, 0, 0, 0], 100), np.tile([1, 1, 1, 1, 0], 100)].astype(float)
    assert metrics.ece(score, label, np.ones((1, 1000)))[0] == pytest.approx(0, abs=1e-12)
    shifted = metrics.ece(score + 0.1, label, np.ones((1, 1000)))[0]
    assert shifted == pytest.approx(0.1)


def test_lift_of_the_best_order_is_the_most_there_can_be() -> None:
    label = np.r_[np.ones(10), np.zeros(90)]
    assert metrics.lift_10(label, label, np.ones((1, 100)))[0] == pytest.approx(10)


def test_reliability_covers_every_row_once() -> None:
    score = np.random.default_rng(0).random(123)
    assert sum(one["n"] for one in metrics.reliability(score, score.round())) == 123
