"""The support tickets of one block: everyday ones, and those that were escalated."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipelines.synthetic.arrays import Array
from pipelines.synthetic.history import History
from pipelines.synthetic.tables.accounts import Chronicle, Columns
from pipelines.synthetic.tables.columns import dates, ids, rank
from pipelines.synthetic.world import NEVER, WEEK

SEVERITIES = ("low", "normal", "high", "urgent")
A_WEEK = 0.02
"""Tickets a week of an account with one person, growing with the root of the people."""


def tickets(chronicle: Chronicle, history: History) -> Columns:
    """Return every ticket; satisfaction is given at closing by about half of the people."""
    account, week, escalated = _openings(chronicle, history)
    rng, n = chronicle.rng, len(account)
    opened = week * WEEK + rng.integers(0, 5, n)
    opened = np.minimum(opened, np.maximum(history.end_day[account] - 1, week * WEEK))
    took = np.ceil(rng.exponential(5, n) * (1 + escalated)).astype(int)
    closed = np.where(opened + took < chronicle.clock.end_day, opened + took, NEVER)
    troubled = history.trouble[account, week] | escalated
    csat = np.clip(np.rint(rng.normal(np.where(troubled, 2.6, 4.1), 0.8)), 1, 5)
    severity = np.clip(rng.integers(0, 3, n) + escalated, 0, 3)
    silent = (rng.random(n) < 0.5) | (closed == NEVER)
    return {
        "ticket_id": ids("t", chronicle.numbers[account], rank(account)),
        "account_id": chronicle.account(account),
        "opened_on": dates(chronicle.clock, opened),
        "severity": np.array(SEVERITIES)[severity].tolist(),
        "escalated_on": dates(chronicle.clock, np.where(escalated, opened, NEVER)),
        "closed_on": dates(chronicle.clock, closed),
        "csat": pa.array(csat, mask=silent),
        "known_at": chronicle.known(opened),
    }


def _openings(chronicle: Chronicle, history: History) -> tuple[Array, Array, Array]:
    """Return account, week and whether it was escalated, sorted by account and week."""
    rate = A_WEEK * np.sqrt(history.activated) * (1 + 2.5 * history.trouble)
    count = chronicle.rng.poisson(rate)
    account, week = (np.repeat(at, count[count > 0]) for at in np.nonzero(count))
    note = chronicle.journal.read("escalation")
    account = np.concatenate([account, note["account"]])
    week = np.concatenate([week, note["week"]])
    escalated = np.arange(len(account)) >= len(account) - len(note["account"])
    order = np.lexsort((week, account))
    return account[order], week[order], escalated[order]
