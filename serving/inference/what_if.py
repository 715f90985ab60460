"""An account's score if something were different: checked changes, both scores, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from features.errors import UsageError
from models.i18n.feature_text import age_of, changed, unchanged
from models.inference.contracted import to_the_cent
from serving.inference.row_validation import RowValidator
from serving.inference.scenarios import Changes, champion_leaves, seats_change
from serving.schemas.scores import Probabilities
from serving.schemas.what_if import (
    Change,
    ChangedFeature,
    Difference,
    Differences,
    Expected,
    TargetDifferences,
    WhatIf,
)

if TYPE_CHECKING:
    from models.inference.encoding import FeatureSpec
    from serving.inference.scorer import Scorer

MOST_REASONS = 5
Inputs = Mapping[str, Any]


def changed_inputs(models: Scorer, inputs: Inputs, what_if: WhatIf) -> dict[str, Any]:
    """Return the account's inputs as they would be.

    Raises
    ------
    UsageError
        Naming every change of what is no input, of the wrong kind, or beyond the catalogue's range.
    """
    after = {**inputs, **_scenarios(inputs, what_if)}
    problems: list[str] = []
    for change in what_if.changes:
        try:
            after[change.feature] = _changed(models, after, change)
        except UsageError as error:
            problems += error.problems
    # What was odd already may stay so; only what is changed must be right.
    moved = {name: after[name] for name in models.inputs if after.get(name) != inputs.get(name)}
    check = RowValidator(models, list(models.inputs)).check(models.row(moved))
    problems += [*check.errors, *check.warnings]
    if problems:
        raise UsageError(problems)
    return after


def changes(models: Scorer, before: Inputs, after: Inputs) -> list[ChangedFeature]:
    """Return every input that is different."""
    return [
        ChangedFeature(
            feature=name,
            text=changed(
                feature,
                before.get(name),
                after.get(name),
                models.currency,
                models.words,
                age_of(after),
            ),
            before=before.get(name),
            after=after.get(name),
        )
        for name, feature in models.inputs.items()
        if before.get(name) != after.get(name)
    ]


def expected(models: Scorer, states: list[Inputs], lost_by_notice: float) -> list[Expected]:
    """Return what the models say of each state of an account, a part of which is lost by notice."""
    scores = models.scores([models.row(state) for state in states])
    arr = np.array([state.get("arr") for state in states], dtype=float)
    money = zip(
        *(map(to_the_cent, amounts) for amounts in scores.money(arr, lost_by_notice)), strict=True
    )
    chances = {name: scores.chances[name].round(6).tolist() for name in models.targets}
    return [
        Expected(
            probabilities=Probabilities.model_validate(
                {name: values[row] for name, values in chances.items()}
            ),
            expected_expansion_arr=gain,
            arr_at_risk=risk,
        )
        for row, (gain, risk) in enumerate(money)
    ]


def reasons(models: Scorer, before: Inputs, after: Inputs) -> TargetDifferences:
    """Return by target which features move the score, the weightiest first."""
    contributions = models.contributions([models.row(before), models.row(after)])
    differences = {}
    for name in models.targets:
        features, shifts = (
            models.models[name].features,
            contributions[name][1] - contributions[name][0],
        )
        order = np.argsort(-np.abs(shifts), kind="stable")[:MOST_REASONS]
        weighty = [int(place) for place in order if shifts[place]]
        differences[name] = Differences(
            reasons=[
                _difference(models, features[place], shifts[place], before, after)
                for place in weighty
            ],
            others=round(float(shifts.sum() - shifts[weighty].sum()), 6),
        )
    return TargetDifferences.model_validate(differences)


def _scenarios(inputs: Inputs, what_if: WhatIf) -> Changes:
    changes: Changes = {}
    if what_if.seats_delta:
        changes |= seats_change(inputs, what_if.seats_delta)
    if what_if.champion_leaves:
        changes |= champion_leaves(inputs)
    return changes


def _changed(models: Scorer, inputs: Inputs, change: Change) -> Any:
    if change.feature not in models.inputs:
        raise UsageError(f"{change.feature}: is not an input of the models in use")
    if change.delta is None:
        return change.value
    value = inputs.get(change.feature)
    if not isinstance(value, int | float):
        raise UsageError(
            f"{change.feature}: is {value!r}, which a delta cannot change; give a value"
        )
    return value + change.delta


def _difference(
    models: Scorer, feature: FeatureSpec, contribution: float, before: Inputs, after: Inputs
) -> Difference:
    old, new = before.get(feature.name), after.get(feature.name)
    text = (
        unchanged(feature, new, models.currency, models.words, age_of(after))
        if old == new
        else changed(feature, old, new, models.currency, models.words, age_of(after))
    )
    return Difference(
        feature=feature.name,
        group=feature.group,
        text=text,
        contribution=round(float(contribution), 6),
    )
