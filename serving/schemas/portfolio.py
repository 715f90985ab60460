"""The whole base: what it pays, what it may gain and lose, and what the forecast says of NRR."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from serving.schemas.scores import Answer


class Sums(Answer):
    """Accounts added up."""

    accounts: int
    listed: int = Field(description="Accounts that stand on a list of the week.")
    arr: float
    expected_expansion_arr: float
    arr_at_risk: float
    net_expected_arr: float = Field(description="Expected expansion less what is at risk.")


class Group(Sums):
    """The accounts of one play, one CSM or one segment."""

    name: str | None = Field(description="Null holds those that have none.")


class Range(Answer):
    """A forecast share with the ranges it lies in with a chance of 80 and of 95 %."""

    value: float = Field(examples=[1.12])
    low_80: float
    high_80: float
    low_95: float
    high_95: float


class Parts(Answer):
    """What the forecast NRR is made of, each as a share of today's ARR."""

    contracted_up: Range
    contracted_down: Range
    expansion: Range
    downsell: Range
    churn: Range


class Forecast(Answer):
    """What becomes of the ARR of today's customers in a year."""

    origin: date = Field(description="The day from which the year counts.")
    days: int = Field(examples=[364])
    arr: float = Field(description="ARR of the customers of that day.")
    nrr: Range = Field(description="Net revenue retention; 1.1 is 110 %.")
    grr: Range = Field(description="Gross revenue retention: without expansion.")
    band: str = Field(description="What such an NRR is called.", examples=["better"])
    parts: Parts


class Portfolio(Answer):
    """The newest scoring added up; null forecast until `expansion forecast` has run."""

    as_of: date
    currency: str = Field(examples=["EUR"])
    total: Sums
    by_play: list[Group]
    by_csm: list[Group]
    by_segment: list[Group]
    forecast: Forecast | None
    scoring_id: str
    age_days: int
    stale: bool


class SeatsIn(Answer):
    """How many seats an account comes to license, if it stays; 8 of 10 lie between low and high."""

    days: int = Field(examples=[182])
    low: float
    middle: float
    high: float


class AccountSeats(Answer):
    """The seats of an account today and ahead."""

    account_id: str
    as_of: date = Field(description="The day from which the days ahead count.")
    seats_licensed: float = Field(description="On that day.")
    ahead: list[SeatsIn]
