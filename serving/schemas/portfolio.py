"""The portfolio: ARR, expected expansion, ARR at risk, and the NRR forecast."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from serving.schemas.scores import LEAVES_OUT, Answer

SPAN = "End of the 80 % interval; null where nobody can say."


class Sums(Answer):
    """Totals over the accounts of which a figure is known; null where it is of none."""

    accounts: int
    listed: int = Field(description="Accounts on a list of this week.")
    decided: int = Field(
        description="Accounts whose subscriptions are all known to end within the horizon."
    )
    without_arr: int = Field(description="Accounts without a known ARR: no amount includes them.")
    arr: float | None
    expected_expansion_arr: float | None
    expected_expansion_arr_low: float | None = Field(description=SPAN)
    expected_expansion_arr_high: float | None = Field(description=SPAN)
    arr_at_risk: float | None = Field(description="ARR lost by notice and expected loss together.")
    arr_at_risk_low: float | None = Field(description=SPAN)
    arr_at_risk_high: float | None = Field(description=SPAN)
    arr_lost_by_notice: float | None = Field(
        description="The part of the ARR at risk that is announced: it is contracted to end."
    )
    expected_loss_arr: float | None = Field(
        description="The part of the ARR at risk that is expected, and not announced."
    )
    arr_contracted_gain: float | None = Field(
        description="Increases signed before, starting within the horizon; not in the expected "
        "expansion."
    )
    net_expected_arr: float | None = Field(
        description="Expected expansion and contracted gain, less ARR at risk; null where one of "
        "the two is."
    )
    net_expected_arr_low: float | None = Field(description=SPAN)
    net_expected_arr_high: float | None = Field(description=SPAN)


class Group(Sums):
    """Totals of one play, CSM or segment."""

    name: str | None = Field(description="Null for accounts without one.")


class Range(Answer):
    """A forecast share with its 80 % and 95 % intervals."""

    value: float = Field(examples=[1.12])
    low_80: float
    high_80: float
    low_95: float
    high_95: float


class Parts(Answer):
    """Components of the forecast NRR, each as a share of current ARR."""

    contracted_up: Range
    contracted_down: Range
    expansion: Range
    downsell: Range
    churn: Range


class Forecast(Answer):
    """Forecast of the current customers' ARR in a year."""

    origin: date = Field(description="Start date of the forecast.")
    days: int = Field(examples=[364])
    arr: float = Field(description="ARR on the start date.")
    nrr: Range = Field(description="Net revenue retention; 1.1 is 110 %.")
    grr: Range = Field(description="Gross revenue retention: without expansion.")
    band: str = Field(description="Benchmark band of the NRR.", examples=["better"])
    parts: Parts


class Portfolio(Answer):
    """Totals of the newest scoring; `forecast` is null until `expansion forecast` has run."""

    as_of: date
    currency: str = Field(examples=["EUR"])
    leaves_out: list[str] = Field(description=LEAVES_OUT, examples=[["churn"]])
    total: Sums
    by_play: list[Group]
    by_csm: list[Group]
    by_segment: list[Group]
    forecast: Forecast | None
    scoring_id: str
    age_days: int | None
    stale: bool | None


class SeatsIn(Answer):
    """Seat forecast of an account that stays; low to high is the 80 % interval."""

    days: int = Field(examples=[182])
    low: float
    middle: float
    high: float


class AccountSeats(Answer):
    """Current seats of an account and their forecast."""

    account_id: str
    as_of: date = Field(description="Start date of the forecast.")
    seats_licensed: float = Field(description="Licensed seats on that date.")
    ahead: list[SeatsIn]
