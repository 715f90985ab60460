"""The gate lets a better challenger pass, and no other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix, specify
from models.dataset.time_split import split
from models.lifecycle.comparison import Check
from models.lifecycle.gate import judge
from models.release.card import Level, Question
from models.release.model_files import ModelFiles
from models.statistics.interval import Interval
from models.training.boosting import Params
from models.training.classifier import fit
from tests.models.tables import MATURE_DAYS, feature, feature_table
from tests.support.cards import card

TARGET, COLUMN = "upsell", "upsell_next_91d"
TRAINED_DATES = 12
WEAK = ("silent", "use_91d")


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return feature_table(accounts=400)


def version(
    table: FeatureTable,
    *,
    inputs: Sequence[str] | None = None,
    seed: int = 1,
    shuffled: bool = False,
    **changes: Any,
) -> ModelFiles:
    """Return a version that was trained on the first dates of the table."""
    days = sorted(table.frame["as_of"].unique())[:TRAINED_DATES]
    rows = table.at(TARGET, days)
    features = tuple(f for f in specify(table, rows) if inputs is None or f.name in inputs)
    label = rows[COLUMN].to_numpy(float)
    if shuffled:
        label = np.random.default_rng(seed).permutation(label)
    settings = {
        "objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 5, "seed": seed,
        "learning_rate": 0.1, "bagging_fraction": 0.7, "bagging_freq": 1, "feature_fraction": 0.7,
    }  # fmt: skip
    text = lgb.train(settings, lgb.Dataset(matrix(rows, features), label), 40).model_to_string()
    trained = replace(card().trained, last=days[-1])
    described = replace(card(), **{"trained": trained, **changes})
    return ModelFiles(text, {"method": "none"}, features, described, {"rows": [], "expected": []})


def gate(
    table: FeatureTable,
    challenger: ModelFiles,
    champion: ModelFiles | None = None,
    fewest: int = 50,
) -> dict[str, Check]:
    checks = judge(table, TARGET, challenger, champion, fewest=fewest, threads=1)
    return {one.name: one for one in checks}


def refused(found: dict[str, Check]) -> set[str]:
    return {name for name, one in found.items() if not one.passes}


def changed(table: FeatureTable, frame: pd.DataFrame, *more: dict[str, Any]) -> FeatureTable:
    return replace(table, frame=frame, features=(*table.features, *more))


def leaking(table: FeatureTable, wrong: float, newest: float) -> FeatureTable:
    """Return the table with a column that tells the outcome, in the past alone."""
    frame = table.frame.copy()
    random = np.random.default_rng(3)
    flipped = random.random(len(frame)) < wrong
    frame["invoiced"] = np.where(flipped, 1 - frame[COLUMN], frame[COLUMN])
    unknown = frame[COLUMN].isna()
    frame.loc[unknown, "invoiced"] = (random.random(unknown.sum()) < newest).astype(float)
    return changed(table, frame, feature("invoiced", "flag"))


def test_a_better_challenger_passes(table: FeatureTable) -> None:
    found = gate(table, version(table), version(table, inputs=WEAK))
    assert refused(found) == set()
    assert list(found) == [
        "skill", "expected", "question", "inputs", "unseen rows", "learned", "leak", "better",
        "calibration", "base rate", "slices", "score shift", "agreement",
    ]  # fmt: skip
    assert found["unseen rows"].why.startswith("1,600 rows of 4 dates with ")
    assert found["better"].challenger.startswith("AUC 0.8")


@pytest.mark.parametrize("seed", range(2, 8))
def test_an_equal_one_does_not_and_is_told_what_to_do(table: FeatureTable, seed: int) -> None:
    found = gate(table, version(table, seed=seed), version(table))
    assert refused(found) == {"better"}
    assert found["better"].why.startswith("as good as the champion within chance (lead in AUC ")
    assert found["better"].why.endswith("keep it, or wait for a better one")


def test_a_worse_one_does_not(table: FeatureTable) -> None:
    found = gate(table, version(table, inputs=WEAK), version(table))
    assert "better" in refused(found)
    assert found["better"].why.startswith("clearly behind in AUC and log loss")


def test_one_trained_on_shuffled_labels_does_not_even_if_its_card_is_forged(
    table: FeatureTable,
) -> None:
    found = gate(table, version(table, shuffled=True), version(table, inputs=WEAK))
    assert "better" in refused(found)


def test_the_same_model_is_called_so(table: FeatureTable) -> None:
    found = gate(table, version(table), version(table, why="another card"))
    assert refused(found) == {"another model"}
    assert found["another model"].challenger == "the same model"


def test_one_without_skill_does_not(table: FeatureTable) -> None:
    found = gate(
        table, version(table, verdict="no skill, use the rule", skill=False, why="by chance")
    )
    assert refused(found) == {"skill"}
    assert found["skill"].why == "no skill, use the rule: by chance"


def test_a_first_version_needs_no_rival(table: FeatureTable) -> None:
    found = gate(table, version(table, inputs=WEAK))
    assert list(found) == [
        "skill", "expected", "question", "inputs", "unseen rows", "learned", "leak",
    ]  # fmt: skip
    assert refused(found) == set()


@pytest.mark.parametrize("has_champion", [True, False])
def test_a_column_that_tells_the_outcome_is_named(table: FeatureTable, has_champion: bool) -> None:
    told = leaking(table, wrong=0.0, newest=0.5)
    champion = version(table) if has_champion else None
    found = gate(told, version(told), champion)
    assert "leak" in refused(found)
    assert found["leak"].why == (
        "invoiced alone orders the outcomes with an AUC of 1.00: it is written with them. What to "
        "do: leave out what is written with or after the outcome ([features] leave_out = "
        '["invoiced"]); what was known before it, accept by name: [train] trusted = ["invoiced"]'
    )
    accepted = judge(told, TARGET, version(told), champion, fewest=50, trusted=("invoiced",))
    assert next(check for check in accepted if check.name == "leak").passes


def test_a_column_that_nearly_tells_it_and_is_silent_now_is_named(table: FeatureTable) -> None:
    told = leaking(table, wrong=0.1, newest=0.0)
    found = gate(told, version(told), version(table))
    assert {"leak", "score shift"} <= refused(found)
    assert "is the same for every account to be scored" in found["leak"].why
    assert found["better"].passes


def test_a_noisy_leak_is_seen_by_the_scores_it_moves(table: FeatureTable) -> None:
    told = leaking(table, wrong=0.15, newest=0.01)
    found = gate(told, version(told), version(table))
    assert refused(found) == {"leak", "score shift"}
    assert "where the outcome is open it looks as if there were" in found["leak"].why


def test_a_leak_that_looks_as_in_the_past_is_seen_by_the_order_it_loses(
    table: FeatureTable,
) -> None:
    told = leaking(table, wrong=0.05, newest=float(table.frame[COLUMN].mean()))
    found = gate(told, version(told), version(table))
    assert "agreement" in refused(found)


def test_inputs_that_changed_or_went_are_named_with_the_way_out(table: FeatureTable) -> None:
    features = [one for one in table.features if one["name"] != "silent"]
    features = [one | {"unit": "count"} if one["name"] == "use_28d" else one for one in features]
    found = gate(replace(table, features=tuple(features)), version(table))
    assert refused(found) == {"inputs"}
    assert found["inputs"].why == (
        "the feature table lacks silent; use_28d is in count and was in ratio; build it with this "
        "version, or train anew"
    )


def test_a_champion_that_the_table_has_no_inputs_for_is_no_rival(table: FeatureTable) -> None:
    smaller = replace(table, features=tuple(f for f in table.features if f["name"] != "use_28d"))
    found = gate(smaller, version(smaller, inputs=WEAK), version(table))
    assert refused(found) == set()
    assert "better" not in found
    assert found["inputs"].champion == "the feature table lacks use_28d"


RECIPE = {"max_trees": 40, "patience": 10}


@pytest.fixture(scope="module")
def fresh(table: FeatureTable) -> ModelFiles:
    """Return a version that was fitted on every mature row, as training fits it."""
    return recipe_version(table)


def recipe_version(
    table: FeatureTable, *, dates: int = 0, fitted_on: FeatureTable | None = None, **changes: Any
) -> ModelFiles:
    """Return a version fitted by its recipe on all mature dates but the newest ``dates``."""
    inputs = changes.pop("inputs", table.inputs)
    chosen = tuple(one for one in table.features if one["name"] in inputs)
    recipe = RECIPE | changes.pop("recipe", {})
    mature = sorted(table.mature(TARGET)["as_of"].unique())
    parts = split(mature[: len(mature) - dates], MATURE_DAYS).final
    learned = replace(fitted_on or table, features=chosen)
    model = fit(learned, TARGET, parts, Params(**recipe, threads=1))
    trained = replace(card().trained, last=parts.train[-1])
    described = replace(card(), **{"trained": trained, "recipe": recipe, **changes})
    golden = {"rows": [], "expected": []}
    return ModelFiles(model.text, model.calibration, model.features, described, golden)


def test_where_no_row_is_unseen_the_recipes_are_tried_anew(
    table: FeatureTable, fresh: ModelFiles
) -> None:
    found = gate(table, fresh, recipe_version(table, inputs=WEAK))
    assert refused(found) == set()
    assert re.fullmatch(
        r"3,200 rows of 8 dates with \d+ outcomes that both recipes were tried on",
        found["unseen rows"].why,
    )
    weaker = gate(table, recipe_version(table, inputs=WEAK), fresh)
    assert "better" in refused(weaker)


def test_a_young_company_without_early_outcomes_is_judged_where_it_can_be(
    table: FeatureTable,
) -> None:
    frame = table.frame.copy()
    days = sorted(frame["as_of"].unique())
    frame.loc[frame["as_of"].isin(days[:4]), COLUMN] = 0.0
    young = replace(table, frame=frame)
    found = gate(young, recipe_version(young))
    assert "learned" in found
    assert " of 6 dates " in found["unseen rows"].why


def test_another_seed_of_the_same_recipe_is_equal(table: FeatureTable, fresh: ModelFiles) -> None:
    found = gate(table, recipe_version(table, recipe={"seed": 8}), fresh)
    assert refused(found) == {"better"}
    assert found["better"].why.startswith("as good as the champion within chance")


@pytest.mark.parametrize(("dates", "passes"), [(0, False), (1, True), (4, True)])
def test_the_same_recipe_on_newer_rows_may_take_over(
    table: FeatureTable, fresh: ModelFiles, dates: int, passes: bool
) -> None:
    older = recipe_version(table, dates=dates, why="another card", recipe={"seed": 9})
    found = gate(table, fresh, older)
    assert found["better"].passes is passes
    assert f"fitted on rows {28 * dates} days newer" in found["better"].why or not passes


def test_a_version_fitted_on_other_outcomes_is_found_though_its_recipe_is_fine(
    table: FeatureTable, fresh: ModelFiles
) -> None:
    frame = table.frame.copy()
    is_mature = frame[COLUMN].notna()
    drawn = np.random.default_rng(4).permutation(frame.loc[is_mature, COLUMN])
    frame.loc[is_mature, COLUMN] = drawn
    shuffled = recipe_version(table, fitted_on=replace(table, frame=frame))
    for champion in (None, recipe_version(table, inputs=WEAK)):
        found = gate(table, shuffled, champion)
        assert "learned" in refused(found)
        assert "it was not fitted on these outcomes; train anew" in found["learned"].why
    assert gate(table, fresh)["learned"].passes


def test_too_few_outcomes_are_too_few_to_tell(table: FeatureTable, fresh: ModelFiles) -> None:
    found = gate(table, fresh, recipe_version(table, inputs=WEAK), fewest=5000)
    assert refused(found) == {"unseen rows"}
    assert found["unseen rows"].why.endswith(
        "that both recipes were tried on, 5000 outcomes are needed to tell; wait until more are "
        "mature"
    )


def test_a_model_whose_expectations_did_not_come_may_not_answer(table: FeatureTable) -> None:
    wrong = Level("all accounts", 377.0, 166.0, Interval(2.27, 1.9, 2.7), is_off=True)
    found = gate(table, version(table, levels=(wrong,)))
    assert refused(found) == {"expected"}
    assert found["expected"].why == (
        "all accounts: 377 expected, 166 came, ratio 2.270 [1.900, 2.700]: it may rank accounts, "
        "and gives no probabilities"
    )


def test_a_model_that_cannot_be_taken_at_its_word_does_not_pass(table: FeatureTable) -> None:
    proud = replace(version(table), calibration={"method": "sigmoid", "a": 1.0, "b": 1.2})
    found = gate(table, proud, version(table, inputs=WEAK))
    assert {"calibration", "base rate"} <= refused(found)
    assert "off the base rate of " in found["base rate"].why


def test_a_champion_of_another_question_is_no_rival(table: FeatureTable) -> None:
    trained = version(table).card.trained
    half_a_year = Question("upsell_next_182d", mature_days=182, price_changes=False)
    asked = Question(**table.question(TARGET))
    other = version(table, trained=replace(trained, question=half_a_year))
    mine = version(table, trained=replace(trained, question=asked))
    found = gate(table, mine, other)
    assert not found["question"].passes
    assert "--force --why changes the question" in found["question"].why
    assert "better" not in found
    assert "train anew" in gate(table, other)["question"].why
