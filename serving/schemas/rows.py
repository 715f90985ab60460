"""Scoring of feature rows that the caller computed."""

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

    id: AccountId | None = Field(default=None, description="Returned unchanged.")
    values: list[Value] = Field(
        max_length=MOST_FEATURES,
        description="Values in the order of `features`; null if unknown.",
        examples=[[0.62, 3, None, "smb"]],
    )


class RowsRequest(Strict):
    """Feature rows to score with the release in use."""

    features: Annotated[list[str], AfterValidator(_each_once)] = Field(
        min_length=1,
        max_length=MOST_FEATURES,
        json_schema_extra={"uniqueItems": True},
        description="Every model input, in any order; `GET /v1/models/{target}` lists them.",
    )
    rows: list[FeatureRow] = Field(min_length=1, max_length=MOST_ROWS)
    reasons: bool = Field(
        default=False, description="Whether to return drivers; takes much longer."
    )


class ScoredRow(Answer):
    """The score of one row, or the errors that prevented it."""

    row: int = Field(description="Position in the request, from 0.")
    id: str | None
    probabilities: Probabilities | None = Field(description="Null if the row has errors.")
    reasons: Reasons | None = Field(description="Null unless requested.")
    errors: list[str] = Field(description="Errors of the row; empty if it was scored.")
    warnings: list[str] = Field(description="Unusual values, at most five.")


class RowScores(Answer):
    """All rows in the order of the request."""

    rows: list[ScoredRow]
    failed: int = Field(description="Number of rows with errors.")
    release_id: str
    models: ModelVersions
    reasons_note: str = NOTE
