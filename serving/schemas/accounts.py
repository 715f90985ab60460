"""Lists of accounts, and what an account was scored before."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from serving.schemas.scores import Answer, Decision, Probabilities, Versions

MOST_LISTED = 500
MOST_SCORINGS = 260
"""Five years of weeks."""


class AccountSummary(Answer):
    """An account's line of a list: its score without reasons."""

    account_id: str = Field(examples=["a-000012"])
    name: str = Field(examples=["Amber Falcon Logistics"])
    csm_id: str | None = Field(examples=["csm-07"])
    segment: str | None
    arr: float | None = Field(description="Annual recurring revenue.")
    rank: int = Field(description="Place among all accounts by expected expansion ARR; 1 is best.")
    probabilities: Probabilities
    expected_expansion_arr: float | None
    arr_at_risk: float | None
    net_expected_arr: float | None
    decision: Decision | None


class AccountList(Answer):
    """A page of a ranked list; all pages of a list come from one scoring."""

    accounts: list[AccountSummary]
    total: int = Field(description="Accounts on all pages together.")
    next_cursor: str | None = Field(description="Asks for the next page; null on the last one.")
    scoring_id: str
    as_of: date = Field(description="The day the scores speak for.")
    currency: str = Field(examples=["EUR"])
    age_days: int = Field(description="Days since then.")
    stale: bool = Field(description="Newer scores are overdue, or may be there and unread.")


class PastScore(Answer):
    """What an account was scored on an earlier day."""

    as_of: date = Field(description="The day the score speaks for.")
    scored_at: datetime = Field(description="When it was computed, UTC.")
    arr: float | None
    rank: int
    probabilities: Probabilities
    expected_expansion_arr: float | None
    arr_at_risk: float | None
    net_expected_arr: float | None
    decision: Decision | None
    versions: Versions


class AccountHistory(Answer):
    """An account's scores, the newest first."""

    account_id: str = Field(examples=["a-000012"])
    scores: list[PastScore]
