"""The inputs of an account's score, arranged for a CSM; unknown stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

DAYS = (30, 60, 90, 180)
MEASURED = (90, 180)
"""Days by which outcome and rollout are looked at."""
State = Literal["reached", "late", "ahead", "unknown"]
Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One day of the journey; figures are ``None`` where not known, or not asked on that day."""

    day: int
    state: State
    active: float | None
    access: float | None
    functions: float | None
    outcome: bool | None
    rollout: bool | None


def journey(inputs: Inputs) -> list[Step]:
    """Return what had been reached by each day of the adoption journey."""
    return [_step(inputs, day) for day in DAYS]


def _step(inputs: Inputs, day: int) -> Step:
    age = inputs.get("adoption_age_days")
    active = inputs.get(f"adoption_active_users_by_day_{day}")
    outcome, rollout = (
        _flag(inputs, f"has_{name}_by_day_{day}") if day in MEASURED else None
        for name in ("first_outcome", "broad_rollout")
    )
    reached = outcome if day in MEASURED else None if active is None else active > 0
    return Step(
        day,
        _state(age, day, reached=reached),
        active,
        inputs.get(f"adoption_activated_by_day_{day}"),
        inputs.get(f"adoption_functions_used_by_day_{day}"),
        outcome,
        rollout,
    )


def _state(age: float | None, day: int, *, reached: bool | None) -> State:
    if age is not None and age < day:
        return "ahead"
    if reached is None:
        return "unknown"
    return "reached" if reached else "late"


def _flag(inputs: Inputs, name: str) -> bool | None:
    value = inputs.get(name)
    return None if value is None else bool(value)


@dataclass(frozen=True)
class Seats:
    """Seats paid for, with access, and used in the last 28 days; beside their shares (0 to 1).

    ``are_none`` where nothing is priced by seats: then people are counted, and no seats.
    """

    licensed: float | None
    activated: float | None
    active: float | None
    are_none: bool = False

    def share(self, seats: float | None) -> float | None:
        """Return a part of the licensed seats, at most all of them."""
        return min(seats / self.licensed, 1.0) if self.licensed and seats is not None else None


def seats(inputs: Inputs) -> Seats:
    """Return the seats of an account."""
    return Seats(
        licensed=inputs.get("seats_licensed"),
        activated=inputs.get("seats_activated"),
        active=inputs.get("usage_active_users_28d"),
        are_none="seats_licensed" in inputs and not inputs["seats_licensed"],
    )


def champions(inputs: Inputs) -> dict[str, float | None]:
    """Return the counts of champions, none of them by name."""
    names = ("count", "departments", "going", "on_leave", "lost_364d", "days_since_lost")
    return {name: inputs.get(f"champions_{name}") for name in names}


def departments(inputs: Inputs) -> dict[str, float] | None:
    """Return the departments by status, and the shares, where the account map is known."""
    count = inputs.get("departments_known")
    shares = [inputs.get(f"departments_{name}_share") for name in ("green", "yellow")]
    if not count or any(share is None for share in shares):
        return None
    green, yellow = (float(share) for share in shares if share is not None)
    by_status = {"green": green, "yellow": yellow, "red": max(1 - green - yellow, 0.0)}
    return {name: round(share * count) for name, share in by_status.items()} | {"count": count}
