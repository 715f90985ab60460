"""The score store: what every account was last scored, for the API, the report and the CRM.

SQLite by default, PostgreSQL by URL. A scoring is written in one transaction: readers see the old
one or the new one, never half. Writing the same scoring again replaces it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
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
    Text,
    and_,
    delete,
    insert,
    select,
)

from models.common.clock import naive_utc
from models.inference.reasons import Reasons, StoredReasons, as_stored
from models.plays.prioritisation import Decision, Turn
from models.store import erased_ids, scored_inputs
from models.store.database import Database
from models.store.scored_inputs import Inputs, StoredInputs

BATCH = 2000
STREAMED = 200
KEPT_INPUTS = 2
"""So many of the newest scorings keep their inputs: a "what if" is about today."""
TURNS = ("listed", "held_out")
"""Standings after which an account rests: its turn came, on the list or apart from contact."""

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
# A table of its own: a store that was written before there were decisions stays readable.
decisions = Table(
    "decisions",
    metadata,
    Column("scoring_id", String(80), primary_key=True),
    Column("account_id", String(200), primary_key=True),
    Column("play", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("second", String(80)),
    Column("at_stake", Float, nullable=False),
    Column("standing", String(40), nullable=False),
    Column("place", Integer),
    Column("held_out", Boolean, nullable=False),
    Index("decisions_by_standing", "scoring_id", "standing"),
)
NEWEST_FIRST = (scorings.c.as_of.desc(), scorings.c.created_at.desc())
DECIDED = tuple(decisions.c[one.name].label(f"decided_{one.name}") for one in fields(Decision))


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
    ``reasons`` are by target; those of a stored score are decoded when asked for. ``decision`` is
    ``None`` in scorings from before there were any.
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
    reasons: Mapping[str, Reasons]
    decision: Decision | None = None

    @property
    def net_expected_arr(self) -> float | None:
        """The ARR that the account is expected to change by: expansion less what is at risk."""
        gain, risk = self.expected_expansion_arr, self.arr_at_risk
        return None if gain is None or risk is None else round(gain - risk, 2)


@dataclass(frozen=True)
class StoredScore(AccountScore):
    """An account's score with the scoring it comes from."""

    reasons: StoredReasons
    scoring: Scoring = field(kw_only=True)


@dataclass(frozen=True)
class WholeScoring:
    """A scoring with all it holds, to be read once and while the store is open for it."""

    scoring: Scoring
    rows: Iterator[StoredScore]
    inputs: StoredInputs | None


PLAIN = tuple(one.name for one in fields(AccountScore) if one.name != "decision")
"""What of an account's score lies in the table of scores."""


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

    def write(
        self, scoring: Scoring, rows: Iterable[AccountScore], inputs: Inputs | None = None
    ) -> None:
        """Write a scoring with its rows and their inputs, in place of one with the same id.

        An account that was erased meanwhile is left out.

        Raises
        ------
        DataError
            When an account comes twice, or a probability or reason is not a number.
        """
        same = scoring.scoring_id
        with self._database.writing() as connection:
            metadata.create_all(connection)
            scoring, rows, inputs = _without_erased(connection, scoring, rows, inputs)
            for old in (scores, decisions, scorings):
                connection.execute(delete(old).where(old.c.scoring_id == same))
            remaining = iter(rows)
            while batch := list(islice(remaining, BATCH)):
                connection.execute(insert(scores), [_plain(same, one) for one in batch])
                if decided := [row for one in batch for row in _decided(same, one)]:
                    connection.execute(insert(decisions), decided)
            created_at = naive_utc(scoring.created_at)
            connection.execute(insert(scorings), [{**asdict(scoring), "created_at": created_at}])
            scored_inputs.write(connection, same, inputs)
            newest = select(scorings.c.scoring_id).order_by(*NEWEST_FIRST).limit(KEPT_INPUTS)
            scored_inputs.keep(connection, connection.execute(newest).scalars().all())

    def newest(self) -> Scoring | None:
        """Return the newest scoring, or ``None`` when nothing has been scored yet."""
        with self._database.reading() as connection:
            return _newest(connection)

    def scorings(self) -> list[Scoring]:
        """Return every scoring, the newest first."""
        with self._database.reading() as connection:
            if not _has(connection, scorings):
                return []
            rows = connection.execute(select(scorings).order_by(*NEWEST_FIRST))
            return [Scoring(**row._mapping) for row in rows]

    def account(self, account_id: str) -> StoredScore | None:
        """Return the newest score of an account, or ``None`` when it has none."""
        return self.accounts([account_id]).get(account_id)

    def accounts(self, account_ids: Sequence[str]) -> dict[str, StoredScore]:
        """Return the newest scores of those of ``account_ids`` that have one."""
        return {one.account_id: one for one in self._read(scores.c.account_id.in_(account_ids))}

    def top(self, count: int) -> list[StoredScore]:
        """Return the ``count`` best ranked accounts of the newest scoring."""
        return self._read(most=count)

    def all(self) -> list[StoredScore]:
        """Return every account of the newest scoring by its rank."""
        return self._read()

    @contextmanager
    def whole(self, on: date | None = None, *, told: bool = True) -> Iterator[WholeScoring | None]:
        """Open the newest scoring, or that on or before a day, to read it by rank, row by row.

        Without ``told`` reasons, most of what a scoring holds, are left out.
        """
        with self._database.reading() as connection:
            scoring = _newest(connection, on)
            if scoring is None:
                yield None
                return
            query = _query(connection, scores.c.scoring_id == scoring.scoring_id, told=told)
            some = query.order_by(scores.c.rank).execution_options(yield_per=STREAMED)
            rows = (_stored(row, scoring) for row in connection.execute(some))
            yield WholeScoring(scoring, rows, scored_inputs.read(connection, scoring.scoring_id))

    def reasons(self, scoring_id: str, account_ids: Sequence[str]) -> dict[str, StoredReasons]:
        """Return the reasons of some accounts in a scoring, by account."""
        mine = and_(scores.c.scoring_id == scoring_id, scores.c.account_id.in_(account_ids))
        with self._database.reading() as connection:
            rows = connection.execute(select(scores.c.account_id, scores.c.reasons).where(mine))
            return {row.account_id: StoredReasons(row.reasons) for row in rows}

    def history(self, account_id: str, most: int) -> list[StoredScore]:
        """Return an account's scores in the ``most`` newest scorings that hold it, newest first."""
        with self._database.reading() as connection:
            if not _has(connection, scorings):
                return []
            # By the keys of both tables: stores from before have no index by account alone.
            same, mine = (
                scores.c.scoring_id == scorings.c.scoring_id,
                scores.c.account_id == account_id,
            )
            newest = select(scorings).join(scores, and_(same, mine)).order_by(*NEWEST_FIRST)
            known = [Scoring(**row._mapping) for row in connection.execute(newest.limit(most))]
            query = _query(connection, mine, scores.c.scoring_id.in_([s.scoring_id for s in known]))
            rows = {row.scoring_id: row for row in connection.execute(query)}
            return [_stored(rows[one.scoring_id], one) for one in known]

    def turns(self, since: date, before: date) -> dict[str, Turn]:
        """Return the last turn of each account whose turn came in ``[since, before)``."""
        with self._database.reading() as connection:
            if not _has(connection, decisions):
                return {}
            mine = scorings.c.scoring_id == decisions.c.scoring_id
            query = (
                select(decisions.c.account_id, scorings.c.as_of, decisions.c.play)
                .join(scorings, mine)
                .where(scorings.c.as_of >= since, scorings.c.as_of < before)
                .where(decisions.c.standing.in_(TURNS))
                .order_by(scorings.c.as_of, scorings.c.created_at)
            )
            return {row.account_id: Turn(row.as_of, row.play) for row in connection.execute(query)}

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def _read(self, *conditions: ColumnElement[bool], most: int | None = None) -> list[StoredScore]:
        with self._database.reading() as connection:
            scoring = _newest(connection)
            if scoring is None:
                return []
            query = _query(connection, scores.c.scoring_id == scoring.scoring_id, *conditions)
            rows = connection.execute(query.order_by(scores.c.rank).limit(most))
            return [_stored(row, scoring) for row in rows]


def _without_erased(
    connection: Connection,
    scoring: Scoring,
    rows: Iterable[AccountScore],
    inputs: Inputs | None,
) -> tuple[Scoring, Iterable[AccountScore], Inputs | None]:
    known = list(rows)
    kept = list(erased_ids.without(connection, known))
    if inputs is not None and len(kept) < len(known):
        there = {one.account_id for one in kept}
        inputs = Inputs(inputs.names, {k: v for k, v in inputs.of.items() if k in there})
    return replace(scoring, accounts=scoring.accounts - len(known) + len(kept)), kept, inputs


def _newest(connection: Connection, on: date | None = None) -> Scoring | None:
    if not _has(connection, scorings):
        return None
    query = select(scorings).order_by(*NEWEST_FIRST).limit(1)
    row = connection.execute(query if on is None else query.where(scorings.c.as_of <= on)).first()
    return Scoring(**row._mapping) if row else None


def _has(connection: Connection, table: Table) -> bool:
    return connection.dialect.has_table(connection, table.name)


def _query(
    connection: Connection, *conditions: ColumnElement[bool], told: bool = True
) -> Select[Any]:
    """Return the query of scores with their decisions, where the store knows decisions."""
    columns = [one for one in scores.c if told or one.name != "reasons"]
    query = select(*columns).where(*conditions)
    if not _has(connection, decisions):
        return query
    keys = ("scoring_id", "account_id")
    same = and_(*(decisions.c[key] == scores.c[key] for key in keys))
    return query.outerjoin(decisions, same).add_columns(*DECIDED)


def _plain(scoring_id: str, one: AccountScore) -> dict[str, Any]:
    """Return an account's columns; an amount that is not a number is unknown, hence null."""
    known = {"scoring_id": scoring_id, **{name: getattr(one, name) for name in PLAIN}}
    known["reasons"] = as_stored(one.reasons)
    for name in ("arr", "expected_expansion_arr", "arr_at_risk"):
        amount = known[name]
        known[name] = amount if amount is not None and math.isfinite(amount) else None
    return known


def _decided(scoring_id: str, one: AccountScore) -> Iterator[dict[str, Any]]:
    if one.decision is not None:
        keys = {"scoring_id": scoring_id, "account_id": one.account_id}
        yield {**keys, **asdict(one.decision)}


def _stored(row: Row[Any], scoring: Scoring) -> StoredScore:
    known = {name: row._mapping.get(name, {}) for name in PLAIN}
    known["reasons"] = StoredReasons(known["reasons"])
    return StoredScore(**known, decision=_decision(row), scoring=scoring)


def _decision(row: Row[Any]) -> Decision | None:
    if row._mapping.get("decided_play") is None:
        return None
    return Decision(**{one.name: row._mapping[f"decided_{one.name}"] for one in fields(Decision)})
