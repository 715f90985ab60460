"""What an account's newest row says by itself, without a model: a sentence, or nothing."""

from __future__ import annotations

from models import guards
from models.case import Case
from pipelines.reporting.wording import plural

START_DAYS = 90
MINIMUM_BY, MINIMUM = 30, 0.1
"""An account that has not this share of its seats active by this day stands under a bad star."""
OUTCOME_BY = 60
"""Day from which a first measurable outcome is missed: without one by day 90, no upsell soon."""
SOON_DAYS = 182
"""What is signed, renewed or bought within half a year makes overselling a matter of now."""

Told = tuple[str, bool]
"""What there is to see about an account, and whether it comes before larger accounts."""


def champion(case: Case) -> Told | None:
    """Tell of a champion lost, going or away."""
    told = guards.champion_lost(case)
    left = int(case.number("champions_count") or 0)
    return (f"{told}; {left or 'none'} in place", False) if told else None


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
        told.append(f"{ahead:,.0f} more signed")
    if renewal is not None and 0 <= renewal <= SOON_DAYS:
        told.append(f"renewal in {plural(round(renewal), 'day')}")
    if bought is not None and bought <= SOON_DAYS:
        told.append(f"bought more {plural(round(bought), 'day')} ago")
    return told


def starting(case: Case, *, outcomes: bool) -> Told | None:
    """Hold the first 90 days against the journey; ``outcomes`` says that milestones are known."""
    age = case.number("adoption_age_days")
    if age is None or age > START_DAYS:
        return None
    use, behind = _use(case, age)
    told = [f"day {age:.0f}{use}"]
    reached = case.number("adoption_days_to_first_outcome")
    if reached is not None:
        told.append(f"first outcome on day {reached:.0f}")
    elif outcomes and age >= OUTCOME_BY:
        told.append(f"no first outcome, {plural(round(START_DAYS - age), 'day')} left")
        behind = True
    return "; ".join(told), behind


def _use(case: Case, age: float) -> Told:
    """Tell the use so far, and whether it is under the minimum."""
    active, seats = case.number("usage_active_users_28d"), case.number("seats_licensed")
    if active is None:
        return "", False
    of = f" of {seats:,.0f} seats" if seats and seats >= active else ""
    told = f", {active:,.0f}{of} active in the last 28 days" if active else ", no use yet"
    behind = age > MINIMUM_BY and active < max(1.0, MINIMUM * (seats or 0))
    return f"{told}, under a bad star" if behind else told, behind
