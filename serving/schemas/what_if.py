"""What-if: the score of an account with changed inputs."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from serving.schemas.by_target import ByTarget
from serving.schemas.scores import Answer, ModelVersions, Probabilities, Strict

MOST_CHANGES = 50
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)]
DIFFERENCE_NOTE = (
    "Contributions are log-odds before calibration: the change in each feature's contribution to "
    "the score. With `others` they add up to the whole difference."
)


class Change(Strict):
    """One feature set to a value, or changed by a delta."""

    feature: str = Field(min_length=1, max_length=200, examples=["tickets_open_escalated"])
    value: Annotated[Number | bool | str | None, Field(examples=[0])] = Field(
        default=None, description="New value; null means unknown."
    )
    delta: Number | None = Field(default=None, description="Change of the value.")

    @model_validator(mode="after")
    def _either(self) -> Change:
        moved = self.delta is not None
        if moved == ("value" in self.model_fields_set):
            raise ValueError("give either value or delta")
        return self


class WhatIf(Strict):
    """The changes, at least one. Single changes apply after the scenarios."""

    seats_delta: Number | None = Field(
        default=None,
        description="Change in licensed seats, negative for fewer, as if signed yesterday.",
    )
    champion_leaves: bool = Field(
        default=False, description="One champion leaves without a successor."
    )
    changes: list[Change] = Field(default=[], max_length=MOST_CHANGES)

    @model_validator(mode="after")
    def _something(self) -> WhatIf:
        if not (self.seats_delta or self.champion_leaves or self.changes):
            raise ValueError("give at least one change")
        return self


class ChangedFeature(Answer):
    """A feature before and after the change."""

    feature: str
    text: str = Field(examples=["150 licensed seats; previously 100"])
    before: float | str | None
    after: float | str | None


class Expected(Answer):
    """Likelihoods and expected ARR of the account in one state."""

    probabilities: Probabilities
    expected_expansion_arr: float | None
    arr_at_risk: float | None


class Difference(Answer):
    """One driver of the difference."""

    feature: str
    group: str
    text: str
    contribution: float = Field(description="Log-odds before calibration.", examples=[-0.2])


class Differences(Answer):
    """Drivers of one outcome's change: the largest, and all others together."""

    reasons: list[Difference]
    others: float = Field(description="Contribution of all other features, log-odds.")


class TargetDifferences(ByTarget[Differences | None]):
    """Drivers of the difference by outcome; null without a model in use."""


class WhatIfAnswer(Answer):
    """The account before and after the change, scored by the same models."""

    account_id: str
    as_of: date = Field(description="Date of the features that were changed.")
    currency: str
    changes: list[ChangedFeature]
    before: Expected
    after: Expected
    reasons: TargetDifferences
    reasons_note: str = DIFFERENCE_NOTE
    release_id: str
    models: ModelVersions
    age_days: int | None
    stale: bool | None
