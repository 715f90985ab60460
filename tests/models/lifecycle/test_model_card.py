from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.dataset.time_split import Fitting, Origin, Split
from models.evaluation.levels import levels
from models.evaluation.lift import reached
from models.evaluation.report import Review
from models.evaluation.rolling_origin import OutOfTime
from models.evaluation.skill import RivalScore, evaluate
from models.evaluation.slices import slices
from models.inference.encoding import FeatureSpec, Merged
from models.lifecycle import model_card
from models.lifecycle.model_card_plots import pictures
from models.release.card import (
    Amount,
    Card,
    HeldOutAccounts,
    Importance,
    TrainingRows,
    WalkForwardFold,
)
from models.release.model_files import as_json
from models.statistics.interval import Interval
from models.training.boosting import Params
from models.training.classifier import FittedModel

DAY = date(2026, 1, 5)
FITTING = Fitting((), (DAY,))
FITTED = FittedModel("upsell", "", (), 20, FITTING)


def judged(label: np.ndarray) -> Review:
    """Review a rising score on one row an account, beside a rule that says the same."""
    score = np.linspace(0.1, 0.9, len(label))
    names = [f"a-{number}" for number in range(len(label))]
    rows = pd.DataFrame({"account_id": names, "as_of": DAY, "segment": "smb"})
    rivals = {"rule": RivalScore("rule", score)}
    evaluation = evaluate(rows, label, score, rivals, horizon_days=91, seed=1)
    return Review(
        judged=OutOfTime(rows, label, np.log(score / (1 - score)), np.zeros(len(rows)), FITTED),
        evaluation=evaluation,
        reached=reached(
            rows,
            label,
            score,
            seed=1,
            amount=100 * label,
            worth=score,
            capacity=8,
            rivals={"ARR": -score},
        ),
        slices=slices(rows, label, score, seed=1),
        levels=levels(rows, label, score, seed=1),
        walk=(WalkForwardFold(DAY, DAY, 40, 10, evaluation.figures["auc"]),),
        held_out=HeldOutAccounts(evaluation.figures["auc"], Interval(np.nan, np.nan, np.nan), 0),
        importance=Importance((), ()),
    )


def carded(review: Review, features: tuple[FeatureSpec, ...] = ()) -> Card:
    fitted = replace(FITTED, features=features)
    amount = Amount("typical", 0.2, nearer=(0.02, -0.01, 0.05))
    trained = TrainingRows(
        rows=100, positives=10, first=DAY, last=DAY, data_fingerprint="f" * 64, question=None
    )
    dates = Split((Origin(FITTING, (DAY,)),), FITTING)
    return model_card.card(
        review, fitted, Params(), dates, amount=amount, trained=trained, lag_days=126
    )


def test_a_card_is_json_and_tells_its_figures() -> None:
    made = carded(judged((np.arange(40) % 3 > 0).astype(float)))
    as_json(made.to_json())
    told = model_card.markdown(made)
    assert f"| rule | {made.baselines['rule'].auc.value:.3f} [" in told
    assert "worth 20 % of the account's ARR" in told
    assert "The typical share by size of account is used" in told
    assert "its error is 2 % of the ARR [-1, 5] smaller than with one share for all" in told
    first = made.reached[1]
    assert first.rivals is not None
    assert first.arr is not None
    of_model, of_arr = (round(100 * share.value) for share in (first.arr, first.rivals[0].arr))
    assert f"| first 10 % | ARR | {of_model} % | {of_arr} % | {first.rivals[0].lead} |" in told
    assert "| segment | smb | 40 | 26 |" in told
    assert "few: do not lean on it" in told
    assert "On accounts that the fit never saw (0 of them, a second fit): AUC not known" in told
    assert made.to_json()["calibration"] == {"method": "none"}
    assert "lies 126 days before the newest data" in told
    assert made.recipe is not None
    assert made.recipe["leaves"] == Params().leaves
    assert "threads" not in made.recipe
    flat = model_card.flat_metrics(made)
    assert flat["auc_low"] <= flat["auc"] <= flat["auc_high"]
    assert flat["test_rows"] == 40


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_class_only_is_told_as_not_known(outcome: float) -> None:
    made = carded(judged(np.full(40, outcome)))
    as_json(made.to_json())
    assert "auc" not in model_card.flat_metrics(made)
    assert "| this model | not known |" in model_card.markdown(made)
    assert all(picture.startswith(b"\x89PNG") for picture in pictures(made).values())


def test_what_the_team_reaches_at_its_capacity_is_a_metric_of_the_run() -> None:
    made = carded(judged((np.arange(40) >= 30).astype(float)))
    told = model_card.at_capacity(made)
    assert told is not None
    assert told.outcomes.value == pytest.approx(0.8)
    figures = model_card.flat_metrics(made)
    assert figures["capacity_outcomes"] == pytest.approx(0.8)
    assert figures["capacity_lift"] == pytest.approx(4)
    assert figures["first_5_percent_outcomes"] == pytest.approx(0.2)
    assert "| capacity of 8 | 8 | 0.800 [" in model_card.markdown(made)


def test_what_was_merged_into_one_category_is_told_with_accounts() -> None:
    def category(name: str, merged: Merged | None) -> FeatureSpec:
        return FeatureSpec(
            name, "g", name, "category", name, None, None, (None, None), ("a",), "a", merged=merged
        )

    industry = category("industry", Merged({"mining": 12, "farming": 9}, levels=5, accounts=30))
    plan = category("plan", Merged({"pilot": 4}, levels=1, accounts=4))
    label = np.arange(60) % 5 == 0
    card = carded(judged(label.astype(float)), (industry, plan, category("region", None)))
    assert (
        "Merged into one category: industry: mining (12), farming (9) and 3 more; 30 accounts in "
        "all; plan: pilot (4); 4 accounts in all."
    ) in model_card.markdown(card)
    assert Card.from_json(card.to_json()).merged == card.merged
    without = carded(judged(label.astype(float)))
    assert "merged" not in without.to_json()
    assert "Merged into" not in model_card.markdown(without)


def test_a_model_whose_probabilities_are_off_ranks_only_and_says_so() -> None:
    made = carded(judged((np.arange(400) % 10 == 0).astype(float)))
    assert made.ranks_only
    assert "; off, all accounts: 200 expected, 40 came, ratio 5.0" in made.why
    told = model_card.markdown(made)
    assert "| all accounts | 200 | 40 | 5.000 [" in told
    assert told.count("it ranks accounts, and no more.") == 1
    chances = np.random.default_rng(3).random(400)
    honest = carded(judged((chances < np.linspace(0.1, 0.9, 400)).astype(float)))
    assert not honest.ranks_only
