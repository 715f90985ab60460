"""What goes in and out about what was done, and how it went."""

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
        raise ValueError(f"there is no such play; known are {', '.join(PLAYS)}")
    return name


def _not_to_come(day: date) -> date:
    # Where the caller sits it may be tomorrow already.
    if day > utc_now().date() + timedelta(days=1):
        raise ValueError("this day is still to come")
    return day


class FeedbackRequest(Strict):
    """What was done about an account, and how it went."""

    account_id: AccountId = Field(examples=["a-000012"])
    action: Action = Field(description="What was done.")
    outcome: Outcome = Field(description="How it went; open as long as nobody knows.")
    happened_on: Annotated[Day, AfterValidator(_not_to_come)] = Field(
        description="The day it was done or turned out.", examples=["2026-09-07"]
    )
    by: Words = Field(description="Who did it, as the CRM names them.", examples=["csm-07"])
    play: Annotated[str, AfterValidator(_a_play)] | None = Field(
        default=None, description="The play that was followed or declined.", examples=["expand"]
    )
    scoring_id: Words | None = Field(
        default=None,
        max_length=80,
        description="The scoring that proposed it, from the answer's versions.",
    )
    amount: float | None = Field(
        default=None, ge=-MOST_MONEY, le=MOST_MONEY, description="ARR won; negative where lost."
    )
    note: Note | None = Field(default=None, description="What else is worth knowing.")


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
    known_at: datetime = Field(description="When it became known here, UTC.")


class FeedbackTaken(FeedbackEntry):
    """The entry as it was taken."""

    queued: bool = Field(
        description="It is safe, but cannot be read yet: the store does not answer at the moment."
    )


class FeedbackLog(Answer):
    """Entries in the order of storing."""

    entries: list[FeedbackEntry]
    next_cursor: int | None = Field(description="Where to go on; null at the end.")
