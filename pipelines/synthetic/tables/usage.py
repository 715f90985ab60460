"""Daily usage of one block: a row a person, function and day, without a loop over persons.

Each week of an account throws a Poisson number of darts at the cells (person, day, function);
a cell that is hit at least once is a row. That is a Bernoulli draw for every cell, at the cost of
the hits alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.synthetic.arrays import Array
from pipelines.synthetic.history import History
from pipelines.synthetic.tables.accounts import Chronicle, Columns
from pipelines.synthetic.tables.columns import coded, dates, ids, times
from pipelines.synthetic.tables.users import Persons
from pipelines.synthetic.world import ADD_ONS, CORE_FUNCTIONS, PRODUCTS, WEEK, Clock

FUNCTIONS = (*CORE_FUNCTIONS, *(f for p in ADD_ONS for f in p.functions))
PRODUCT_OF = np.array([0] * len(CORE_FUNCTIONS) + [1, 1, 2, 2, 3, 3])
FUNCTION_BITS, LEVEL_BITS, DAY_BITS = 4, 16, 12
EXPERT_WEEK, CONSUMER_WEEK, ADD_ON_WEEK = 8.5, 1.0, 1.2
"""Darts a week of a person at full engagement."""
RIPE, UNRIPE = np.float32(0.25), np.float32(0.0)
"""Weight in all use of the function that shows a need: while that is on the list, and while not."""
MANY = 25
"""Above so many consumers each is seen less often: a large base is used more thinly."""
WEEKDAYS = np.array([0] * 13 + [1] * 13 + [2] * 13 + [3] * 12 + [4] * 11 + [5] + [6], np.int64)


@dataclass(frozen=True)
class Stream:
    """One kind of use: (n, weeks) people, the first level in the stack, darts a week.

    ``mix`` is (n, weeks, k): cumulative shares of the functions that begin at ``function``.
    """

    people: Array
    bottom: Array
    darts: Array
    mix: Array
    function: int


def usage(chronicle: Chronicle, history: History, people: Persons, names: list[str]) -> Columns:
    """Return the usage rows, sorted by account, day, person and function."""
    cells = [_hits(chronicle, stream) for stream in _streams(chronicle, history)]
    cell = np.sort(np.concatenate(cells))
    keep = np.ones(len(cell), bool)
    keep[1:] = cell[1:] != cell[:-1]
    cell = cell[keep]
    account, day, level, function = _split(cell)
    is_customer = day < history.end_day[account]
    account, day, level, function = (a[is_customer] for a in (account, day, level, function))
    rng, n = chronicle.rng, len(account)
    who = people.at(account, level, day // WEEK)
    arrived = day + 1 + _lag(rng, n) + _backfill(chronicle, account, day)
    return {
        "account_id": coded(account, tuple(ids("a", chronicle.numbers))),
        "product_id": coded(PRODUCT_OF[function], tuple(p.product_id for p in PRODUCTS)),
        "feature": coded(function, FUNCTIONS),
        "day": dates(chronicle.clock, day),
        "events": 1.0 + np.floor(rng.standard_exponential(n, np.float32) * 1.8),
        "user_id": coded(who, tuple(names)),
        "active_users": pa.nulls(n, pa.int64()),
        "known_at": times(chronicle.clock, arrived, 3),
    }


def _streams(chronicle: Chronicle, history: History) -> Iterator[Stream]:
    """Return experts and consumers of the core product, then the people of each add-on."""
    weight = np.concatenate(
        [
            np.broadcast_to(np.array([0.5, 0.3], np.float32), (*history.activated.shape, 2)),
            np.where(history.ripe, RIPE, UNRIPE),
        ],
        axis=2,
    )
    mix = np.cumsum(weight, axis=2) / weight.sum(axis=2, keepdims=True)
    lively = history.engagement * _season(chronicle.clock)
    experts = np.minimum(history.activated, chronicle.traits.experts[:, None])
    consumers = history.activated - experts
    thin = np.minimum(1, (MANY / np.maximum(consumers, 1)) ** 0.6)
    none = np.zeros_like(experts)
    yield Stream(experts, none, EXPERT_WEEK * lively, mix, 0)
    yield Stream(consumers, experts, CONSUMER_WEEK * lively * thin, mix, 0)
    half = np.broadcast_to(np.array([0.6, 1.0], np.float32), (*history.activated.shape, 2))
    for j in range(len(ADD_ONS)):
        held = history.held[:, :, j]
        some = np.ceil(0.4 * history.activated)
        seats = np.minimum(held, history.activated) if ADD_ONS[j].price_metric == "seats" else some
        users = np.where(held > 0, seats, 0).astype(np.int32)
        rate = ADD_ON_WEEK * lively * chronicle.traits.appetite[:, j, None]
        rate = rate * np.minimum(1, (MANY / np.maximum(users, 1)) ** 0.6)
        yield Stream(users, none, rate, half, len(CORE_FUNCTIONS) + 2 * j)


def _hits(chronicle: Chronicle, stream: Stream) -> Array:
    """Throw the darts; return the cells hit, with repeats."""
    rng = chronicle.rng
    count = rng.poisson(stream.darts * stream.people).ravel()
    where = np.repeat(np.arange(len(count)), count)
    n = len(where)
    weeks = stream.people.shape[1]
    account, week = np.divmod(where, weeks)
    # The square root's opposite: lower levels are used more than higher ones.
    person = (stream.people.ravel()[where] * rng.random(n, np.float32) ** 1.2).astype(np.int64)
    level = stream.bottom.ravel()[where] + person
    day = week * WEEK + WEEKDAYS[rng.integers(0, len(WEEKDAYS), n, np.uint8)]
    mix = stream.mix.reshape(-1, stream.mix.shape[2])
    u = rng.random(n, np.float32)
    function = np.full(n, stream.function)
    for edge in range(mix.shape[1] - 1):
        function += u >= mix[where, edge]
    return _join(account, day, level, function)


def _join(account: Array, day: Array, level: Array, function: Array) -> Array:
    cell: Array = ((account << DAY_BITS | day) << LEVEL_BITS | level) << FUNCTION_BITS | function
    return cell


def _split(cell: Array) -> tuple[Array, Array, Array, Array]:
    function = cell & ((1 << FUNCTION_BITS) - 1)
    level = (cell >> FUNCTION_BITS) & ((1 << LEVEL_BITS) - 1)
    day = (cell >> (FUNCTION_BITS + LEVEL_BITS)) & ((1 << DAY_BITS) - 1)
    return cell >> (FUNCTION_BITS + LEVEL_BITS + DAY_BITS), day, level, function


def _season(clock: Clock) -> Array:
    """Return how lively each week is: quiet over New Year, a little in August."""
    monday = np.datetime64(clock.epoch, "D") + WEEK * np.arange(clock.weeks)
    day_of_year = (monday - monday.astype("datetime64[Y]")).astype(int)
    month = monday.astype("datetime64[M]").astype(int) % 12 + 1
    quiet = (day_of_year >= 354) | (day_of_year < 2)
    season: Array = np.where(quiet, 0.35, np.where(month == 8, 0.85, 1.0)).astype(np.float32)
    return season


def _lag(rng: np.random.Generator, n: int) -> Array:
    """Return days of delay: none for most rows, one to seven for about one in twenty-five."""
    draw = rng.integers(0, 256, n, np.uint8).astype(np.int64)
    return np.where(draw < 10, 1 + draw % 7, 0)


def _backfill(chronicle: Chronicle, account: Array, day: Array) -> Array:
    """Return the weeks by which a range of days of some accounts arrived late."""
    n, rng = len(chronicle.numbers), chronicle.rng
    start = rng.integers(0, chronicle.clock.end_day, n)
    length = rng.integers(5, 40, n) * (rng.random(n) < chronicle.world.backfill_share)
    arrives = start + length + rng.integers(7, 36, n)
    inside = (day >= start[account]) & (day < (start + length)[account])
    return np.where(inside, arrives[account] - day, 0)
