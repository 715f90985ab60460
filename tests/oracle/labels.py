"""The four labels and their ARR."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from tests.oracle.changes import day_log, product_log
from tests.oracle.known import Account, Company, Row, arr, followed, is_paid, over, quantity, runs


@dataclass(frozen=True)
class Look:
    """The days a label looks at: from ``as_of`` to ``last``, exclusive."""

    as_of: date
    last: date
    grace: int

    def holds(self, day: date) -> bool:
        return self.as_of <= day < self.last


def labels(
    company: Company,
    account_id: str,
    as_of: date,
    days: int,
    grace: int,
    through: date,
    price_changes: bool = False,
) -> Row:
    """Return the four labels and their ARR."""
    row: Row = {}
    is_open = _is_open(company, account_id, as_of, days, grace)
    periods = [p for p in company["subscriptions"] if p["account_id"] == account_id]
    look = Look(as_of, as_of + timedelta(days=days), grace)
    known = Account(company, account_id, as_of, grace).paid()
    found = _occurrences(periods, known, look, price_changes)
    for name, amounts in found.items():
        wait = days + (0 if name == "upsell" else grace)
        says = is_open and as_of + timedelta(days=wait) <= through
        row[f"{name}_next_{days}d"] = int(bool(amounts)) if says else None
        row[f"{name}_arr_next_{days}d"] = float(sum(amounts)) if says else None
    return row


def _is_open(company: Company, account_id: str, as_of: date, days: int, grace: int) -> bool:
    last = as_of + timedelta(days=days)
    contracted = [p for p in Account(company, account_id, as_of, grace).paid() if runs(p, last)]
    truly = [p for p in company["subscriptions"] if p["account_id"] == account_id]
    eve = as_of - timedelta(days=1)
    paid = [p for p in paid_periods(truly, grace) if runs(p, eve) or runs(p, as_of)]
    return bool(contracted and paid)


def paid_periods(periods: list[Row], grace: int) -> list[Row]:
    """Return the periods that were paid for, pauses of up to ``grace`` days closed."""
    return [p for p in followed(periods, grace) if is_paid(p)]


def _occurrences(
    periods: list[Row], known: list[Row], look: Look, price_changes: bool
) -> dict[str, list[float]]:
    log = product_log(paid_periods(periods, look.grace), price_changes)
    found: dict[str, list[float]] = {"upsell": [], "cross_sell": [], "downsell": [], "churn": []}
    starts = [day for day in log if day["kind"] == "start"]
    stops = [day for day in log if day["kind"] == "stop"]
    for day in log:
        part = decided(day, look)
        others = {"start": stops, "stop": starts}.get(day["kind"], [])
        if part and not [o for o in others if replaces(day, o, look.grace)]:
            for name, amount in outcome(day, part, log, look):
                found[name].append(amount)
    difference = net(starts, stops, look)
    if difference:
        found["upsell" if difference > 0 else "downsell"].append(abs(difference))
    parts = [part["arr"] for day in log if (part := decided(day, look))]
    lost = sum(found["upsell"]) + sum(found["cross_sell"]) - sum(parts)
    found["churn"] = churned(periods, known, max(lost, 0.0), look)
    if found["churn"]:
        found["downsell"] = []
    return found


def outcome(day: Row, part: Row, log: list[Row], look: Look) -> list[tuple[str, float]]:
    """Return the outcome of a decided part of a change, and its amount."""
    gain = max(min(part["arr"], worth(day, day)), 0.0)
    loss = max(min(-part["arr"], -worth(day, day)), 0.0)
    moved = part["moved"]
    if day["kind"] == "up" and moved > 1e-9:
        return [("upsell", gain)]
    if day["kind"] == "down" and moved < -1e-9:
        return [("downsell", loss)]
    if day["kind"] == "stop":
        return [("downsell", loss)]
    if day["kind"] == "start":
        ahead = any(p["signed_on"] < look.as_of for p in _bought(day, log))
        return [("upsell" if ahead else "cross_sell", gain)]
    return []


def _bought(start: Row, log: list[Row]) -> list[Row]:
    """Return the periods of the product that starts, until it is dropped."""
    periods: list[Row] = []
    for day in log:
        if day["product"] == start["product"] and day["day"] >= start["day"]:
            if day["day"] > start["day"] and day["kind"] == "start":
                break
            periods += day["starting"]
    return periods


# --- What was decided -----------------------------------------------------------------------------


def signature(day: Row, ended: Row) -> date | None:
    """Return the signature of what follows a period that ends on ``day``."""
    line = ended["subscription_id"]
    same = [p["signed_on"] for p in day["starting"] if p["subscription_id"] == line]
    gone = {p["subscription_id"] for p in day["ending"]}
    new = [p["signed_on"] for p in day["starting"] if p["subscription_id"] not in gone]
    return max(same or new, default=None)


def decided(day: Row, look: Look) -> Row | None:
    """Return the part of a change that was decided within the horizon, if there is one."""
    starting = [p for p in day["starting"] if look.holds(p["signed_on"])]
    ending = []
    for p in day["ending"]:
        signed = signature(day, p)
        announced = p["ended_known_on"] is not None and p["ended_known_on"] < look.as_of
        if look.holds(signed) if signed else look.holds(day["day"]) and not announced:
            ending.append(p)
    if not starting and not ending:
        return None
    part = {"more": quantity(starting) - quantity(ending), "arr": arr(starting) - arr(ending)}
    amount = worth(day, part)
    return {"arr": amount, "moved": part["arr"] if day["by_arr"] else part["more"]}


def worth(day: Row, part: Row) -> float:
    """Return the ARR of a part of a change; at its new price where the currency changed."""
    whole = quantity(day["starting"])
    if len(day["currencies"]) > 1 and whole:
        return float(part["more"] * (arr(day["starting"]) / whole))
    return float(part["arr"])


# --- Replacements ---------------------------------------------------------------------------------


def replaces(day: Row, other: Row, grace: int) -> bool:
    apart = abs((other["day"] - day["day"]).days)
    return bool(other["product"] != day["product"] and apart <= grace)


def net(starts: list[Row], stops: list[Row], look: Look) -> float:
    """Return how much ARR the replacements decided within the horizon brought, or cost."""
    gained: list[tuple[float, float]] = []
    currencies: set[str] = set()
    replaced: list[Row] = []
    for start in starts:
        part = decided(start, look)
        mine = [stop for stop in stops if replaces(start, stop, look.grace)]
        if part and mine:
            gained.append((part["arr"], worth(start, start)))
            currencies.add(max(start["currencies"]))
            replaced += [s for s in mine if s not in replaced and not _settled(s, starts, look)]
    lost = [(0.0 if _was_over(s, look) else s["arr"], s["arr"]) for s in replaced]
    currencies |= {max(stop["currencies"]) for stop in replaced}
    within = sum(amounts[0] for amounts in gained + lost)
    whole = sum(amounts[1] for amounts in gained + lost)
    if len(currencies) > 1 or abs(whole) < 0.005 or abs(within) < 0.005:
        return 0.0
    return min(within, whole) if min(within, whole) > 0 else min(max(within, whole), 0.0)


def _settled(stop: Row, starts: list[Row], look: Look) -> bool:
    """Say whether something signed before ``as_of`` replaces what stops."""
    mine = [start for start in starts if replaces(start, stop, look.grace)]
    return any(p["signed_on"] < look.as_of for start in mine for p in start["starting"])


def _was_over(stop: Row, look: Look) -> bool:
    known = [p["ended_known_on"] for p in stop["ending"] if p["ended_known_on"]]
    return bool(stop["day"] < look.as_of or (known and max(known) < look.as_of))


# --- Churn ----------------------------------------------------------------------------------------


def churned(periods: list[Row], known: list[Row], lost: float, look: Look) -> list[float]:
    """Return an amount for each time the account left: the last one has all that was lost."""
    days = day_log(paid_periods(periods, 0))
    amounts = []
    for number, day in enumerate(days):
        stops = bool(day["before"]) and not day["after"]
        if stops and look.holds(day["day"]):
            later = days[number + 1 :]
            if not later or (later[0]["day"] - _back(day["day"], known)).days > look.grace:
                amounts.append(0.0)
    return [*amounts[:-1], lost] if amounts else []


def _back(day: date, known: list[Row]) -> date:
    """Return the first day from ``day`` on which the account pays by what was known before."""
    later = [max(p["starts_on"], day) for p in known if not over(p, day)]
    return min(later, default=day)
