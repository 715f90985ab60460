from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.evaluation import skill
from models.statistics import metrics
from models.statistics.bootstrap import Draws
from models.training.baselines import Rival

ACCOUNTS = 300


def judged(
    strength: float, seed: int, rival: np.ndarray | None = None, accounts: int = ACCOUNTS
) -> skill.Evaluation:
    """Judge a model whose log-odds are right but for a factor; 0 is noise."""
    random = np.random.default_rng(seed)
    signal, noise = random.normal(size=(2, accounts))
    label = (random.random(accounts) < 1 / (1 + np.exp(1 - signal))).astype(float)
    score = 1 / (1 + np.exp(-(strength * signal + noise)))
    rows = pd.DataFrame({"account_id": np.arange(accounts)})
    rivals = {} if rival is None else {"rule": Rival("the rule", lambda _rows: rival)}
    return skill.evaluate(rows, label, score, rivals, min_positives=50, seed=seed)


def test_of_many_models_of_noise_none_has_skill() -> None:
    found = [judged(0.0, seed) for seed in range(60)]
    # A 95 % interval alone would have let some of them pass: that is why the bar is higher.
    assert any(one.figures["auc"].low > 0.5 for one in found)
    assert {one.verdict for one in found} == {skill.NO_SKILL}


def test_a_real_signal_has_skill_every_time() -> None:
    assert {judged(2.0, seed).verdict for seed in range(20)} == {skill.SKILL}


def test_a_model_that_a_plain_rule_equals_is_not_needed() -> None:
    random = np.random.default_rng(5)
    signal = random.normal(size=(2, ACCOUNTS))[0]
    found = judged(1.0, 5, rival=signal)
    assert found.verdict == skill.NO_SKILL
    assert "the rule" in found.why
    assert judged(1.0, 5, rival=-signal).verdict == skill.SKILL


def test_the_lead_over_a_rival_is_that_of_the_same_resamples() -> None:
    random = np.random.default_rng(0)
    label = (random.random(200) < 0.3).astype(float)
    one, two = random.random((2, 200)) + label
    draws = Draws(pd.Series(np.arange(200)), 1)
    lead = draws.difference(one, two, label)
    apart = [draws.interval(metrics.auc, score, label) for score in (one, two)]
    assert lead.value == pytest.approx(apart[0].value - apart[1].value)
    same = draws.difference(one, one, label)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_outcomes_of_one_kind_give_no_figures_and_no_verdict_of_skill() -> None:
    rows = pd.DataFrame({"account_id": np.arange(60)})
    score = np.linspace(0.1, 0.9, 60)
    for label in (np.zeros(60), np.ones(60)):
        found = skill.evaluate(rows, label, score, {}, min_positives=1, seed=1)
        assert found.verdict == skill.NO_SKILL
        assert np.isnan(found.figures["auc"].value)
