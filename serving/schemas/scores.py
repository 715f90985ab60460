"""Scores over HTTP. Names are plain identifiers, since CRMs generate code from them."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from models.inference.expected_arr import GAIN, LOSS
from models.plays.prioritisation import Standing
from serving.schemas.by_target import ByTarget, titles

MOST_IDS = 1000
AccountId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""As the CRM or the source tables spell it; control characters are in no id."""

NOTE = (
    "Drivers explain the score before calibration. Contributions are log-odds; with the model's "
    "bias and the drivers not shown they add up to that score."
)


class Strict(BaseModel):
    """Unknown fields are refused, and numbers without end; nothing is taken for another type."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


def _dated(value: object) -> object:
    # Left to itself, Pydantic takes a number for seconds since 1970.
    written = isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value)
    if not (written or value is None or isinstance(value, date)):
        raise ValueError("write a date as in 2026-09-07")
    return value


Day = Annotated[date, BeforeValidator(_dated, json_schema_input_type=date), Field(strict=False)]
Moment = Annotated[datetime, BeforeValidator(_dated, json_schema_input_type=datetime)]


class Answer(BaseModel):
    """A response; fields that a newer version of the store adds are ignored."""


class Reason(Answer):
    """One driver: a feature's contribution to a score."""

    feature: str = Field(description="Column of the feature catalogue.")
    group: str = Field(description="Feature group.")
    text: str = Field(
        description="The driver as a sentence.",
        examples=["96 % of licensed seats active in the last 28 days; segment median 61 %"],
    )
    value: float | str | None = Field(description="Value of the account.")
    typical: float | str | None = Field(
        description="Median or most common value in training, of the segment if it is large enough."
    )
    contribution: float = Field(description="Log-odds before calibration.", examples=[0.42])


class GroupPart(Answer):
    """Contribution of a feature group to a score."""

    group: str = Field(description="Feature group.", examples=["usage"])
    contribution: float = Field(description="Log-odds before calibration.", examples=[-0.4])


class Reasons(Answer):
    """The drivers that increase (`up`) and decrease (`down`) the likelihood most."""

    up: list[Reason]
    down: list[Reason]
    groups: list[GroupPart] = Field(
        default=[], description="All features by group, largest contribution first."
    )


class TargetReasons(ByTarget[Reasons | None]):
    """Drivers by outcome; null without a model in use."""


class Probabilities(ByTarget[float | None]):
    """Calibrated probability of each outcome within the horizon.

    Null without a model in use, and where the outcome is decided.
    """

    examples = (0.31, 0.08, 0.02, 0.01)


class ModelVersions(ByTarget[str | None]):
    """Registered model version by outcome; null without a model in use."""

    examples = ("3", "1")


class Versions(Answer):
    """Provenance of a score."""

    scoring_id: str
    release_id: str | None = Field(description="Null where no model was in use.")
    data_fingerprint: str = Field(description="SHA-256 of the source tables.")
    models: ModelVersions


class Decision(Answer):
    """The recommended play; docs/plays.md explains each play."""

    play: str = Field(description="Recommended play.", examples=["fix_before_you_sell"])
    text: str = Field(
        description="Facts and advice, in the account's own numbers.",
        examples=["2 open escalated tickets. Resolve this first; make no offer until then."],
    )
    why: str = Field(
        description="Why a sale is on hold; empty if none is.",
        examples=["Expand on hold: 2 open escalated tickets"],
    )
    second: str | None = Field(description="Next best play.", examples=["expand"])
    at_stake: float | None = Field(
        description="ARR in play, net: the ARR that outreach is about; null if unknown.",
        examples=[4200.0],
    )
    standing: Standing = Field(description="On this week's list, or why not.")
    place: int | None = Field(description="Position on the CSM's list; null if not listed.")
    held_out: bool = Field(
        description="In the control group, which measures the effect of outreach."
    )


class Contracted(Answer):
    """What is signed or announced by the end of the horizon: certain, and no prediction."""

    arr: float | None = Field(description="ARR contracted for the end of the horizon.")
    gain: float | None = Field(
        description="By how much more is contracted than is paid today; not in expected expansion."
    )
    loss: float | None = Field(
        description="ARR lost by notice: by how much less is contracted than is paid today.",
        examples=[0.0],
    )
    effective_on: date | None = Field(
        description="Date of the last start or end that is contracted; null if nothing changes."
    )
    is_decided: bool = Field(
        description="All subscriptions are known to end: no probabilities, no what-if."
    )


LEAVES_OUT = (
    "Outcomes without a model in use: they are not in expected expansion and ARR at risk, which "
    "are null where no outcome of theirs has one."
)


class Ranking(Answer):
    """The account's place for an outcome without a model in use: an order, no probability."""

    target: str = Field(examples=["upsell"])
    by: Literal["rule", "logistic", "model"] = Field(
        description="What ranks: `rule`, the practitioner's simple rule, `logistic`, a logistic "
        "regression, or `model`, a model that is not proven yet or whose probabilities do not "
        "hold. Each is clear of chance on dates it had not seen."
    )
    position: int = Field(description="1 is the likeliest.", examples=[3])
    auc: float = Field(description="AUC on those dates.", examples=[0.64])
    auc_low: float = Field(description="Low end of its 95 % interval; above 0.5.")
    auc_high: float = Field(description="High end of its 95 % interval.")


class AccountScore(Answer):
    """The newest score of an account."""

    account_id: str = Field(examples=["a-000012"])
    name: str = Field(examples=["Amber Falcon Logistics"])
    csm_id: str | None = Field(examples=["csm-07"])
    segment: str | None
    as_of: date = Field(
        description="Date of the score: features use data before it, outcomes count from it."
    )
    scored_at: datetime = Field(description="Time of the scoring, UTC.")
    horizon_days: int = Field(description="Days within which the outcomes count.", examples=[91])
    currency: str = Field(examples=["EUR"])
    arr: float | None = Field(description="Annual recurring revenue.")
    rank: int = Field(
        description="Rank among all accounts by expected expansion ARR; 1 is the highest. Accounts "
        "whose outcome is decided come last."
    )
    probabilities: Probabilities
    expected_expansion_arr: float | None = Field(
        description=f"Probability times typical amount, for {titles(GAIN)} together; null if "
        "unknown."
    )
    arr_at_risk: float | None = Field(
        description="ARR lost by notice, plus probability times typical amount of the rest, for "
        f"{titles(LOSS)} together; null if unknown."
    )
    net_expected_arr: float | None = Field(
        description="Net expected change in ARR: expected expansion and contracted gain, less ARR "
        "at risk."
    )
    leaves_out: list[str] = Field(default=[], description=LEAVES_OUT, examples=[["churn"]])
    contracted: Contracted | None = Field(
        default=None, description="Null in scorings from before it was stored."
    )
    decision: Decision | None = Field(
        default=None, description="Recommended play; null in scorings from before plays existed."
    )
    rankings: list[Ranking] = Field(
        default=[], description="Places for outcomes without a model in use."
    )
    reasons: TargetReasons
    reasons_note: str = NOTE
    versions: Versions
    age_days: int | None = Field(
        description="Days since `as_of`; null while the server's clock is behind."
    )
    stale: bool | None = Field(
        description="Newer scores are overdue or cannot be read; null while the server's clock is "
        "behind."
    )


class ScoreRequest(Strict):
    """Accounts to look up."""

    account_ids: list[AccountId] = Field(
        min_length=1, max_length=MOST_IDS, examples=[["a-000012", "a-000018"]]
    )


class ScoreBatch(Answer):
    """The scores found, and the ids without a score."""

    scores: list[AccountScore]
    not_found: list[str]


class Live(Answer):
    """The process is running."""

    status: str = "live"


class Ready(Answer):
    """Whether scores can be served, and the problems if not."""

    status: str = Field(examples=["ready"])
    as_of: date | None = Field(description="Date of the newest scores.")
    stale: bool | None = Field(
        description="Newer scores are overdue or cannot be read; null while the server's clock is "
        "behind."
    )
    release_id: str | None = Field(description="Release in use.")
    problems: list[str]


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[str] = []
