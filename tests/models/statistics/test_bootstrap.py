from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from models.evaluation.skill import NO_SKILL, SKILL, UNPROVEN, Evaluation, RivalScore, evaluate
from models.statistics import metrics
from models.statistics.bootstrap import Draws

ACCOUNTS = 300


def judged(
    strength: float, rivals: Mapping[str, float], *, seed: int = 0, rate: float = 0.3
) -> Evaluation:
    """Evaluate a model whose score says ``strength`` of the outcome, beside such rivals."""
    random = np.random.default_rng(seed)
    label = (random.random(2 * ACCOUNTS) < rate).astype(float)
    rows = pd.DataFrame({"account_id": np.arange(2 * ACCOUNTS) // 2, "as_of": date(2026, 1, 5)})

    def score(part: float) -> np.ndarray:
        return 1 / (1 + np.exp(-(part * label + random.normal(size=len(label)))))

    others = {name: RivalScore(name, score(part)) for name, part in rivals.items()}
    return evaluate(rows, label, score(strength), others, horizon_days=91, seed=seed)


def test_clear_of_chance_and_of_rules_is_skill() -> None:
    found = judged(2, {"rule": 0.3, "logistic": 0.5})
    assert found.verdict == SKILL
    assert found.why.endswith("is above chance and simple rules")


def test_a_linear_model_may_be_as_good_but_not_better() -> None:
    equal, better = judged(1.5, {"logistic": 1.5}), judged(1, {"logistic": 3})
    assert equal.verdict == SKILL
    assert equal.why.endswith("not clearly above logistic")
    assert better.verdict == NO_SKILL


def test_too_few_events_tell_nothing_however_good_the_order() -> None:
    found = judged(9, {}, rate=0.03)
    assert found.verdict == UNPROVEN
    assert found.why.endswith(" events in the test, 25 are needed to tell")


def test_every_interval_holds_its_figure() -> None:
    found = judged(1.5, {"rule": 0.5})
    assert set(found.figures) == set(metrics.METRICS)
    rule = found.rivals["rule"]
    intervals = [*found.figures.values(), rule.auc, rule.lead]
    for name, one in zip([*found.figures, "rule", "lead"], intervals, strict=True):
        assert one.low <= one.value <= one.high, name


def test_the_same_seed_draws_the_same_intervals_and_another_does_not() -> None:
    ids, random = pd.Series(np.arange(100)), np.random.default_rng(1)
    score, label = random.random(100), (random.random(100) < 0.5).astype(float)
    one, same, other = (Draws(ids, s).interval(metrics.auc, score, label) for s in (1, 1, 2))
    assert one == same
    assert one != other


def test_an_account_is_drawn_with_all_its_rows() -> None:
    ids = pd.Series(["b", "a", "b", "c", "a"])
    weights = Draws(ids, seed=1, resamples=50)._weights(slice(None))
    assert weights.shape == (50, 5)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 2])
    np.testing.assert_array_equal(weights[:, 1], weights[:, 4])
    np.testing.assert_array_equal(weights[:, [0, 1, 3]].sum(1), 3)


def test_the_lead_over_a_near_twin_is_known_better_than_either_figure() -> None:
    ids, random = pd.Series(np.arange(400)), np.random.default_rng(2)
    label = (random.random(400) < 0.4).astype(float)
    score = label + random.normal(size=400)
    draws = Draws(ids, seed=1)
    alike = draws.difference(score, score + 0.1 * random.normal(size=400), label)
    alone = draws.interval(metrics.auc, score, label)
    assert alike.high - alike.low < (alone.high - alone.low) / 2
