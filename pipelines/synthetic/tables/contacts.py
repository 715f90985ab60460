"""The contacts of one block: champions, blockers, sponsors, buyers, and when they come and go."""

from __future__ import annotations

import numpy as np

from pipelines.synthetic.arrays import Array
from pipelines.synthetic.behaviour.people import LEAVE_WEEKS
from pipelines.synthetic.state import SLOTS
from pipelines.synthetic.tables.accounts import Chronicle, Columns
from pipelines.synthetic.tables.columns import dates, ids, rank
from pipelines.synthetic.world import NEVER, UNITS, WEEK

ROLES = ("champion", "blocker", "buyer", "sponsor")
MOST_WEEKS = 100_000


def contacts(one: Chronicle) -> Columns:
    """Return each person's time in a role; losses are known days or weeks late."""
    come = _arrivals(one)
    left, left_known = _departures(one, come)
    leave, leave_known = _first(one, come, "leave", 10)
    looks, _ = _first(one, come, "looks", 0)
    part = rank(come["account"])
    unit = np.minimum(come["place"] % SLOTS, one.traits.units[come["account"]] - 1)
    return {
        "contact_id": ids("c", one.numbers[come["account"]], part),
        "account_id": one.account(come["account"]),
        "role": np.array(ROLES)[come["role"]].tolist(),
        "org_unit": np.array(UNITS)[unit].tolist(),
        "from_on": dates(one.clock, come["day"]),
        "left_on": dates(one.clock, left),
        "left_known_on": dates(one.clock, left_known),
        "leave_from": dates(one.clock, leave),
        "leave_to": dates(one.clock, np.where(leave < NEVER, leave + WEEK * LEAVE_WEEKS, NEVER)),
        "leave_known_on": dates(one.clock, leave_known),
        "looking_known_on": dates(one.clock, looks),
        "known_at": one.known(come["day"]),
    }


def _arrivals(one: Chronicle) -> dict[str, Array]:
    """Return who comes when, sorted by account, place and week.

    Champions hold the places 0 to 2, a blocker 3, the buyer 4 and the sponsor 5.
    """
    champion = one.journal.read("champion", "slot")
    blocker = one.journal.read("blocker")
    every = np.flatnonzero(one.traits.start_day < one.clock.end_day)
    sponsored = every[one.traits.slots[every] > 1]
    account = np.concatenate([champion["account"], blocker["account"], every, sponsored])
    start_week = one.traits.start_day // WEEK
    weeks = [champion["week"], blocker["week"], start_week[every], start_week[sponsored]]
    roles = np.repeat(np.arange(len(ROLES)), [len(w) for w in weeks])
    week = np.concatenate(weeks)
    place = np.where(roles == 0, 0, SLOTS - 1 + roles)
    place[: len(champion["slot"])] = champion["slot"]
    order = np.lexsort((week, place, account))
    day = np.maximum(week * WEEK + one.rng.integers(0, 5, len(week)), one.traits.start_day[account])
    found = {"account": account, "place": place, "week": week, "role": roles, "day": day}
    return {name: values[order] for name, values in found.items()}


def _key(account: Array, place: Array | int, week: Array) -> Array:
    key: Array = (account * (SLOTS + len(ROLES)) + place) * MOST_WEEKS + week
    return key


def _person(come: dict[str, Array], note: dict[str, Array], place: Array | int) -> Array:
    """Return which arrival a note is about: the last one in its place."""
    mine = _key(come["account"], come["place"], come["week"])
    found: Array = mine.searchsorted(_key(note["account"], place, note["week"]), side="right") - 1
    return found


def _departures(one: Chronicle, come: dict[str, Array]) -> tuple[Array, Array]:
    left, known = np.full(len(come["week"]), NEVER), np.full(len(come["week"]), NEVER)
    gone, unblocked = one.journal.read("gone", "slot"), one.journal.read("unblocked")
    for note, place in ((gone, gone.get("slot", 0)), (unblocked, SLOTS)):
        who = _person(come, note, place)
        day = note["week"] * WEEK + one.rng.integers(0, 5, len(who))
        left[who] = day
        known[who] = day + one.rng.integers(1, 36, len(who))
    return left, known


def _first(one: Chronicle, come: dict[str, Array], kind: str, lag: int) -> tuple[Array, Array]:
    """Return the day of a person's first note of ``kind`` and the day it was known."""
    day, known = np.full(len(come["week"]), NEVER), np.full(len(come["week"]), NEVER)
    note = one.journal.read(kind, "slot")
    backwards = {name: values[::-1] for name, values in note.items()}
    who = _person(come, backwards, backwards["slot"])
    day[who] = backwards["week"] * WEEK + one.rng.integers(0, 5, len(who))
    known[who] = day[who] + one.rng.integers(0, lag + 1, len(who))
    return day, known
