from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.evaluation import skill
from models.release.card import HeldOutAccounts
from models.statistics import metrics
from models.statistics.bootstrap import Draws
from models.statistics.interval import Interval

ACCOUNTS = 300
DAY = date(2026, 1, 5)


def judged(
    strength: float,
    seed: int,
    rival: np.ndarray | None = None,
    accounts: int = ACCOUNTS,
    held_out: HeldOutAccounts | None = None,
) -> skill.Evaluation:
    """Judge a model whose log-odds are right but for a factor; 0 is noise."""
    random = np.random.default_rng(seed)
    signal, noise = random.normal(size=(2, accounts))
    label = (random.random(accounts) < 1 / (1 + np.exp(1 - signal))).astype(float)
    score = 1 / (1 + np.exp(-(strength * signal + noise)))
    rows = pd.DataFrame({"account_id": np.arange(accounts), "as_of": DAY})
    rivals = {} if rival is None else {"rule": skill.RivalScore("the rule", rival)}
    return skill.evaluate(rows, label, score, rivals, horizon_days=91, seed=seed, held_out=held_out)


def test_of_many_models_of_noise_none_has_skill() -> None:
    found = [judged(0.0, seed) for seed in range(60)]
    # A 95 % interval alone would have let some of them pass: that is why the bar is higher.
    assert any(one.figures["auc"].low > 0.5 for one in found)
    assert {one.verdict for one in found} <= {skill.NO_SKILL, skill.UNPROVEN}


def test_a_real_signal_has_skill_every_time() -> None:
    assert {judged(2.0, seed).verdict for seed in range(20)} == {skill.SKILL}


def test_noise_on_many_events_has_no_skill_and_on_few_nobody_can_tell() -> None:
    assert {judged(0.0, seed, accounts=4000).verdict for seed in range(5)} == {skill.NO_SKILL}
    few = judged(0.6, 3, accounts=120)
    assert few.verdict == skill.UNPROVEN
    assert re.search(r"; \d+ events, about \d+ would tell if it stays so$", few.why)


def test_a_model_that_a_plain_rule_equals_is_not_proven() -> None:
    random = np.random.default_rng(5)
    signal = random.normal(size=(2, ACCOUNTS))[0]
    found = judged(1.0, 5, rival=signal)
    assert found.verdict in (skill.UNPROVEN, skill.NO_SKILL)
    assert "the rule" in found.why
    assert judged(1.0, 5, rival=-signal).verdict == skill.SKILL


def test_an_event_that_several_dates_saw_coming_is_one() -> None:
    """A loss of May is seen in March, April and May; another a year later is another.

    account  as_of             outcome
    A        Mar Apr May       1 1 1
    A        next March        1
    B        Mar Apr           0 1
    """
    days = [date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1), date(2027, 3, 1)]
    rows = pd.DataFrame({"account_id": list("AAAABB"), "as_of": [*days, *days[:2]]})
    label = np.array([1, 1, 1, 1, 0, 1.0])
    assert skill.events(rows, label, 91) == 3
    shuffled = [3, 5, 0, 2, 1, 4]
    assert skill.events(rows.iloc[shuffled].reset_index(drop=True), label[shuffled], 91) == 3


@pytest.mark.parametrize(
    ("new", "verdict", "words"),
    [
        ((0.48, 0.40, 0.56), skill.NOT_FOR_NEW, "; none is shown for new accounts: AUC 0.480"),
        ((0.65, 0.60, 0.70), skill.SKILL, "; less for new accounts: AUC 0.650"),
        ((0.80, 0.75, 0.85), skill.SKILL, ""),
        ((0.70, 0.45, 0.90), skill.SKILL, ""),
    ],
    ids=["none", "less", "as much", "too few to tell"],
)
def test_skill_on_accounts_that_were_never_seen_is_part_of_the_verdict(
    new: tuple[float, float, float], verdict: str, words: str
) -> None:
    held_out = HeldOutAccounts(Interval(0.83, 0.80, 0.86), Interval(*new), accounts=60)
    found = judged(2.0, 1, held_out=held_out)
    assert found.verdict == verdict
    assert words in found.why
    assert ("new accounts" in found.why) == bool(words)


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
    rows = pd.DataFrame({"account_id": np.arange(60), "as_of": DAY})
    score = np.linspace(0.1, 0.9, 60)
    for label in (np.zeros(60), np.ones(60)):
        found = skill.evaluate(rows, label, score, {}, horizon_days=91, seed=1)
        assert found.verdict == skill.UNPROVEN
        assert np.isnan(found.figures["auc"].value)
