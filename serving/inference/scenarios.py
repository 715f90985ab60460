"""What a named change does to an account's features: several of them move together.

A scenario is told as if it had come true the day before. It moves what follows by arithmetic and
leaves alone what only time can tell, such as whether new seats come to be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from features.errors import UsageError

Inputs = Mapping[str, Any]
Changes = dict[str, float | str | None]


def seats_change(inputs: Inputs, delta: float) -> Changes:
    """Return what changes when an account has ``delta`` seats more, or less.

    Nobody has been given the new seats yet; they cost what seats cost on average.

    Raises
    ------
    UsageError
        When it is not known how many seats there are, or none would be left.
    """
    seats = inputs.get("seats_licensed")
    if not seats:
        raise UsageError(
            "seats_delta: the account has no licensed seats on record; nothing it holds is priced "
            "by seats, or their number is unknown"
        )
    if seats + delta <= 0:
        raise UsageError(
            f"seats_delta: the account has {seats:g} licensed seats; at least one must remain"
        )
    changes = {
        "seats_licensed": seats + delta,
        **dict(_by_seats(inputs, seats, delta)),
        **dict(_by_money(inputs, delta)),
        **(_BOUGHT if delta > 0 else _GIVEN_BACK),
        **dict(_counted(inputs, "upsells_364d" if delta > 0 else "downsells_364d")),
    }
    return {name: value for name, value in changes.items() if name in inputs}


def champion_leaves(inputs: Inputs) -> Changes:
    """Return what changes when one of the account's champions leaves and nobody follows.

    Raises
    ------
    UsageError
        When no champion is known to be in place.
    """
    count = inputs.get("champions_count")
    if not count:
        raise UsageError("champion_leaves: the account has no active champion on record")
    remaining = count - 1
    departments = inputs.get("champions_departments")
    changes: Changes = {
        "champions_count": remaining,
        "champions_days_since_lost": 1.0,
        "has_champion_successor": 0.0,
        **dict(_counted(inputs, "champions_lost_364d")),
    }
    if departments is not None:
        changes["champions_departments"] = min(departments, remaining)
    if not remaining:
        changes["champions_usage_share_91d"] = None
    return {name: value for name, value in changes.items() if name in inputs}


_BOUGHT: Changes = {
    "seats_days_since_increase": 1.0,
    "upsell_days_since": 1.0,
    "seats_absorbed_since_increase": 0.0,
}
_GIVEN_BACK: Changes = {"seats_days_since_decrease": 1.0, "downsell_days_since": 1.0}
_SHARES = ("seats_activated_share", "seats_utilization_28d", "seats_utilization_91d")
_GROWTHS = ("seats_growth_91d", "seats_growth_364d")


def _by_seats(inputs: Inputs, seats: float, delta: float) -> Iterator[tuple[str, float]]:
    """Give what is counted against the seats."""
    factor = (seats + delta) / seats
    for name in _SHARES:
        if inputs.get(name) is not None:
            yield name, inputs[name] / factor
    for name in _GROWTHS:
        if inputs.get(name) is not None:
            yield name, (1 + inputs[name]) * factor - 1
    headroom, overage = inputs.get("seats_headroom"), inputs.get("seats_overage")
    if headroom is not None and overage is not None:
        spare = headroom - overage + delta
        yield "seats_headroom", max(spare, 0.0)
        yield "seats_overage", max(-spare, 0.0)
    if inputs.get("seats_whitespace_share") is not None and inputs.get("employees"):
        moved = inputs["seats_whitespace_share"] - delta / inputs["employees"]
        yield "seats_whitespace_share", min(max(moved, 0.0), 1.0)


def _by_money(inputs: Inputs, delta: float) -> Iterator[tuple[str, float]]:
    """Give what the seats cost."""
    arr, price = inputs.get("arr"), inputs.get("unit_price")
    if not arr or price is None:
        return
    gained = delta * price
    yield "arr", max(arr + gained, 0.0)
    if inputs.get("arr_growth_364d") is not None:
        yield "arr_growth_364d", max((1 + inputs["arr_growth_364d"]) * (arr + gained) / arr - 1, -1)
    if gained > 0 and inputs.get("arr_gained_364d") is not None:
        yield "arr_gained_364d", inputs["arr_gained_364d"] + gained


def _counted(inputs: Inputs, name: str) -> Iterator[tuple[str, float]]:
    """Give a count with one more."""
    if inputs.get(name) is not None:
        yield name, inputs[name] + 1
