"""What an account's newest row says by itself, without a model: a sentence, or nothing."""

from __future__ import annotations

from models.plays import guards
from models.plays.context import Case

START_DAYS = 90
MINIMUM_BY, MINIMUM = 30, 0.1
"""An account that has not this share of its seats active by this day stands under a bad star."""
OUTCOME_BY = 60
"""Day from which a first measurable outcome is missed: without one by day 90, no upsell soon."""
SOON_DAYS = 182
"""What is signed, renewed or bought within half a year makes overselling a matter of now."""

COLUMNS = (
    "account_id", "adoption_age_days", "adoption_days_to_first_outcome", "champions_count",
    "champions_days_since_lost", "champions_going", "champions_on_leave", "has_champion_successor",
    "renewal_days", "seats_activated_share", "seats_contracted_ahead", "seats_days_since_increase",
    "seats_licensed", "seats_utilization_28d", "usage_active_users_28d",
)  # fmt: skip
"""What the signals look at."""

Told = tuple[str, bool]
"""What there is to see about an account, and whether it comes before larger accounts."""


def champion(case: Case) -> Told | None:
    """Tell of a champion lost, going or away."""
    told = guards.champion_lost(case)
    if told is None:
        return None
    left = int(case.number("champions_count") or 0)
    place = case.several("in_place", left) if left else case.say("fact.none_in_place")
    return f"{told}; {place}", False


def oversold(case: Case) -> Told | None:
    """Tell of seats that are paid for and not activated, past the first 90 days."""
    told = guards.oversold(case)
    return ("; ".join([told, *_pressing(case)]), False) if told else None


def _pressing(case: Case) -> list[str]:
    """Tell what makes unused seats a matter of now."""
    ahead, renewal, bought = (
        case.number(name)
        for name in ("seats_contracted_ahead", "renewal_days", "seats_days_since_increase")
    )
    told = []
    if ahead and ahead > 0:
        told.append(case.say("signal.more_signed", seats=case.words.number(ahead)))
    if renewal is not None and 0 <= renewal <= SOON_DAYS:
        told.append(case.say("fact.renewal", days=case.days(renewal)))
    if bought is not None and bought <= SOON_DAYS:
        told.append(case.say("signal.bought", days=case.days(bought)))
    return told


def starting(case: Case, *, outcomes: bool) -> Told | None:
    """Hold the first 90 days against the journey; ``outcomes`` says that milestones are known."""
    age = case.number("adoption_age_days")
    if age is None or age > START_DAYS:
        return None
    use, behind = _use(case, age)
    told = [case.say("signal.day", day=case.words.number(age)) + use]
    reached = case.number("adoption_days_to_first_outcome")
    if reached is not None:
        told.append(case.say("signal.outcome", day=case.words.number(reached)))
    elif outcomes and age >= OUTCOME_BY:
        told.append(case.say("signal.no_outcome", days=case.days(START_DAYS - age)))
        behind = True
    return "; ".join(told), behind


def _use(case: Case, age: float) -> Told:
    """Tell the use so far, and whether it is under the minimum."""
    active, seats = case.number("usage_active_users_28d"), case.number("seats_licensed")
    if active is None:
        return "", False
    told = case.say("signal.no_use")
    if active:
        known = bool(seats and seats >= active)
        values = {"active": case.words.number(active), "seats": case.words.number(seats or 0)}
        told = case.say("signal.active_of" if known else "signal.active", **values)
    behind = age > MINIMUM_BY and active < max(1.0, MINIMUM * (seats or 0))
    return f"{told}{case.say('signal.bad_star')}" if behind else told, behind
