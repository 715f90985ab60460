"""Rows of features that a caller computed, and what the models say of them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from serving.schemas.scores import NOTE, AccountId, Answer, ModelVersions, Probabilities, Strict
from serving.schemas.scores import TargetReasons as Reasons

MOST_ROWS = 1000
MOST_FEATURES = 1000
VALUE = {"anyOf": [{"type": kind} for kind in ("number", "string", "boolean", "null")]}
Value = Annotated[Any, WithJsonSchema(VALUE)]
"""Checked row by row: one wrong value does not refuse the other rows."""


def _each_once(names: list[str]) -> list[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"named twice: {', '.join(twice)}")
    return names


class FeatureRow(Strict):
    """One account's features."""

    id: AccountId | None = Field(default=None, description="Handed back as it is.")
    values: list[Value] = Field(
        max_length=MOST_FEATURES,
        description="In the order of the request's features; null where not known.",
        examples=[[0.62, 3, None, "smb"]],
    )


class RowsRequest(Strict):
    """Rows to be scored by the release in use."""

    features: Annotated[list[str], AfterValidator(_each_once)] = Field(
        min_length=1,
        max_length=MOST_FEATURES,
        json_schema_extra={"uniqueItems": True},
        description="Every input of the models, in any order; `GET /v1/models` lists them.",
    )
    rows: list[FeatureRow] = Field(min_length=1, max_length=MOST_ROWS)
    reasons: bool = Field(default=False, description="Whether to say why; takes far longer.")


class ScoredRow(Answer):
    """What one row was scored, or why it could not be."""

    row: int = Field(description="Place in the request, from 0.")
    id: str | None
    probabilities: Probabilities | None = Field(description="Null where there are errors.")
    reasons: Reasons | None = Field(description="Null unless asked for.")
    errors: list[str] = Field(description="Why the row is not scored; empty if it is.")
    warnings: list[str] = Field(description="What is odd about its values, at most five.")


class RowScores(Answer):
    """Every row of the request in its order."""

    rows: list[ScoredRow]
    failed: int = Field(description="Rows that have errors.")
    release_id: str
    models: ModelVersions
    reasons_note: str = NOTE
