"""What a named change does to an account's features: several of them move together.

A scenario is told as if it had come true the day before. It moves what follows by arithmetic and
leaves alone what only time can tell, such as whether new seats come to be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from features.errors import UsageError

Known = Mapping[str, Any]
Changes = dict[str, float | str | None]


def seats_change(known: Known, delta: float) -> Changes:
    """Return what changes when an account has ``delta`` seats more, or less.

    Nobody has been given the new seats yet; they cost what seats cost on average.

    Raises
    ------
    UsageError
        When it is not known how many seats there are, or none would be left.
    """
    seats = known.get("seats_licensed")
    if not seats:
        raise UsageError("seats_delta: it is not known how many seats the account has")
    if seats + delta <= 0:
        raise UsageError(f"seats_delta: the account has {seats:g} seats, none would be left")
    told = {
        "seats_licensed": seats + delta,
        **dict(_by_seats(known, seats, delta)),
        **dict(_by_money(known, delta)),
        **(_BOUGHT if delta > 0 else _GIVEN_BACK),
        **dict(_counted(known, "upsells_364d" if delta > 0 else "downsells_364d")),
    }
    return {name: value for name, value in told.items() if name in known}


def champion_leaves(known: Known) -> Changes:
    """Return what changes when one of the account's champions leaves and nobody follows.

    Raises
    ------
    UsageError
        When no champion is known to be in place.
    """
    count = known.get("champions_count")
    if not count:
        raise UsageError("champion_leaves: no champion is known to be in place")
    left = count - 1
    departments = known.get("champions_departments")
    told: Changes = {
        "champions_count": left,
        "champions_days_since_lost": 1.0,
        "has_champion_successor": 0.0,
        **dict(_counted(known, "champions_lost_364d")),
    }
    if departments is not None:
        told["champions_departments"] = min(departments, left)
    if not left:
        told["champions_usage_share_91d"] = None
    return {name: value for name, value in told.items() if name in known}


_BOUGHT: Changes = {
    "seats_days_since_increase": 1.0,
    "upsell_days_since": 1.0,
    "seats_absorbed_since_increase": 0.0,
}
_GIVEN_BACK: Changes = {"seats_days_since_decrease": 1.0, "downsell_days_since": 1.0}
_SHARES = ("seats_activated_share", "seats_utilization_28d", "seats_utilization_91d")
_GROWTHS = ("seats_growth_91d", "seats_growth_364d")


def _by_seats(known: Known, seats: float, delta: float) -> Iterator[tuple[str, float]]:
    """Give what is counted against the seats."""
    factor = (seats + delta) / seats
    for name in _SHARES:
        if known.get(name) is not None:
            yield name, known[name] / factor
    for name in _GROWTHS:
        if known.get(name) is not None:
            yield name, (1 + known[name]) * factor - 1
    headroom, overage = known.get("seats_headroom"), known.get("seats_overage")
    if headroom is not None and overage is not None:
        spare = headroom - overage + delta
        yield "seats_headroom", max(spare, 0.0)
        yield "seats_overage", max(-spare, 0.0)
    if known.get("seats_whitespace_share") is not None and known.get("employees"):
        moved = known["seats_whitespace_share"] - delta / known["employees"]
        yield "seats_whitespace_share", min(max(moved, 0.0), 1.0)


def _by_money(known: Known, delta: float) -> Iterator[tuple[str, float]]:
    """Give what the seats cost."""
    arr, price = known.get("arr"), known.get("unit_price")
    if not arr or price is None:
        return
    gained = delta * price
    yield "arr", max(arr + gained, 0.0)
    if known.get("arr_growth_364d") is not None:
        yield "arr_growth_364d", max((1 + known["arr_growth_364d"]) * (arr + gained) / arr - 1, -1)
    if gained > 0 and known.get("arr_gained_364d") is not None:
        yield "arr_gained_364d", known["arr_gained_364d"] + gained


def _counted(known: Known, name: str) -> Iterator[tuple[str, float]]:
    """Give a count with one more."""
    if known.get(name) is not None:
        yield name, known[name] + 1
