"""The people with access: from the course of activated seats to persons with first and last days.

Seats are a stack: more access adds persons on top, less access takes the newest away. So the
first few levels are the experts of the first hour, who stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.synthetic.arrays import Array
from pipelines.synthetic.history import History
from pipelines.synthetic.tables.accounts import GREEN, Chronicle, Columns
from pipelines.synthetic.tables.columns import dates, ids, rank
from pipelines.synthetic.world import NEVER, UNITS, WEEK

LEVEL_BITS, WEEK_BITS = 16, 12
UNPLACED = 12
"""Of one in so many persons nobody has written down the department."""


@dataclass(frozen=True)
class Persons:
    """One row a person, sorted by ``key``: account, level in the stack, week of coming."""

    key: Array
    account: Array
    level: Array
    from_week: Array
    to_week: Array

    def at(self, account: Array, level: Array, week: Array) -> Array:
        """Return the row of who holds a level in a week."""
        row: Array = self.key.searchsorted(_key(account, level, week), side="right") - 1
        return row


def _key(account: Array, level: Array, week: Array) -> Array:
    key: Array = (
        (account.astype(np.int64) << (LEVEL_BITS + WEEK_BITS))
        | (level.astype(np.int64) << WEEK_BITS)
        | week
    )
    return key


def persons(history: History) -> Persons:
    """Pair each step up of the activated seats with the next step down of the same level."""
    before = np.pad(history.activated, ((0, 0), (1, 0)))
    step = np.diff(before.astype(np.int64), axis=1)
    rises = np.sort(_levels(before[:, :-1], step))
    falls = np.sort(_levels(before[:, :-1] + step, -step))
    mask = (1 << WEEK_BITS) - 1
    account = rises >> (LEVEL_BITS + WEEK_BITS)
    level = (rises >> WEEK_BITS) & ((1 << LEVEL_BITS) - 1)
    # The k-th fall of a level ends its k-th rise; a last rise without a fall goes on.
    to_week = np.full(len(rises), NEVER)
    to_week[rises.searchsorted(falls, side="right") - 1] = falls & mask
    return Persons(rises, account, level, rises & mask, to_week)


def _levels(low: Array, step: Array) -> Array:
    """Return one key for each level that a positive ``step`` from ``low`` passes."""
    account, week = np.nonzero(step > 0)
    size = step[account, week]
    owner = np.repeat(np.arange(len(size)), size)
    level = np.repeat(low[account, week], size) + rank(owner) - 1
    return _key(account[owner], level, week[owner])


def user_ids(chronicle: Chronicle, people: Persons) -> list[str]:
    """Return the identifier of each person."""
    return ids("u", chronicle.numbers[people.account], rank(people.account))


def users(chronicle: Chronicle, people: Persons, names: list[str]) -> Columns:
    """Return who had access when; that somebody lost it is known some days later."""
    first = people.from_week * WEEK
    gone = people.to_week < NEVER
    last = np.where(gone, people.to_week * WEEK + WEEK - 1, NEVER)
    expert = people.level < chronicle.traits.experts[people.account]
    lag = chronicle.rng.integers(0, 15, len(first))
    return {
        "user_id": names,
        "account_id": chronicle.account(people.account),
        "user_group": np.where(expert, "expert", "consumer").tolist(),
        "org_unit": _departments(chronicle, people, expert),
        "activated_on": dates(chronicle.clock, first),
        "deactivated_on": dates(chronicle.clock, last),
        "deactivated_known_on": dates(chronicle.clock, np.where(gone, last + lag, NEVER)),
        "known_at": chronicle.known(first),
    }


def _departments(chronicle: Chronicle, people: Persons, expert: Array) -> pa.Array:
    """Return where each person works: experts in the first department, others where it is used.

    Every second of them works in the department that was won last.
    """
    won = chronicle.journal.read("unit", "status")
    is_green = won["status"] == GREEN
    weeks = np.sort(_key(won["account"][is_green], np.array(0), won["week"][is_green]))
    before = _key(people.account, np.array(0), people.from_week)
    earlier = _key(people.account, np.array(0), np.array(0))
    more = weeks.searchsorted(before) - weeks.searchsorted(earlier)
    unit = np.where(people.level % 2 == 0, more, people.level // 2 % (more + 1))
    names = np.array(UNITS)[np.where(expert, 0, unit)]
    return pa.array(names.tolist(), mask=people.level % UNPLACED == UNPLACED - 1)
