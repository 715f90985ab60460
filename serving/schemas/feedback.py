"""Feedback: the action taken on an account, and its outcome."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from models.common.clock import utc_now
from models.plays.definitions import PLAYS
from models.store.feedback import Action, Outcome
from serving.schemas.scores import AccountId, Answer, Day, Strict

MOST_ENTRIES = 1000
MOST_MONEY = 1e12
Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Note = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]


def _a_play(name: str) -> str:
    if name not in PLAYS:
        raise ValueError(f"unknown play; use one of {', '.join(PLAYS)}")
    return name


def _not_to_come(day: date) -> date:
    # Where the caller sits it may be tomorrow already.
    if day > utc_now().date() + timedelta(days=1):
        raise ValueError("the date is in the future")
    return day


class FeedbackRequest(Strict):
    """The action taken on an account, and its outcome."""

    account_id: AccountId = Field(examples=["a-000012"])
    action: Action = Field(description="Action taken.")
    outcome: Outcome = Field(description="Outcome; `open` until it is known.")
    happened_on: Annotated[Day, AfterValidator(_not_to_come)] = Field(
        description="Date of the action or outcome.", examples=["2026-09-07"]
    )
    by: Words = Field(description="User who acted, as identified in the CRM.", examples=["csm-07"])
    play: Annotated[str, AfterValidator(_a_play)] | None = Field(
        default=None, description="Play that was followed or declined.", examples=["expand"]
    )
    scoring_id: Words | None = Field(
        default=None,
        max_length=80,
        description="Scoring that recommended it: `versions.scoring_id` of the score.",
    )
    amount: float | None = Field(
        default=None, ge=-MOST_MONEY, le=MOST_MONEY, description="ARR won; negative if lost."
    )
    note: Note | None = Field(default=None, description="Free text, without names of people.")


class FeedbackEntry(Answer):
    """An entry of the decision log."""

    feedback_id: str
    account_id: str
    action: str
    outcome: str
    happened_on: date
    by: str
    play: str | None
    scoring_id: str | None
    amount: float | None
    note: str | None
    known_at: datetime = Field(description="Time the entry was recorded, UTC.")


class FeedbackTaken(FeedbackEntry):
    """The entry as recorded."""

    queued: bool = Field(
        description="Saved on the server's disk; readable once the score store is available again."
    )


class FeedbackLog(Answer):
    """Entries of the decision log, oldest first."""

    entries: list[FeedbackEntry]
    next_cursor: int | None = Field(description="Cursor of the next page; null on the last page.")
