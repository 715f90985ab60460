"""Messages for other systems, kept in the store until they are taken: none is lost or made twice.

A message follows from two scorings, and its id from what it says: making it again makes the same,
which is there already. Whoever sends one first puts it off a little; if they are killed, it falls
due again with the same id.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    select,
    update,
)

from models.store import erased_ids
from models.store.database import Database, has, insert_once
from models.store.events import Event
from models.store.play_changes import PlayChange, changes, history, not_yet
from models.store.scores import Scoring

State = Literal["due", "sent", "given_up"]
KEPT = 8
"""Sent messages of so many of the newest scorings stay."""
LEASE = timedelta(minutes=2)
"""For so long a message is with whoever took it; longer than sending can take."""

metadata = MetaData()
outbox = Table(
    "outbox",
    metadata,
    Column("message_id", String(40), primary_key=True),
    Column("endpoint", String(80), primary_key=True),
    Column("scoring_id", String(80), nullable=False),
    Column("account_id", String(200)),
    Column("event", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", DateTime, nullable=False),
    Column("said", Text, nullable=False),
    Index("outbox_by_state", "state", "endpoint", "due_at"),
)
noticed = Table(
    "outbox_noticed",
    metadata,
    Column("scoring_id", String(80), primary_key=True),
    Column("noticed_at", DateTime, nullable=False),
)
switched_off = Table(
    "outbox_switched_off",
    metadata,
    Column("endpoint", String(80), primary_key=True),
    Column("at", DateTime, nullable=False),
)


@dataclass(frozen=True)
class Message:
    """A message that was taken to be sent; ``attempts`` counts this one."""

    message_id: str
    endpoint: str
    body: str
    attempts: int


@dataclass(frozen=True)
class _Draft:
    message_id: str
    scoring_id: str
    account_id: str | None
    event: Event
    body: str


class Outbox:
    """Reads and writes the messages in the database of the score store.

    Raises
    ------
    UsageError
        When the URL names neither SQLite nor PostgreSQL.
    EnvironmentFailure
        From every method, when the database cannot be reached or says no.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def notice(self, wanted: Mapping[str, Collection[Event]], now: datetime) -> int:
        """Write what is new since the last time for each endpoint's events; return how much.

        ``now`` is UTC and naive, as are all times here.
        """
        with self._database.writing() as connection:
            metadata.create_all(connection)
            before = _count(connection)
            known = history(connection)
            seen = frozenset(connection.execute(select(noticed.c.scoring_id)).scalars())
            for older, newer in not_yet(known, seen):
                rows = list(_rows(_drafts(connection, older, newer), wanted, now))
                insert_once(connection, outbox, rows)
            marks = [{"scoring_id": one.scoring_id, "noticed_at": now} for one in known]
            insert_once(connection, noticed, marks)
            added = _count(connection) - before
            _forget(connection, [one.scoring_id for one in known[-KEPT:]])
            return added

    def take(self, endpoints: Collection[str], now: datetime) -> Message | None:
        """Take the message that has been due longest, so that nobody else sends it now."""
        due = select(outbox).where(outbox.c.state == "due", outbox.c.due_at <= now)
        due = due.where(outbox.c.endpoint.in_(endpoints))
        with self._database.writing() as connection:
            row = connection.execute(due.order_by(outbox.c.due_at, outbox.c.message_id)).first()
            if row is None:
                return None
            taken = {"attempts": row.attempts + 1, "due_at": now + LEASE}
            connection.execute(_mine(row.message_id, row.endpoint).values(**taken))
        return Message(row.message_id, row.endpoint, row.body, row.attempts + 1)

    def settle(
        self, message: Message, state: State, said: str, due_at: datetime | None = None
    ) -> None:
        """Write down how sending went; one that is to be sent again is due at ``due_at``."""
        told: dict[str, Any] = {"state": state, "said": said}
        if due_at is not None:
            told["due_at"] = due_at
        with self._database.writing() as connection:
            mine = _mine(message.message_id, message.endpoint)
            connection.execute(mine.values(**told))

    def switch_off(self, message: Message, now: datetime) -> None:
        """Send an endpoint nothing more; this message is due again once it is switched on."""
        with self._database.writing() as connection:
            row = {"endpoint": message.endpoint, "at": now}
            insert_once(connection, switched_off, [row])
            connection.execute(
                _mine(message.message_id, message.endpoint).values(due_at=now, said="410")
            )

    def switch_on(self, endpoint: str, now: datetime) -> None:
        """Send to an endpoint again, also what was given up."""
        with self._database.writing() as connection:
            metadata.create_all(connection)
            connection.execute(delete(switched_off).where(switched_off.c.endpoint == endpoint))
            again = update(outbox).where(outbox.c.endpoint == endpoint)
            again = again.where(outbox.c.state == "given_up")
            connection.execute(again.values(state="due", attempts=0, due_at=now))

    def off(self) -> frozenset[str]:
        """Return the endpoints that are switched off."""
        with self._database.reading() as connection:
            if not has(connection, switched_off):
                return frozenset()
            return frozenset(connection.execute(select(switched_off.c.endpoint)).scalars())

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many messages there are by endpoint and state."""
        query = select(outbox.c.endpoint, outbox.c.state, func.count())
        with self._database.reading() as connection:
            if not has(connection, outbox):
                return {}
            rows = connection.execute(query.group_by(outbox.c.endpoint, outbox.c.state))
            return {(endpoint, state): count for endpoint, state, count in rows}

    def next_due(self, endpoints: Collection[str]) -> datetime | None:
        """Return when the next message falls due."""
        first = select(func.min(outbox.c.due_at)).where(outbox.c.state == "due")
        with self._database.reading() as connection:
            query = first.where(outbox.c.endpoint.in_(endpoints))
            found: datetime | None = connection.execute(query).scalar()
            return found

    def close(self) -> None:
        """Close all connections."""
        self._database.close()


def _drafts(connection: Connection, older: Scoring, newer: Scoring) -> Iterator[_Draft]:
    told = {"scoring_id": newer.scoring_id, "as_of": newer.as_of.isoformat()}
    counted = {"accounts": newer.accounts, "release_id": newer.release_id}
    yield _draft("scores.published", newer, None, {**told, **counted}, "")
    moved = erased_ids.without(
        connection, list(changes(connection, older.scoring_id, newer.scoring_id))
    )
    for one in moved:
        data = {**told, "currency": newer.currency, **_told(one)}
        yield _draft("account.play_changed", newer, one.account_id, data, one.play)


def _draft(
    event: Event, scoring: Scoring, account_id: str | None, data: Mapping[str, Any], play: str
) -> _Draft:
    said = json.dumps([event, scoring.scoring_id, account_id, play])
    body = {"type": event, "timestamp": f"{scoring.created_at.isoformat()}Z", "data": data}
    return _Draft(
        message_id=f"msg_{sha256(said.encode()).hexdigest()[:32]}",
        scoring_id=scoring.scoring_id,
        account_id=account_id,
        event=event,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    )


def _told(one: PlayChange) -> dict[str, Any]:
    told = asdict(one)
    return {**told, "play_before": told.pop("before")}


def _rows(
    drafts: Iterator[_Draft], wanted: Mapping[str, Collection[Event]], now: datetime
) -> Iterator[dict[str, Any]]:
    fresh = {"state": "due", "attempts": 0, "due_at": now, "said": ""}
    for draft in drafts:
        for endpoint, events in wanted.items():
            if draft.event in events:
                yield {**asdict(draft), "endpoint": endpoint, **fresh}


def _mine(message_id: str, endpoint: str) -> Any:
    mine = update(outbox).where(outbox.c.message_id == message_id)
    return mine.where(outbox.c.endpoint == endpoint)


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(outbox)).scalar_one()


def _forget(connection: Connection, kept: Sequence[str]) -> None:
    old = delete(outbox).where(outbox.c.state == "sent", outbox.c.scoring_id.not_in(kept))
    connection.execute(old)
