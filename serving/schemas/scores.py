"""What goes in and out over HTTP. Names are plain identifiers, since CRMs make code of them."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from models.inference.expected_arr import GAIN, LOSS
from models.plays.prioritisation import Standing
from serving.schemas.by_target import ByTarget, titles

MOST_IDS = 1000
AccountId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""As the CRM or the source tables spell it; control characters are in no id."""

NOTE = (
    "Reasons explain the score before calibration; contributions are log-odds and, with the "
    "model's bias and the reasons left out, add up to it."
)


class Strict(BaseModel):
    """Unknown fields are refused, and numbers without end; nothing is taken for another type."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


def _dated(value: object) -> object:
    # Left to itself, Pydantic takes a number for seconds since 1970.
    written = isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value)
    if not (written or value is None or isinstance(value, date)):
        raise ValueError("a day is written as in 2026-09-07")
    return value


Day = Annotated[date, BeforeValidator(_dated, json_schema_input_type=date), Field(strict=False)]
Moment = Annotated[datetime, BeforeValidator(_dated, json_schema_input_type=datetime)]


class Answer(BaseModel):
    """What a newer release of the pipelines adds to the store is left out, not stumbled over."""


class Reason(Answer):
    """One feature's part in a score."""

    feature: str = Field(description="Column of the feature catalogue.")
    group: str = Field(description="Family of features it belongs to.")
    text: str = Field(
        description="The reason in plain words.",
        examples=[
            "Share of the licensed seats that were active, last 28 days: 96 % (typical for its "
            "segment 61 %)"
        ],
    )
    value: float | str | None = Field(description="The account's own value.")
    typical: float | str | None = Field(
        description="Median or most frequent value in training, of its segment where that is large."
    )
    contribution: float = Field(description="Log-odds before calibration.", examples=[0.42])


class GroupPart(Answer):
    """What a family of features adds to a score."""

    group: str = Field(description="Family of features.", examples=["usage"])
    contribution: float = Field(description="Log-odds before calibration.", examples=[-0.4])


class Reasons(Answer):
    """What raises a score most, and what lowers it most."""

    up: list[Reason]
    down: list[Reason]
    groups: list[GroupPart] = Field(
        default=[], description="All features by family, the weightiest first."
    )


class TargetReasons(ByTarget[Reasons | None]):
    """Reasons by outcome; null without a model in use."""


class Probabilities(ByTarget[float | None]):
    """Calibrated probability of each outcome within the horizon; null without a model in use."""

    examples = (0.31, 0.08, 0.02, 0.01)


class ModelVersions(ByTarget[str | None]):
    """Registered version of each outcome's model; null without a model in use."""

    examples = ("3", "1")


class Versions(Answer):
    """Where a score comes from."""

    scoring_id: str
    release_id: str
    data_fingerprint: str = Field(description="sha256 of the tables the features come from.")
    models: ModelVersions


class Decision(Answer):
    """What to do about an account; docs/plays.md tells each play."""

    play: str = Field(description="The account's one play.", examples=["fix_before_you_sell"])
    text: str = Field(
        description="What speaks for it and what to do, in the account's own numbers.",
        examples=["2 escalated tickets open: put this right first, and offer nothing before."],
    )
    why: str = Field(
        description="Why a sale became this play; empty where none did.",
        examples=["Expand waits: 2 escalated tickets open"],
    )
    second: str | None = Field(description="The next-best play.", examples=["expand"])
    at_stake: float = Field(description="Net ARR that the talk is about.", examples=[4200.0])
    standing: Standing = Field(description="Whether it is on the list, and if not, why.")
    place: int | None = Field(description="Place on the CSM's list; null when not on it.")
    held_out: bool = Field(description="Kept apart from contact by lot, to measure its effect.")


class AccountScore(Answer):
    """The newest score of one account."""

    account_id: str = Field(examples=["a-000012"])
    name: str = Field(examples=["Amber Falcon Logistics"])
    csm_id: str | None = Field(examples=["csm-07"])
    segment: str | None
    as_of: date = Field(description="The day the score speaks for.")
    scored_at: datetime = Field(description="When it was computed, UTC.")
    horizon_days: int = Field(description="How far the probabilities look.", examples=[91])
    currency: str = Field(examples=["EUR"])
    arr: float | None = Field(description="Annual recurring revenue.")
    rank: int = Field(description="Place among all accounts by expected expansion ARR; 1 is best.")
    probabilities: Probabilities
    expected_expansion_arr: float | None = Field(
        description=f"Probability times typical amount, {titles(GAIN)} together."
    )
    arr_at_risk: float | None = Field(description=f"The same for {titles(LOSS)}.")
    net_expected_arr: float | None = Field(
        description="ARR that the account is expected to change by: expansion less what is at risk."
    )
    decision: Decision | None = Field(
        default=None, description="What to do; null in scorings from before there were decisions."
    )
    reasons: TargetReasons
    reasons_note: str = NOTE
    versions: Versions
    age_days: int = Field(description="Days since the day the score speaks for.")
    stale: bool = Field(description="Newer scores are overdue, or may be there and unread.")


class ScoreRequest(Strict):
    """Accounts whose scores are asked for."""

    account_ids: list[AccountId] = Field(
        min_length=1, max_length=MOST_IDS, examples=[["a-000012", "a-000018"]]
    )


class ScoreBatch(Answer):
    """The scores that exist, and the accounts that have none."""

    scores: list[AccountScore]
    not_found: list[str]


class Live(Answer):
    """The process answers."""

    status: str = "live"


class Ready(Answer):
    """Whether scores can be given, and what is wrong where they can't."""

    status: str = Field(examples=["ready"])
    as_of: date | None = Field(description="Day of the newest scores.")
    stale: bool | None = Field(description="Newer scores are overdue, or may be there and unread.")
    release_id: str | None = Field(description="The release that passed its checks.")
    problems: list[str]


class Problem(BaseModel):
    """An error as RFC 9457 describes it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[str] = []
