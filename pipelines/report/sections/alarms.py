"""What a CSM should see whatever the models say: champions, overselling, the first 90 days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from models.i18n.messages import Catalogue
from models.plays import guards
from models.plays.context import Case

if TYPE_CHECKING:
    from models.store.scores import StoredScore
    from pipelines.report.inputs import Inputs

MOST = 8


@dataclass(frozen=True)
class Alert:
    """One account and the sentence about it."""

    score: StoredScore
    text: str
    urgent: bool


@dataclass(frozen=True)
class Alerts:
    """The first accounts of one alarm, urgent ones before others and then by ARR.

    ``total`` counts all, ``urgent`` those that come first; ``has_data`` says whether
    the data holds what the alarm looks at.
    """

    total: int
    rows: tuple[Alert, ...]
    has_data: bool
    urgent: int = 0


def champions(inputs: Inputs, words: Catalogue) -> Alerts:
    """Accounts whose champion left, is about to, or is on a long leave."""
    return _alerts(inputs, words, "champions_count", champion_signal)


def oversold(inputs: Inputs, words: Catalogue) -> Alerts:
    """Accounts past their first 90 days that have activated less than half of what they pay for."""
    return _alerts(inputs, words, "seats_activated_share", oversold_signal)


def starting(inputs: Inputs, words: Catalogue) -> Alerts:
    """Accounts in their first 90 days against the journey, those behind first."""
    outcome = "adoption_days_to_first_outcome"
    reached = outcome in inputs.newest and bool(inputs.newest[outcome].notna().any())
    return _alerts(inputs, words, "adoption_age_days", partial(starting_signal, outcomes=reached))


def _alerts(
    inputs: Inputs, words: Catalogue, column: str, signal: Callable[[Case], Signal | None]
) -> Alerts:
    """Return the accounts whose newest row has the signal, the most pressing first."""
    frame = inputs.newest
    # A company without contacts has the column, too, and no champions at all.
    if column not in frame or not frame[column].fillna(0).ne(0).any():
        return Alerts(0, (), has_data=False)
    scores = {score.account_id: score for score in inputs.scores}
    alerts = []
    names = [name for name in SIGNAL_COLUMNS if name in frame]
    for values in frame[names].itertuples(index=False, name=None):
        row = dict(zip(names, values, strict=True))
        score = scores.get(str(row["account_id"]))
        reported = signal(inputs.case(row, words)) if score else None
        if score and reported:
            alerts.append(Alert(score, *reported))
    alerts.sort(key=_order)
    urgent = sum(alert.urgent for alert in alerts)
    return Alerts(len(alerts), tuple(alerts[:MOST]), has_data=True, urgent=urgent)


def _order(alert: Alert) -> tuple[bool, bool, float, str]:
    """Return what sorts urgent alerts first, then by ARR; an account without one comes last."""
    arr = alert.score.arr
    return (not alert.urgent, arr is None, -(arr or 0.0), alert.score.account_id)


START_DAYS = 90


MINIMUM_BY, MINIMUM = 30, 0.1
"""An account that has not this share of its seats active by this day has low early usage."""


OUTCOME_BY = 60
"""Day from which a first measurable outcome is missed: without one by day 90, no upsell soon."""


SOON_DAYS = 182
"""What is signed, renewed or bought within half a year makes overselling a matter of now."""


SIGNAL_COLUMNS = (
    "account_id", "adoption_age_days", "adoption_days_to_first_outcome", "champions_count",
    "champions_days_since_lost", "champions_going", "champions_on_leave", "has_champion_successor",
    "renewal_days", "seats_activated_share", "seats_contracted_ahead", "seats_days_since_increase",
    "seats_licensed", "seats_utilization_28d", "usage_active_users_28d",
)  # fmt: skip
"""What the signals look at."""


Signal = tuple[str, bool]
"""The sentence about an account, and whether it comes before larger accounts."""


def champion_signal(case: Case) -> Signal | None:
    """Report a champion lost, leaving or on long leave."""
    reason = guards.champion_lost(case)
    if reason is None:
        return None
    active = int(case.number("champions_count") or 0)
    remaining = case.several("in_place", active) if active else case.say("fact.none_in_place")
    return f"{reason}; {remaining}", False


def oversold_signal(case: Case) -> Signal | None:
    """Report seats that are paid for and not activated, past the first 90 days."""
    reason = guards.oversold(case)
    return ("; ".join([reason, *_why_now(case)]), False) if reason else None


def _why_now(case: Case) -> list[str]:
    """Return what makes unused seats a matter of now."""
    ahead, renewal, bought = (
        case.number(name)
        for name in ("seats_contracted_ahead", "renewal_days", "seats_days_since_increase")
    )
    reasons = []
    if ahead and ahead > 0:
        reasons.append(case.say("signal.more_signed", seats=case.words.number(ahead)))
    if renewal is not None and 0 <= renewal <= SOON_DAYS:
        reasons.append(case.say("fact.renewal", days=case.days(renewal)))
    if bought is not None and bought <= SOON_DAYS:
        reasons.append(case.say("signal.bought", days=case.days(bought)))
    return reasons


def starting_signal(case: Case, *, outcomes: bool) -> Signal | None:
    """Hold the first 90 days against the journey; ``outcomes`` says that milestones are known."""
    age = case.number("adoption_age_days")
    if age is None or age > START_DAYS:
        return None
    usage, behind = _early_usage(case, age)
    texts = [case.say("signal.day", day=case.words.number(age)) + usage]
    reached = case.number("adoption_days_to_first_outcome")
    if reached is not None:
        texts.append(case.say("signal.outcome", day=case.words.number(reached)))
    elif outcomes and age >= OUTCOME_BY:
        texts.append(case.say("signal.no_outcome", days=case.days(START_DAYS - age)))
        behind = True
    return "; ".join(texts), behind


def _early_usage(case: Case, age: float) -> Signal:
    """Return the usage so far, and whether it is under the minimum."""
    active, seats = case.number("usage_active_users_28d"), case.number("seats_licensed")
    if active is None:
        return "", False
    text = case.say("signal.no_use")
    if active:
        of_seats = bool(seats and seats >= active)
        values = {"active": case.words.number(active), "seats": case.words.number(seats or 0)}
        text = case.say("signal.active_of" if of_seats else "signal.active", **values)
    behind = age > MINIMUM_BY and active < max(1.0, MINIMUM * (seats or 0))
    return f"{text}{case.say('signal.low_early_usage')}" if behind else text, behind
