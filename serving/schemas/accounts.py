"""Ranked lists of accounts, and the score history of an account."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from serving.schemas.scores import (
    LEAVES_OUT,
    Answer,
    Contracted,
    Decision,
    Probabilities,
    Versions,
)

MOST_LISTED = 500
MOST_SCORINGS = 260
"""Five years of weeks."""


class AccountSummary(Answer):
    """One account of a list: its score without drivers."""

    account_id: str = Field(examples=["a-000012"])
    name: str = Field(examples=["Amber Falcon Logistics"])
    csm_id: str | None = Field(examples=["csm-07"])
    segment: str | None
    arr: float | None = Field(description="Annual recurring revenue.")
    rank: int = Field(
        description="Rank among all accounts by expected expansion ARR; 1 is the highest. Accounts "
        "whose outcome is decided come last."
    )
    probabilities: Probabilities
    expected_expansion_arr: float | None
    arr_at_risk: float | None
    net_expected_arr: float | None
    leaves_out: list[str] = Field(default=[], description=LEAVES_OUT, examples=[["churn"]])
    contracted: Contracted | None
    decision: Decision | None


class AccountList(Answer):
    """A page of a ranked list; all pages come from the same scoring."""

    accounts: list[AccountSummary]
    total: int = Field(description="Number of accounts on all pages.")
    next_cursor: str | None = Field(description="Cursor of the next page; null on the last page.")
    scoring_id: str
    as_of: date = Field(
        description="Date of the scores: features use data before it, outcomes count from it."
    )
    currency: str = Field(examples=["EUR"])
    age_days: int | None = Field(
        description="Days since `as_of`; null while the server's clock is behind."
    )
    stale: bool | None = Field(
        description="Newer scores are overdue or cannot be read; null while the server's clock is "
        "behind."
    )


class PastScore(Answer):
    """The score of an account from an earlier scoring."""

    as_of: date = Field(description="Date of the score.")
    scored_at: datetime = Field(description="Time of the scoring, UTC.")
    arr: float | None
    rank: int
    probabilities: Probabilities
    expected_expansion_arr: float | None
    arr_at_risk: float | None
    net_expected_arr: float | None
    leaves_out: list[str] = Field(default=[], description=LEAVES_OUT, examples=[["churn"]])
    contracted: Contracted | None
    decision: Decision | None
    versions: Versions


class AccountHistory(Answer):
    """The scores of an account, newest first."""

    account_id: str = Field(examples=["a-000012"])
    scores: list[PastScore]
