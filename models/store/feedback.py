"""The decision log: what was done about an account, and how it went, for people and for training.

Like every fact it has two times: the day it happened and the moment it became known. An entry is
never changed; what turns out later is another entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    select,
)

from features.errors import DataError
from models.store import erased_ids
from models.store.database import Store, insert_once, metadata

Action = Literal["called", "emailed", "met", "offered", "trained", "escalated", "nothing"]
Outcome = Literal[
    "expanded", "renewed", "contracted", "churned", "declined", "postponed", "no_answer", "open"
]

feedback = Table(
    "feedback",
    metadata,
    # Writers take turns, so numbers grow as entries become visible; ids say nothing of it.
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("feedback_id", String(32), nullable=False, unique=True),
    Column("account_id", String(200), nullable=False),
    Column("play", String(80)),
    Column("scoring_id", String(80)),
    Column("action", String(40), nullable=False),
    Column("outcome", String(40), nullable=False),
    Column("amount", Float),
    Column("happened_on", Date, nullable=False),
    Column("by", String(200), nullable=False),
    Column("note", Text),
    Column("known_at", DateTime, nullable=False),
    Column("key_id", String(12), nullable=False),
    Column("digest", String(64), nullable=False),
    Index("feedback_by_account", "account_id", "number"),
)


class ErasedAccountError(DataError):
    """The account was erased: nothing may be kept of it any more."""


@dataclass(frozen=True)
class Feedback:
    """One entry of the decision log.

    ``play`` and ``scoring_id`` say what was proposed, where it followed a proposal; ``by`` who
    acted; ``amount`` the ARR won or lost. ``known_at`` is UTC and naive; ``key_id`` whose key
    brought it, and ``digest`` the sha256 of the request, by which a repeated one is recognised.
    ``number`` grows in the order of storing; 0 before.
    """

    feedback_id: str
    account_id: str
    play: str | None
    scoring_id: str | None
    action: Action
    outcome: Outcome
    amount: float | None
    happened_on: date
    by: str
    note: str | None
    known_at: datetime
    key_id: str
    digest: str
    number: int = 0

    def as_line(self) -> dict[str, Any]:
        """Return the entry as JSON-able values."""
        days = {"happened_on": self.happened_on.isoformat(), "known_at": self.known_at.isoformat()}
        return {**asdict(self), **days}

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> Feedback:
        """Return the entry that ``as_line`` described."""
        days = {
            "happened_on": date.fromisoformat(line["happened_on"]),
            "known_at": datetime.fromisoformat(line["known_at"]),
        }
        return cls(**{**line, **days})


class FeedbackStore(Store):
    """Reads and writes the decision log in the database of the score store."""

    def add(self, entry: Feedback) -> Feedback:
        """Store an entry and return it, or the one with its id that is there already.

        Raises
        ------
        ErasedAccountError
            When the account was erased.
        """
        with self._database.writing() as connection:
            if not erased_ids.without(connection, [entry]):
                raise ErasedAccountError(f"account {entry.account_id!r} was erased")
            insert_once(connection, feedback, [_row(entry)])
            query = select(feedback).where(feedback.c.feedback_id == entry.feedback_id)
            return Feedback(**connection.execute(query).one()._mapping)

    def write(self, entries: Sequence[Feedback]) -> None:
        """Store entries but those that are there, and those whose account was erased meanwhile."""
        with self._database.writing() as connection:
            accepted = erased_ids.without(connection, entries)
            insert_once(connection, feedback, [_row(entry) for entry in accepted])

    def read(
        self,
        account_id: str | None = None,
        since: datetime | None = None,
        after: int = 0,
        most: int = 100,
    ) -> list[Feedback]:
        """Return up to ``most`` entries stored ``after`` a number, in the order of storing.

        Whoever goes on after the last number misses nothing, not even what waited on a disk.
        """
        query = select(feedback).where(feedback.c.number > after)
        query = query.order_by(feedback.c.number).limit(most)
        if account_id is not None:
            query = query.where(feedback.c.account_id == account_id)
        if since is not None:
            query = query.where(feedback.c.known_at >= since)
        with self._database.reading() as connection:
            if connection is None:
                return []
            return [Feedback(**row._mapping) for row in connection.execute(query)]


def _row(entry: Feedback) -> dict[str, Any]:
    return {name: value for name, value in asdict(entry).items() if name != "number"}
