"""How an account's ARR at the end of a horizon comes about: contracted, labels, and named rests.

Rests are what labels leave out on purpose, unless the account leaves, which loses all:

- ``price``: a change of price alone, or the part of a change that its quantity does not explain,
  where the company does not count prices;
- ``later``: what was signed within the horizon and starts after it;
- ``renewed``: of what was signed within it, the part that only makes up for what was known to end;
- ``replaced``: a product that ended because another takes its place that was signed before, or
  is signed only after the horizon; and what a successor makes up for that was known to end;
- ``paused``: pauses, and ends by a new number, that were not announced on the day.
"""

from __future__ import annotations

from datetime import date, timedelta

from tests.oracle.changes import product_log
from tests.oracle.known import Account, Company, Row, arr, runs
from tests.oracle.labels import (
    Look,
    churned,
    decided,
    net,
    outcome,
    paid_periods,
    replaces,
    signature,
)

GAINS = ("upsell", "cross_sell")


def reconciled(
    company: Company, account_id: str, as_of: date, look_days: int, grace: int, prices: bool
) -> Row:
    """Return the ARR of the last day of the horizon, ``contracted`` and ``came``, and the rests."""
    look = Look(as_of, as_of + timedelta(days=look_days), grace)
    last_day = look.last - timedelta(days=1)
    known = Account(company, account_id, as_of, grace).paid()
    own = [p for p in company["subscriptions"] if p["account_id"] == account_id]
    periods = paid_periods(own, grace)
    log = product_log(periods, prices)
    contracted = arr([p for p in known if runs(p, last_day)])
    came = arr([p for p in periods if runs(p, last_day)])
    rests = dict.fromkeys(("price", "later", "renewed", "replaced"), 0.0)
    starts = [day for day in log if day["kind"] == "start"]
    stops = [day for day in log if day["kind"] == "stop"]
    for day in log:
        part = decided(day, look)
        if not part:
            continue
        others = {"start": stops, "stop": starts}.get(day["kind"], [])
        if [o for o in others if replaces(day, o, look.grace)]:
            rests["replaced"] += part["arr"] if day["day"] < look.last else 0.0
            continue
        amounts = outcome(day, part, log, look)
        counted = sum(amount if name in GAINS else -amount for name, amount in amounts)
        if day["day"] >= look.last:
            rests["later"] -= counted
        else:
            name = "renewed" if _partly_contracted(day, look) else "price"
            rests[name] += part["arr"] - counted
    rests["replaced"] -= net(starts, stops, look)
    if churned(own, known, 0.0, look):
        parts = [(day["day"], part["arr"]) for day in log if (part := decided(day, look))]
        rests = dict.fromkeys(rests, 0.0)
        rests["later"] = -sum(amount for day, amount in parts if day >= look.last)
    rests["paused"] = _contracted_truly(log, look) - contracted
    return {"contracted": contracted, "came": came, **rests}


def _partly_contracted(day: Row, look: Look) -> bool:
    """Say whether a part of a change was signed, or known to end, before."""
    return any(p["signed_on"] < look.as_of for p in day["starting"]) or any(
        _ends_as_contracted(day, p, look) for p in day["ending"]
    )


def _contracted_truly(log: list[Row], look: Look) -> float:
    """Return what would be paid on the last day if nothing were decided within the horizon."""
    total = 0.0
    for day in log:
        if day["day"] < look.last:
            total += arr([p for p in day["starting"] if p["signed_on"] < look.as_of])
            total -= arr([p for p in day["ending"] if _ends_as_contracted(day, p, look)])
    return total


def _ends_as_contracted(day: Row, ended: Row, look: Look) -> bool:
    signed, known = signature(day, ended), ended["ended_known_on"]
    if signed:
        return signed < look.as_of
    return bool(day["day"] < look.as_of or (known and known < look.as_of))
