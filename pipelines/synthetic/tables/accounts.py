"""The contract's tables of one block of accounts, drawn from its journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.synthetic.arrays import Array
from pipelines.synthetic.event_log import Journal
from pipelines.synthetic.tables.columns import dates, ids, last_of, late, rank, times
from pipelines.synthetic.traits import Traits
from pipelines.synthetic.world import (
    INDUSTRIES,
    NEVER,
    PLANS,
    PRODUCTS,
    REGIONS,
    SEGMENTS,
    UNITS,
    WEEK,
    Clock,
    World,
)

STATUSES = ("red", "yellow", "green")
GREEN = STATUSES.index("green")
Columns = dict[str, Any]


@dataclass(frozen=True)
class Chronicle:
    """What a block's tables are written from; ``numbers`` are the accounts' numbers, (n,)."""

    world: World
    clock: Clock
    numbers: Array
    traits: Traits
    journal: Journal
    rng: np.random.Generator

    def account(self, index: Array) -> pa.Array:
        """Return the account identifiers of the rows ``index``."""
        return pa.array(ids("a", self.numbers)).take(pa.array(index))

    def known(self, day: Array, hour: int = 18) -> pa.Array:
        """Return arrival times of facts of ``day``, some of them days late."""
        return times(self.clock, late(self.rng, day, self.world.late_share), hour)


def accounts(chronicle: Chronicle) -> Columns:
    """Return versions of the accounts: as first written, then corrected or handed over."""
    n, rng, traits = len(chronicle.numbers), chronicle.rng, chronicle.traits
    start = chronicle.journal.read("start", "signed")
    created = np.full(n, NEVER)
    created[start["account"]] = start["signed"]
    guess = np.rint(traits.employees * np.exp(rng.normal(0, 0.1, n))).astype(np.int64)
    csm, csm_later = rng.integers(0, 40, n), rng.integers(0, 40, n)
    revised = created + rng.integers(200, 900, n)
    again = np.flatnonzero((rng.random(n) < 0.4) & (revised < chronicle.clock.end_day))
    index = np.concatenate([np.arange(n), again])
    second = np.arange(len(index)) >= n
    words = np.array(INDUSTRIES)[traits.industry]
    return {
        "account_id": chronicle.account(index),
        "name": [company_name(int(chronicle.numbers[i]), str(words[i])) for i in index],
        "created_on": dates(chronicle.clock, created[index]),
        "industry": words[index].tolist(),
        "region": np.array(REGIONS)[traits.region[index]].tolist(),
        "segment": np.array(SEGMENTS)[traits.segment[index]].tolist(),
        "employees": np.where(second, traits.employees[index], guess[index]),
        "csm_id": [f"csm-{c:02d}" for c in np.where(second, csm_later[index], csm[index])],
        "known_at": times(chronicle.clock, np.where(second, revised[index], created[index]), 9),
    }


def subscriptions(chronicle: Chronicle) -> Columns:
    """Return the periods of each line; a period ends where the next of its line starts."""
    note = chronicle.journal.read(
        "period", "product", "start", "signed", "quantity", "list_price", "unit_price", "plan"
    )
    order = np.lexsort((note["start"], note["product"], note["account"]))
    # An order replaces the tranche of a ramp that would start on the same day.
    order = order[last_of(*(note[name][order] for name in ("account", "product", "start")))]
    row = {name: values[order] for name, values in note.items()}
    signed_known = late(chronicle.rng, row["signed"], chronicle.world.late_share)
    line = row["account"] * len(PRODUCTS) + row["product"]
    ended, ended_known = _ends(chronicle, line, row, signed_known)
    core = row["product"] == 0
    plan = np.array(PLANS)[row["plan"]]
    return {
        "subscription_id": ids("s", chronicle.numbers[row["account"]], row["product"] + 1),
        "account_id": chronicle.account(row["account"]),
        "product_id": np.array([p.product_id for p in PRODUCTS])[row["product"]].tolist(),
        "plan": pa.array(plan.tolist(), mask=~core),
        "starts_on": dates(chronicle.clock, row["start"]),
        "term_ends_on": dates(chronicle.clock, row["term_end"]),
        "ended_on": dates(chronicle.clock, ended),
        "ended_known_on": dates(chronicle.clock, ended_known),
        "quantity": row["quantity"].astype(float),
        "unit_price": row["unit_price"].astype(float).round(2),
        "list_price": row["list_price"].astype(float).round(2),
        "currency": ["EUR"] * len(line),
        "signed_on": dates(chronicle.clock, row["signed"]),
        "known_at": times(chronicle.clock, signed_known, 18),
    }


def _ends(
    chronicle: Chronicle, line: Array, row: dict[str, Array], signed_known: Array
) -> tuple[Array, Array]:
    """Return for each period its end and the day that is known, ``NEVER`` where it runs on."""
    last = np.ones(len(line), bool)
    last[:-1] = line[1:] != line[:-1]
    ended = np.where(last, NEVER, np.roll(row["start"], -1))
    ended_known = np.where(last, NEVER, np.roll(signed_known, -1))
    lines = int(line.max()) + 1 if len(line) else 0
    stop, stop_known = np.full(lines, NEVER), np.full(lines, NEVER)
    end = chronicle.journal.read("end", "day", "known")
    for product in range(len(PRODUCTS)):
        at = end["account"] * len(PRODUCTS) + product
        held = at < lines
        stop[at[held]], stop_known[at[held]] = end["day"][held], end["known"][held]
    drop = chronicle.journal.read("drop", "product", "day")
    at = drop["account"] * len(PRODUCTS) + drop["product"]
    stop[at], stop_known[at] = drop["day"], drop["day"]
    return np.where(last, stop[line], ended), np.where(last, stop_known[line], ended_known)


def milestones(chronicle: Chronicle) -> Columns:
    """Return the steps reached: the start, the first outcome, the broad rollout."""
    start = np.flatnonzero(chronicle.traits.start_day < chronicle.clock.end_day)
    parts = [("go_live", start, chronicle.traits.start_day[start])]
    for kind in ("first_outcome", "broad_rollout"):
        note = chronicle.journal.read(kind, "day")
        parts.append((kind, note["account"], note["day"]))
    index = np.concatenate([p[1] for p in parts])
    day = np.concatenate([p[2] for p in parts])
    return {
        "account_id": chronicle.account(index),
        "milestone": [p[0] for p in parts for _ in p[1]],
        "reached_on": dates(chronicle.clock, day),
        "known_at": chronicle.known(day),
    }


def org_units(chronicle: Chronicle) -> Columns:
    """Return the account map: all departments at the start, then each change of status."""
    traits, clock = chronicle.traits, chronicle.clock
    account = np.repeat(np.arange(len(chronicle.numbers)), traits.units)
    unit = rank(account) - 1
    note = chronicle.journal.read("unit", "unit", "status")
    # Red and yellow are noted at the week's beginning, green with the order at its end.
    changed = note["week"] * WEEK + np.where(note["status"] == GREEN, 4, 0)
    index = np.concatenate([account, note["account"]])
    units = np.concatenate([unit, note["unit"]])
    status = np.concatenate([np.where(unit == 0, GREEN, 0), note["status"]])
    day = np.concatenate([traits.start_day[account], changed])
    weight = chronicle.rng.uniform(0.5, 1.5, (len(chronicle.numbers), len(UNITS)))
    share = weight / (weight * (np.arange(len(UNITS)) < traits.units[:, None])).sum(1)[:, None]
    people = np.rint(share * traits.potential[:, None]).astype(np.int64)
    return {
        "account_id": chronicle.account(index),
        "org_unit": np.array(UNITS)[units].tolist(),
        "headcount": people[index, units],
        "status": np.array(STATUSES)[status].tolist(),
        "changed_on": dates(clock, day),
        "known_at": chronicle.known(day),
    }


COLOURS = (
    "Amber", "Azure", "Copper", "Crimson", "Golden", "Indigo", "Ivory", "Jade",
    "Olive", "Pearl", "Russet", "Scarlet", "Silver", "Teal", "Umber", "Violet",
)  # fmt: skip


ANIMALS = (
    "Badger", "Beaver", "Bison", "Crane", "Dolphin", "Falcon", "Gecko", "Heron", "Ibex", "Kestrel",
    "Lynx", "Marten", "Narwhal", "Otter", "Panther", "Quail", "Raven", "Stork", "Tapir", "Walrus",
)  # fmt: skip


TRADES = {
    "logistics": ("Logistics", "Freight", "Forwarding"),
    "software": ("Software", "Systems", "Apps"),
    "health": ("Health", "Clinics", "Care"),
    "manufacturing": ("Works", "Machines", "Components"),
    "finance": ("Finance", "Leasing", "Payments"),
    "education": ("Academy", "Learning", "College"),
}


def company_name(number: int, industry: str) -> str:
    """Return the name of the account ``number``; repeats get a number of their own."""
    trades = TRADES[industry]
    words: Sequence[Sequence[str]] = (COLOURS, ANIMALS, trades)
    rest, chosen = number * 7919, []
    for choices in words:
        rest, at = divmod(rest, len(choices))
        chosen.append(choices[at])
    again = f" {rest % 1000}" if rest % 1000 else ""
    return " ".join(chosen) + again
