"""An account's score if something were different: checked changes, both scores, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from features.errors import UsageError
from models.i18n.feature_text import changed, unchanged
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
Known = Mapping[str, Any]


def changed_inputs(models: Scorer, known: Known, wanted: WhatIf) -> dict[str, Any]:
    """Return the account's inputs as they would be.

    Raises
    ------
    UsageError
        Naming every change of what is no input, of the wrong kind, or beyond the catalogue's range.
    """
    after = {**known, **_scenarios(known, wanted)}
    problems: list[str] = []
    for one in wanted.changes:
        try:
            after[one.feature] = _changed(models, after, one)
        except UsageError as error:
            problems += error.problems
    # What was odd already may stay so; only what is changed must be right.
    moved = {name: after[name] for name in models.inputs if after.get(name) != known.get(name)}
    check = RowValidator(models, list(models.inputs)).check(models.row(moved))
    problems += [*check.errors, *check.warnings]
    if problems:
        raise UsageError(problems)
    return after


def changes(models: Scorer, before: Known, after: Known) -> list[ChangedFeature]:
    """Return every input that is different."""
    return [
        ChangedFeature(
            feature=name,
            text=changed(one, before.get(name), after.get(name), models.currency, models.words),
            before=before.get(name),
            after=after.get(name),
        )
        for name, one in models.inputs.items()
        if before.get(name) != after.get(name)
    ]


def expected(models: Scorer, states: list[Known]) -> list[Expected]:
    """Return what the models say of each state of the account."""
    scores = models.scores([models.row(one) for one in states])
    arr = np.array([one.get("arr") for one in states], dtype=float)
    money = zip(*(part.round(2).tolist() for part in scores.money(arr)), strict=True)
    chances = {name: scores.chances[name].round(6).tolist() for name in _targets(models)}
    return [
        Expected(
            probabilities=Probabilities(**{name: one[row] for name, one in chances.items()}),
            expected_expansion_arr=None if np.isnan(arr[row]) else gain,
            arr_at_risk=None if np.isnan(arr[row]) else risk,
        )
        for row, (gain, risk) in enumerate(money)
    ]


def reasons(models: Scorer, before: Known, after: Known) -> TargetDifferences:
    """Return by target which features move the score, the weightiest first."""
    given = models.contributions([models.row(before), models.row(after)])
    told = {}
    for name in _targets(models):
        features, parts = models.models[name].features, given[name][1] - given[name][0]
        order = np.argsort(-np.abs(parts), kind="stable")[:MOST_REASONS]
        weighty = [int(one) for one in order if parts[one]]
        told[name] = Differences(
            reasons=[
                _difference(models, features[one], parts[one], before, after) for one in weighty
            ],
            others=round(float(parts.sum() - parts[weighty].sum()), 6),
        )
    return TargetDifferences(**told)


def _scenarios(known: Known, wanted: WhatIf) -> Changes:
    told: Changes = {}
    if wanted.seats_delta:
        told |= seats_change(known, wanted.seats_delta)
    if wanted.champion_leaves:
        told |= champion_leaves(known)
    return told


def _changed(models: Scorer, known: Known, one: Change) -> Any:
    if one.feature not in models.inputs:
        raise UsageError(f"{one.feature}: is no input of the models in use")
    if one.delta is None:
        return one.value
    value = known.get(one.feature)
    if not isinstance(value, int | float):
        raise UsageError(f"{one.feature}: is {value!r}, which cannot be moved; give a value")
    return value + one.delta


def _difference(
    models: Scorer, feature: FeatureSpec, part: float, before: Known, after: Known
) -> Difference:
    old, new = before.get(feature.name), after.get(feature.name)
    text = (
        unchanged(feature, new, models.currency, models.words)
        if old == new
        else changed(feature, old, new, models.currency, models.words)
    )
    return Difference(
        feature=feature.name,
        group=feature.group,
        text=text,
        contribution=round(float(part), 6),
    )


def _targets(models: Scorer) -> Iterator[str]:
    return (name for name in Probabilities.model_fields if name in models.models)
