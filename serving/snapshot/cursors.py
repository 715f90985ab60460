"""Where to go on in a list: which snapshot, in which order, of whom, after which place.

A cursor is ours to read and a caller's to hand back. It is not signed: all it can ask for is a page
that its caller could have asked for, too.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

Order = Literal["expected_expansion_arr", "at_stake", "arr_at_risk"]
Column = Literal["play", "csm_id", "segment", "standing"]


class Cursor(BaseModel):
    """A list and a place in it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, validate_by_name=True)

    snapshot: Annotated[str, Field(max_length=32, alias="edition")]
    order: Order
    filters: dict[Column, Annotated[str, Field(max_length=200)]]
    after: Annotated[int, Field(ge=0, lt=2**53)] = 0

    def encode(self) -> str:
        """Return the cursor as it is handed out."""
        return (
            base64.urlsafe_b64encode(self.model_dump_json(by_alias=True).encode())
            .decode()
            .rstrip("=")
        )

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """Return the cursor that was handed out as ``text``; ``HTTPException`` 422 if none was."""
        try:
            padded = text + "=" * (-len(text) % 4)
            return cls.model_validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (ValidationError, binascii.Error, ValueError):
            raise HTTPException(
                422, "Invalid cursor. Use next_cursor unchanged, or start without a cursor."
            ) from None
