"""The score store: what every account was last scored, for the API, the report and the CRM.

SQLite by default, PostgreSQL by URL. A scoring is written in one transaction: readers see the old
one or the new one, never half. Writing the same scoring again replaces it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    delete,
    insert,
    select,
)

from models.database import Database

BATCH = 2000

metadata = MetaData()
scorings = Table(
    "scorings",
    metadata,
    Column("scoring_id", String(80), primary_key=True),
    Column("as_of", Date, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("release_id", String(40), nullable=False),
    Column("data_fingerprint", String(64), nullable=False),
    Column("horizon_days", Integer, nullable=False),
    Column("accounts", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("models", JSON, nullable=False),
)
scores = Table(
    "scores",
    metadata,
    Column("scoring_id", String(80), primary_key=True),
    Column("account_id", String(200), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("name", String(400), nullable=False),
    Column("csm_id", String(200)),
    Column("segment", String(200)),
    Column("arr", Float),
    Column("expected_expansion_arr", Float),
    Column("arr_at_risk", Float),
    Column("probabilities", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),
    Index("scores_by_rank", "scoring_id", "rank"),
)


@dataclass(frozen=True)
class Scoring:
    """One run of ``score``: which data, which release, when.

    ``created_at`` is UTC and naive; ``models`` holds each target's registered version.
    """

    scoring_id: str
    as_of: date
    created_at: datetime
    release_id: str
    data_fingerprint: str
    horizon_days: int
    accounts: int
    currency: str
    models: Mapping[str, Any]


@dataclass(frozen=True)
class AccountScore:
    """What one account was scored: probabilities by target, money, and reasons by target.

    Amounts are in the scoring's currency a year, ``None`` where unknown; ``rank`` 1 is best.
    ``reasons[target]["up" | "down"]`` lists what raises and lowers the score.
    """

    account_id: str
    rank: int
    name: str
    csm_id: str | None
    segment: str | None
    arr: float | None
    expected_expansion_arr: float | None
    arr_at_risk: float | None
    probabilities: Mapping[str, float]
    reasons: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]


@dataclass(frozen=True)
class StoredScore(AccountScore):
    """An account's score with the scoring it comes from."""

    scoring: Scoring


class ScoreStore:
    """Reads and writes scores at an SQLAlchemy URL.

    Raises
    ------
    UsageError
        When the URL names neither SQLite nor PostgreSQL.
    EnvironmentFailure
        From every method, when the database cannot be reached or says no.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def write(self, scoring: Scoring, rows: Iterable[AccountScore]) -> None:
        """Write a scoring with all its rows, in place of one with the same id.

        Raises
        ------
        DataError
            When an account comes twice, or a probability or reason is not a number.
        """
        same = scoring.scoring_id
        with self._database.writing() as connection:
            metadata.create_all(connection)
            connection.execute(delete(scores).where(scores.c.scoring_id == same))
            connection.execute(delete(scorings).where(scorings.c.scoring_id == same))
            remaining = iter(rows)
            while batch := list(islice(remaining, BATCH)):
                values = [{"scoring_id": same, **_plain(one)} for one in batch]
                connection.execute(insert(scores), values)
            created_at = _naive_utc(scoring.created_at)
            connection.execute(insert(scorings), [{**asdict(scoring), "created_at": created_at}])

    def newest(self) -> Scoring | None:
        """Return the newest scoring, or ``None`` when nothing has been scored yet."""
        with self._database.reading() as connection:
            return _newest(connection)

    def account(self, account_id: str) -> StoredScore | None:
        """Return the newest score of an account, or ``None`` when it has none."""
        return self.accounts([account_id]).get(account_id)

    def accounts(self, account_ids: Sequence[str]) -> dict[str, StoredScore]:
        """Return the newest scores of those of ``account_ids`` that have one."""
        query = select(scores).where(scores.c.account_id.in_(account_ids))
        return {one.account_id: one for one in self._read(query)}

    def top(self, count: int) -> list[StoredScore]:
        """Return the ``count`` best ranked accounts of the newest scoring."""
        return self._read(select(scores).order_by(scores.c.rank).limit(count))

    def all(self) -> list[StoredScore]:
        """Return every account of the newest scoring by its rank."""
        return self._read(select(scores).order_by(scores.c.rank))

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def _read(self, query: Select[Any]) -> list[StoredScore]:
        with self._database.reading() as connection:
            scoring = _newest(connection)
            if scoring is None:
                return []
            rows = connection.execute(query.where(scores.c.scoring_id == scoring.scoring_id))
            return [_stored(row, scoring) for row in rows]


def _newest(connection: Connection) -> Scoring | None:
    if not connection.dialect.has_table(connection, scorings.name):
        return None
    order = (scorings.c.as_of.desc(), scorings.c.created_at.desc())
    row = connection.execute(select(scorings).order_by(*order).limit(1)).first()
    return Scoring(**row._mapping) if row else None


def _naive_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _plain(one: AccountScore) -> dict[str, Any]:
    """Return an account's columns; an amount that is not a number is unknown, hence null."""
    known = {field.name: getattr(one, field.name) for field in fields(AccountScore)}
    for name in ("arr", "expected_expansion_arr", "arr_at_risk"):
        amount = known[name]
        known[name] = amount if amount is not None and math.isfinite(amount) else None
    return known


def _stored(row: Row[Any], scoring: Scoring) -> StoredScore:
    known = {field.name: row._mapping[field.name] for field in fields(AccountScore)}
    return StoredScore(**known, scoring=scoring)
