"""The score store: what every account was last scored, for the API, the report and the CRM.

SQLite by default, PostgreSQL by URL. A scoring is written in one transaction: readers see the old
one or the new one, never half. Writing the same scoring again replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from itertools import islice
from pathlib import Path
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
    create_engine,
    delete,
    event,
    insert,
    make_url,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from features.errors import EnvironmentFailure

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
    """One run of ``score``: which data, which release, when."""

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
    """What one account was scored: probabilities by target, money, and reasons by target."""

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
    EnvironmentFailure
        From every method, when the database cannot be reached or says no.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = create_engine(parsed, pool_pre_ping=True)
        if parsed.get_backend_name() == "sqlite":
            event.listen(self.engine, "connect", _tune_sqlite)

    def write(self, scoring: Scoring, rows: Iterable[AccountScore]) -> None:
        """Write a scoring with all its rows, in place of one with the same id."""
        with self._transaction() as connection:
            metadata.create_all(connection)
            same = scoring.scoring_id
            connection.execute(delete(scores).where(scores.c.scoring_id == same))
            connection.execute(delete(scorings).where(scorings.c.scoring_id == same))
            remaining = iter(rows)
            while batch := list(islice(remaining, BATCH)):
                values = [{"scoring_id": same, **_plain(one)} for one in batch]
                connection.execute(insert(scores), values)
            connection.execute(insert(scorings), [_plain(scoring)])

    def newest(self) -> Scoring | None:
        """Return the newest scoring, or ``None`` when nothing has been scored yet."""
        with self._transaction() as connection:
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
        self.engine.dispose()

    def _read(self, query: Select[Any]) -> list[StoredScore]:
        with self._transaction() as connection:
            scoring = _newest(connection)
            if scoring is None:
                return []
            rows = connection.execute(query.where(scores.c.scoring_id == scoring.scoring_id))
            return [_stored(row, scoring) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).split("\n", 1)[0]
            where = self.engine.url.render_as_string(hide_password=True)
            raise EnvironmentFailure(f"the score store at {where} says: {reason}") from error


def _tune_sqlite(connection: Any, _record: Any) -> None:
    """Let readers go on while a scoring is written, and writers wait for each other."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=10000")


def _newest(connection: Connection) -> Scoring | None:
    if not connection.dialect.has_table(connection, scorings.name):
        return None
    order = (scorings.c.as_of.desc(), scorings.c.created_at.desc())
    row = connection.execute(select(scorings).order_by(*order).limit(1)).first()
    return Scoring(**row._mapping) if row else None


def _plain(one: Scoring | AccountScore) -> dict[str, Any]:
    return asdict(one)


def _stored(row: Row[Any], scoring: Scoring) -> StoredScore:
    known = {field.name: row._mapping[field.name] for field in fields(AccountScore)}
    return StoredScore(**known, scoring=scoring)
