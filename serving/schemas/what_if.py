"""What would become of a score if something about the account were different."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from serving.schemas.by_target import ByTarget
from serving.schemas.scores import Answer, ModelVersions, Probabilities, Strict

MOST_CHANGES = 50
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)]
DIFFERENCE_NOTE = (
    "Contributions are log-odds before calibration: what each feature adds to the score after the "
    "changes less what it added before. Together with the others they are the whole difference."
)


class Change(Strict):
    """One feature set to a value, or moved by a number."""

    feature: str = Field(min_length=1, max_length=200, examples=["tickets_open_escalated"])
    value: Annotated[Number | bool | str | None, Field(examples=[0])] = Field(
        default=None, description="What it becomes; null is not known."
    )
    delta: Number | None = Field(default=None, description="By how much it moves.")

    @model_validator(mode="after")
    def _either(self) -> Change:
        moved = self.delta is not None
        if moved == ("value" in self.model_fields_set):
            raise ValueError("give either value or delta")
        return self


class WhatIf(Strict):
    """What would be different; at least one thing. Single changes come after the scenarios."""

    seats_delta: Number | None = Field(
        default=None, description="Seats more, or less below 0, as if signed yesterday."
    )
    champion_leaves: bool = Field(
        default=False, description="One champion leaves and nobody follows."
    )
    changes: list[Change] = Field(default=[], max_length=MOST_CHANGES)

    @model_validator(mode="after")
    def _something(self) -> WhatIf:
        if not (self.seats_delta or self.champion_leaves or self.changes):
            raise ValueError("nothing would be different")
        return self


class ChangedFeature(Answer):
    """A feature before and after."""

    feature: str
    text: str = Field(examples=["Seats licensed: 150, was 100"])
    before: float | str | None
    after: float | str | None


class Expected(Answer):
    """What the models say of one state of the account."""

    probabilities: Probabilities
    expected_expansion_arr: float | None
    arr_at_risk: float | None


class Difference(Answer):
    """One feature's part in the difference."""

    feature: str
    group: str
    text: str
    contribution: float = Field(description="Log-odds before calibration.", examples=[-0.2])


class Differences(Answer):
    """Why one outcome's score moves: the weightiest features, and all others together."""

    reasons: list[Difference]
    others: float = Field(description="What all other features add, log-odds.")


class TargetDifferences(ByTarget[Differences | None]):
    """Reasons of the difference by outcome; null without a model in use."""


class WhatIfAnswer(Answer):
    """The account as it is and as it would be, by the same models."""

    account_id: str
    as_of: date = Field(description="The day whose features were changed.")
    currency: str
    changes: list[ChangedFeature]
    before: Expected
    after: Expected
    reasons: TargetDifferences
    reasons_note: str = DIFFERENCE_NOTE
    release_id: str
    models: ModelVersions
    age_days: int
    stale: bool
