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


def contacts(chronicle: Chronicle) -> Columns:
    """Return each person's time in a role; losses are known days or weeks late."""
    come = _arrivals(chronicle)
    left_on, left_known_on = _departures(chronicle, come)
    leave, leave_known = _first(chronicle, come, "leave", 10)
    looks, _ = _first(chronicle, come, "looks", 0)
    contact_number = rank(come["account"])
    unit = np.minimum(come["place"] % SLOTS, chronicle.traits.units[come["account"]] - 1)
    return {
        "contact_id": ids("c", chronicle.numbers[come["account"]], contact_number),
        "account_id": chronicle.account(come["account"]),
        "role": np.array(ROLES)[come["role"]].tolist(),
        "org_unit": np.array(UNITS)[unit].tolist(),
        "from_on": dates(chronicle.clock, come["day"]),
        "left_on": dates(chronicle.clock, left_on),
        "left_known_on": dates(chronicle.clock, left_known_on),
        "leave_from": dates(chronicle.clock, leave),
        "leave_to": dates(
            chronicle.clock, np.where(leave < NEVER, leave + WEEK * LEAVE_WEEKS, NEVER)
        ),
        "leave_known_on": dates(chronicle.clock, leave_known),
        "looking_known_on": dates(chronicle.clock, looks),
        "known_at": chronicle.known(come["day"]),
    }


def _arrivals(chronicle: Chronicle) -> dict[str, Array]:
    """Return who comes when, sorted by account, place and week.

    Champions hold the places 0 to 2, a blocker 3, the buyer 4 and the sponsor 5.
    """
    champion = chronicle.journal.read("champion", "slot")
    blocker = chronicle.journal.read("blocker")
    every = np.flatnonzero(chronicle.traits.start_day < chronicle.clock.end_day)
    sponsored = every[chronicle.traits.slots[every] > 1]
    account = np.concatenate([champion["account"], blocker["account"], every, sponsored])
    start_week = chronicle.traits.start_day // WEEK
    weeks = [champion["week"], blocker["week"], start_week[every], start_week[sponsored]]
    roles = np.repeat(np.arange(len(ROLES)), [len(w) for w in weeks])
    week = np.concatenate(weeks)
    place = np.where(roles == 0, 0, SLOTS - 1 + roles)
    place[: len(champion["slot"])] = champion["slot"]
    order = np.lexsort((week, place, account))
    day = np.maximum(
        week * WEEK + chronicle.rng.integers(0, 5, len(week)), chronicle.traits.start_day[account]
    )
    arrivals = {"account": account, "place": place, "week": week, "role": roles, "day": day}
    return {name: values[order] for name, values in arrivals.items()}


def _key(account: Array, place: Array | int, week: Array) -> Array:
    key: Array = (account * (SLOTS + len(ROLES)) + place) * MOST_WEEKS + week
    return key


def _arrival_of(come: dict[str, Array], note: dict[str, Array], place: Array | int) -> Array:
    """Return which arrival a note is about: the last one in its place."""
    keys = _key(come["account"], come["place"], come["week"])
    arrival: Array = keys.searchsorted(_key(note["account"], place, note["week"]), side="right") - 1
    return arrival


def _departures(chronicle: Chronicle, come: dict[str, Array]) -> tuple[Array, Array]:
    left_on, known_on = np.full(len(come["week"]), NEVER), np.full(len(come["week"]), NEVER)
    gone, unblocked = chronicle.journal.read("gone", "slot"), chronicle.journal.read("unblocked")
    for note, place in ((gone, gone.get("slot", 0)), (unblocked, SLOTS)):
        who = _arrival_of(come, note, place)
        day = note["week"] * WEEK + chronicle.rng.integers(0, 5, len(who))
        left_on[who] = day
        known_on[who] = day + chronicle.rng.integers(1, 36, len(who))
    return left_on, known_on


def _first(
    chronicle: Chronicle, come: dict[str, Array], kind: str, lag: int
) -> tuple[Array, Array]:
    """Return the day of a person's first note of ``kind`` and the day it was known."""
    day, known_on = np.full(len(come["week"]), NEVER), np.full(len(come["week"]), NEVER)
    note = chronicle.journal.read(kind, "slot")
    backwards = {name: values[::-1] for name, values in note.items()}
    who = _arrival_of(come, backwards, backwards["slot"])
    day[who] = backwards["week"] * WEEK + chronicle.rng.integers(0, 5, len(who))
    known_on[who] = day[who] + chronicle.rng.integers(0, lag + 1, len(who))
    return day, known_on
