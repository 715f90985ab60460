from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from features.labels.targets import TARGETS
from models.dataset.feature_table import FeatureTable
from models.dataset.time_split import Split, split
from models.evaluation.levels import ALL, BY_ARR, FIRST_TENTH, off
from models.evaluation.report import HELD_OUT, Review, review
from models.evaluation.skill import NO_SKILL, SKILL, UNPROVEN
from models.training.boosting import Params
from models.training.classifier import fit
from tests.models.tables import MATURE_DAYS, feature_table

QUICK = Params(max_trees=80, patience=20, threads=1)


def reviewed(table: FeatureTable) -> tuple[Split, Review]:
    parts = split(sorted(table.mature("upsell")["as_of"].unique()), MATURE_DAYS)
    fitted = fit(table, "upsell", parts.final, QUICK)
    rule = TARGETS["upsell"].rule
    return parts, review(table, fitted, parts, QUICK, capacity=30, rule=rule)


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
def found() -> tuple[Split, Review]:
    return reviewed(feature_table())


def test_the_walk_goes_through_the_origins(found: tuple[Split, Review]) -> None:
    parts, one = found
    days = [(origin.test[0], origin.test[-1]) for origin in parts.origins]
    assert [(stretch.first, stretch.last) for stretch in one.walk] == days
    assert sum(stretch.positives for stretch in one.walk) == one.evaluation.positives
    assert all(stretch.auc.low > 0.6 for stretch in one.walk)


def test_what_is_expected_comes_and_every_kind_of_account_is_asked(
    found: tuple[Split, Review],
) -> None:
    by_name = {level.of: level for level in found[1].levels}
    assert {ALL, BY_ARR, FIRST_TENTH, "segment smb"} <= by_name.keys()
    assert not off(found[1].levels)
    assert by_name[ALL].came == found[1].evaluation.positives


@pytest.mark.parametrize("seed", range(4))
def test_shuffled_labels_have_no_skill(seed: int) -> None:
    table = feature_table(accounts=120)
    frame = table.frame.copy()
    known = frame["upsell_next_91d"].notna()
    shuffled = np.random.default_rng(seed).permutation(frame.loc[known, "upsell_next_91d"])
    frame.loc[known, "upsell_next_91d"] = shuffled
    found = reviewed(dataclasses.replace(table, frame=frame))[1].evaluation
    assert found.verdict in (NO_SKILL, UNPROVEN)


def test_noise_has_no_skill_and_a_signal_has(found: tuple[Split, Review]) -> None:
    evaluation = found[1].evaluation
    assert evaluation.verdict == SKILL
    assert evaluation.figures["auc"].low > 0.7
    assert evaluation.figures["ece"].value < 0.06


def test_accounts_that_were_held_out_are_ordered_as_well_where_the_signal_is_general(
    found: tuple[Split, Review],
) -> None:
    held = found[1].held_out
    assert held.accounts == pytest.approx(240 / HELD_OUT, abs=15)
    assert held.held_out.low > 0.6


def test_the_first_accounts_hold_more_than_their_share(found: tuple[Split, Review]) -> None:
    at = {one.at: one for one in found[1].reached}
    assert at["first 10 %"].lift.low > 1.5
    assert at["capacity of 30"].accounts == 30
    shares = [at[f"first {n} %"].outcomes.value for n in (5, 10, 20)]
    assert shares == sorted(shares)


def test_every_rival_is_shown_and_those_that_give_probabilities_with_their_brier(
    found: tuple[Split, Review],
) -> None:
    rivals = found[1].evaluation.rivals
    assert set(rivals) == {"base_rate", "best_column", "logistic", "rule"}
    assert rivals["base_rate"].auc.value == pytest.approx(0.5, abs=0.03)  # one for each origin
    ours = found[1].evaluation.figures["brier"]
    assert rivals["base_rate"].brier is not None
    assert ours.high < rivals["base_rate"].brier.value
    assert rivals["rule"].brier is None


def test_a_model_that_knows_accounts_by_heart_is_worse_on_others() -> None:
    held = reviewed(known_by_heart())[1].held_out
    assert held.fitted_on.low > held.held_out.value
