"""One block of accounts from first to last week; blocks know nothing of each other.

A block's random numbers depend on the seed and its number alone, so the company is the same
however many blocks are worked on at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa

from features.contract import TABLES as CONTRACT
from pipelines.synthetic import traits
from pipelines.synthetic.event_log import Journal
from pipelines.synthetic.history import History
from pipelines.synthetic.population import Life
from pipelines.synthetic.state import first
from pipelines.synthetic.tables import accounts, contacts, tickets, usage, users
from pipelines.synthetic.tables.columns import dates
from pipelines.synthetic.tables.writer import known_before, table
from pipelines.synthetic.true_probabilities import OUTCOMES, Truth, look_ahead
from pipelines.synthetic.week import live, turn
from pipelines.synthetic.world import HORIZON_WEEKS, Clock, World

ACCOUNTS_A_BLOCK = 500
TRAITS, LIFE, TABLES, FUTURE = range(4)


@dataclass(frozen=True)
class Order:
    """What a block needs to know: its place, its first account, its size, the seed, the world."""

    block: int
    first: int
    accounts: int
    seed: int
    world: World
    clock: Clock

    def rng(self, purpose: int, stream: int = 0) -> np.random.Generator:
        """Return the stream of random numbers of one purpose."""
        seeds = np.random.SeedSequence(self.seed, spawn_key=(self.block, purpose, stream))
        return np.random.Generator(np.random.SFC64(seeds))

    def strains(self) -> list[float]:
        """Return what is on all accounts alike in each week: the same in every block."""
        quarters = -(-(self.clock.weeks + HORIZON_WEEKS + 1) // HORIZON_WEEKS)
        drawn = np.random.default_rng([self.seed, quarters]).standard_normal(quarters)
        return np.repeat(self.world.swing * drawn, HORIZON_WEEKS).tolist()


def run(order: Order) -> dict[str, pa.Table]:
    """Return the block's part of every table, products apart."""
    life, history, truths = _live(order)
    chronicle = accounts.Chronicle(
        world=order.world,
        clock=order.clock,
        numbers=order.first + np.arange(order.accounts),
        traits=life.traits,
        journal=life.journal,
        rng=order.rng(TABLES),
    )
    people = users.persons(history)
    names = users.user_ids(chronicle, people)
    columns = {
        "accounts": accounts.accounts(chronicle),
        "subscriptions": accounts.subscriptions(chronicle),
        "users": users.users(chronicle, people, names),
        "contacts": contacts.contacts(chronicle),
        "milestones": accounts.milestones(chronicle),
        "tickets": tickets.tickets(chronicle, history),
        "org_units": accounts.org_units(chronicle),
        "usage_daily": usage.usage(chronicle, history, people, names),
        "truth": _truth(chronicle, truths),
    }
    parts = {name: table(name, values) for name, values in columns.items()}
    # The tables are taken on the evening of the first day that is not complete.
    taken = order.clock.end + timedelta(days=1)
    return {
        name: known_before(rows, name, taken) if name in CONTRACT else rows
        for name, rows in parts.items()
    }


def _live(order: Order) -> tuple[Life, History, list[Truth]]:
    """Live all weeks, looking ahead from every snapshot."""
    clock, rng = order.clock, order.rng(TRAITS)
    drawn = traits.draw(rng, order.accounts, order.world, clock)
    state = first(drawn, rng, order.world)
    life = Life(order.world, drawn, state, order.rng(LIFE), Journal(), order.strains())
    history = History.empty(order.accounts, clock.weeks)
    snapshots, truths = set(clock.snapshot_weeks()), []
    for week in range(clock.weeks + 1):
        if week in snapshots:
            truths.append(look_ahead(life, week, order.rng(FUTURE, week)))
        if week < clock.weeks:
            live(life, week)
            history.keep(state, week)
            turn(life, week)
    return life, history, truths


def _truth(chronicle: accounts.Chronicle, truths: list[Truth]) -> accounts.Columns:
    account = np.concatenate([t.account for t in truths])
    week = np.repeat([t.week for t in truths], [len(t.account) for t in truths])
    p = {name: np.concatenate([t.p[name] for t in truths]) for name in OUTCOMES}
    return {
        "account_id": chronicle.account(account),
        "as_of": dates(chronicle.clock, week * 7),
        **{f"p_{name}_next_91d": pa.array(v, from_pandas=True) for name, v in p.items()},
    }
