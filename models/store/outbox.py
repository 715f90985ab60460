"""Messages for other systems, in the store until they are taken: none is lost or made twice.

A message follows from two scorings, and its id from what it says: making it again makes the same,
which is there already. Whoever sends one first puts it off a little; if they are killed, it falls
due again with the same id.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    String,
    Table,
    Text,
    delete,
    func,
    select,
    update,
)

from models.store import erased_ids
from models.store.database import Store, insert_once, metadata
from models.store.events import Event
from models.store.play_changes import changes, history, not_yet, withdrawals
from models.store.scores import Scoring, Withdrawal

State = Literal["due", "sent", "given_up"]
SCORINGS_WITH_SENT = 8
"""Sent messages of so many of the newest scorings stay."""
LEASE = timedelta(minutes=2)
"""For so long a message is with whoever took it; longer than sending can take."""

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


class Outbox(Store):
    """Reads and writes the messages in the database of the score store."""

    def notice(self, wanted: Mapping[str, Collection[Event]], now: datetime) -> int:
        """Write what is new since the last time for each endpoint's events; return how much.

        What a withdrawn scoring had to say is removed, and what differs from it is said.

        ``now`` is UTC and naive, as are all times here.
        """
        with self._database.writing() as connection:
            scorings = history(connection)
            compared = frozenset(connection.execute(select(noticed.c.scoring_id)).scalars())
            withdrawn = [pair for pair in withdrawals(connection) if pair[0].scoring_id in compared]
            _forget(connection, [scoring.scoring_id for scoring, _ in withdrawn])
            before = _count(connection)
            for older, newer in not_yet(scorings, compared):
                rows = list(_rows(_drafts(connection, older, newer), wanted, now))
                insert_once(connection, outbox, rows)
            if withdrawn and scorings:
                # Whoever was told of it holds its plays: what differs now is news to them.
                drafts = _corrections(connection, *withdrawn[-1], scorings[-1])
                insert_once(connection, outbox, list(_rows(drafts, wanted, now)))
            marks = [{"scoring_id": scoring.scoring_id, "noticed_at": now} for scoring in scorings]
            insert_once(connection, noticed, marks)
            added = _count(connection) - before
            newest = [scoring.scoring_id for scoring in scorings[-SCORINGS_WITH_SENT:]]
            is_old = outbox.c.scoring_id.not_in(newest)
            connection.execute(delete(outbox).where(outbox.c.state == "sent", is_old))
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
            connection.execute(_update(row.message_id, row.endpoint).values(**taken))
        return Message(row.message_id, row.endpoint, row.body, row.attempts + 1)

    def settle(
        self, message: Message, state: State, answer: str, due_at: datetime | None = None
    ) -> None:
        """Write down how sending went; one that is to be sent again is due at ``due_at``."""
        values: dict[str, Any] = {"state": state, "said": answer}
        if due_at is not None:
            values["due_at"] = due_at
        with self._database.writing() as connection:
            connection.execute(_update(message.message_id, message.endpoint).values(**values))

    def switch_off(self, message: Message, now: datetime) -> None:
        """Send an endpoint nothing more; this message is due again once it is switched on."""
        with self._database.writing() as connection:
            row = {"endpoint": message.endpoint, "at": now}
            insert_once(connection, switched_off, [row])
            again = _update(message.message_id, message.endpoint)
            connection.execute(again.values(due_at=now, said="410"))

    def switch_on(self, endpoint: str, now: datetime) -> None:
        """Send to an endpoint again, also what was given up."""
        with self._database.writing() as connection:
            connection.execute(delete(switched_off).where(switched_off.c.endpoint == endpoint))
            again = update(outbox).where(outbox.c.endpoint == endpoint)
            again = again.where(outbox.c.state == "given_up")
            connection.execute(again.values(state="due", attempts=0, due_at=now))

    def off(self) -> frozenset[str]:
        """Return the endpoints that are switched off."""
        with self._database.reading() as connection:
            if connection is None:
                return frozenset()
            return frozenset(connection.execute(select(switched_off.c.endpoint)).scalars())

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many messages there are by endpoint and state."""
        query = select(outbox.c.endpoint, outbox.c.state, func.count())
        with self._database.reading() as connection:
            if connection is None:
                return {}
            rows = connection.execute(query.group_by(outbox.c.endpoint, outbox.c.state))
            return {(endpoint, state): count for endpoint, state, count in rows}

    def next_due(self, endpoints: Collection[str]) -> datetime | None:
        """Return when the next message falls due."""
        first = select(func.min(outbox.c.due_at)).where(outbox.c.state == "due")
        with self._database.reading() as connection:
            if connection is None:
                return None
            query = first.where(outbox.c.endpoint.in_(endpoints))
            due_at: datetime | None = connection.execute(query).scalar()
            return due_at


def _drafts(connection: Connection, older: Scoring, newer: Scoring) -> Iterator[_Draft]:
    about = {"scoring_id": newer.scoring_id, "as_of": newer.as_of.isoformat()}
    size = {"accounts": newer.accounts, "release_id": newer.release_id}
    yield _draft("scores.published", newer, None, {**about, **size}, "")
    changed = list(changes(connection, older.scoring_id, newer.scoring_id))
    for change in erased_ids.without(connection, changed):
        data = {
            **about,
            "currency": newer.currency,
            **asdict(change),
            "play_before": change.before,
        }
        yield _draft("account.play_changed", newer, change.account_id, data, change.play)


def _corrections(
    connection: Connection, withdrawn: Scoring, withdrawal: Withdrawal, newest: Scoring
) -> Iterator[_Draft]:
    """Yield what is to be said after a scoring was withdrawn: the newest one and its plays."""
    for draft in _drafts(connection, withdrawn, newest):
        # Apart from what was said when the newest scoring was new, and later than that.
        identity = json.dumps([draft.message_id, withdrawn.scoring_id])
        body = json.loads(draft.body) | {"timestamp": f"{withdrawal.at.isoformat()}Z"}
        yield replace(draft, message_id=_message_id(identity), body=_json(body))


def _forget(connection: Connection, scoring_ids: Sequence[str]) -> None:
    """Remove the messages of scorings, sent or not; one that is restored is new again."""
    for table in (outbox, noticed):
        connection.execute(delete(table).where(table.c.scoring_id.in_(scoring_ids)))


def _draft(
    event: Event, scoring: Scoring, account_id: str | None, data: Mapping[str, Any], play: str
) -> _Draft:
    identity = json.dumps([event, scoring.scoring_id, account_id, play])
    body = {"type": event, "timestamp": f"{scoring.created_at.isoformat()}Z", "data": data}
    return _Draft(
        message_id=_message_id(identity),
        scoring_id=scoring.scoring_id,
        account_id=account_id,
        event=event,
        body=_json(body),
    )


def _message_id(identity: str) -> str:
    return f"msg_{sha256(identity.encode()).hexdigest()[:32]}"


def _json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _rows(
    drafts: Iterator[_Draft], wanted: Mapping[str, Collection[Event]], now: datetime
) -> Iterator[dict[str, Any]]:
    fresh = {"state": "due", "attempts": 0, "due_at": now, "said": ""}
    for draft in drafts:
        for endpoint, events in wanted.items():
            if draft.event in events:
                yield {**asdict(draft), "endpoint": endpoint, **fresh}


def _update(message_id: str, endpoint: str) -> Any:
    return update(outbox).where(outbox.c.message_id == message_id, outbox.c.endpoint == endpoint)


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(outbox)).scalar_one()
