"""The score store: what every account was last scored, for the API, the report and the CRM.

SQLite by default, PostgreSQL by URL. A scoring is written in one transaction: readers see the old
one or the new one, never half. Writing the same scoring again replaces it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Literal

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
    Row,
    String,
    Table,
    Text,
    and_,
    delete,
    insert,
    or_,
    select,
    update,
)

from models.common.clock import latest_today, naive_utc, stored_now
from models.inference.contracted import Contracted
from models.inference.reasons import Reasons, StoredReasons, as_stored
from models.inference.total_interval import AmountError
from models.plays.prioritisation import Decision, Turn
from models.store import erased_ids, scored_inputs
from models.store.database import Store, metadata
from models.store.scored_inputs import Inputs, StoredInputs

BATCH = 2000
STREAMED = 200
SCORINGS_WITH_INPUTS = 2
"""So many of the newest scorings keep their inputs: a "what if" is about today."""
CLOCK_SKEW = timedelta(minutes=10)
"""By so much the clocks of two machines may differ without a word."""
TURNS = ("listed", "held_out")
"""Standings after which an account rests: its turn came, on the list or apart from contact."""

scorings = Table(
    "scorings",
    metadata,
    Column("scoring_id", String(80), primary_key=True),
    Column("as_of", Date, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("release_id", String(40)),
    Column("data_fingerprint", String(64), nullable=False),
    Column("horizon_days", Integer, nullable=False),
    Column("accounts", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("models", JSON, nullable=False),
    Column("rankings", JSON),
    # How far off amounts are by target, null in a scoring from before it was stored.
    Column("amount_errors", JSON),
    # Who took the scoring back, when and why; all null in one that stands.
    Column("withdrawn_at", DateTime),
    Column("withdrawn_by", String(200)),
    Column("withdrawn_reason", Text),
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
    # What was decided, all null in a scoring without decisions.
    Column("play", String(80)),
    Column("play_text", Text),
    Column("play_reason", Text),
    Column("second_play", String(80)),
    Column("at_stake", Float),
    Column("standing", String(40)),
    Column("place", Integer),
    Column("held_out", Boolean),
    Column("rankings", JSON),
    # What is signed or announced, all null in a scoring from before it was stored.
    Column("contracted_arr", Float),
    Column("contracted_gain", Float),
    Column("contracted_loss", Float),
    Column("contracted_on", Date),
    Column("is_decided", Boolean),
    # What each outcome is worth, null in a scoring from before it was stored.
    Column("worth", JSON),
    # The long ones come last: SQLite reads a row from its start.
    Column("probabilities", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),
    Index("scores_by_rank", "scoring_id", "rank"),
    Index("scores_by_standing", "scoring_id", "standing"),
)
NEWEST_FIRST = (scorings.c.as_of.desc(), scorings.c.created_at.desc())
COLUMN_OF = {
    "play": "play",
    "text": "play_text",
    "why": "play_reason",
    "second": "second_play",
    "at_stake": "at_stake",
    "standing": "standing",
    "place": "place",
    "held_out": "held_out",
}
"""Each field of a decision with its column among the scores."""
CONTRACTED_COLUMN_OF = {
    "arr": "contracted_arr",
    "gain": "contracted_gain",
    "loss": "contracted_loss",
    "effective_on": "contracted_on",
    "is_decided": "is_decided",
}
"""The same for what is contracted."""


@dataclass(frozen=True)
class Scoring:
    """One run of ``score``: which data, which release, when.

    ``created_at`` is UTC and naive; ``models`` holds each target's registered version.
    ``release_id`` is ``None`` where no model is in use. ``rankings`` says by target what ranks the
    accounts instead of a model: ``by``, and its ``auc`` with ``low`` and ``high``.
    ``amount_errors`` says by target how far off a model's amounts are, ``spread`` and ``level``.
    """

    scoring_id: str
    as_of: date
    created_at: datetime
    release_id: str | None
    data_fingerprint: str
    horizon_days: int
    accounts: int
    currency: str
    models: Mapping[str, Any]
    rankings: Mapping[str, Any] | None = None
    amount_errors: Mapping[str, Any] | None = None

    @property
    def errors(self) -> dict[str, AmountError]:
        """How far off the amounts of each target with a model are."""
        stored = self.amount_errors or {}
        return {name: AmountError(**stored.get(name, {})) for name in self.models}


SCORING = tuple(scorings.c[column.name] for column in fields(Scoring))
"""The columns of a scoring itself."""


@dataclass(frozen=True)
class Withdrawal:
    """A scoring was taken back: when (UTC, naive), by whom and why."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class ScoringState:
    """A scoring and whether it counts; one of the future lies after today, by this clock."""

    scoring: Scoring
    withdrawal: Withdrawal | None
    is_of_the_future: bool

    @property
    def state(self) -> Literal["withdrawn", "of the future", "valid"]:
        """What the scoring is: only a valid one is ever the newest."""
        if self.withdrawal is not None:
            return "withdrawn"
        return "of the future" if self.is_of_the_future else "valid"


@dataclass(frozen=True)
class AccountScore:
    """What one account was scored: probabilities by target, money, and reasons by target.

    Amounts are in the scoring's currency a year, ``None`` where unknown; ``rank`` 1 is best.
    ``arr_at_risk`` is the loss by notice, which is contracted, and the expected loss of the rest.
    ``probabilities`` and ``reasons`` are empty where the outcome is decided; reasons of a stored
    score are decoded when asked for. ``contracted`` is ``None`` in scorings from before it was
    stored, ``decision`` in scorings without decisions. ``rankings`` holds the account's position,
    1 first, for targets without a model that something else ranks. ``worth`` is the ARR of each
    outcome, should it come; ``None`` in scorings from before it was stored.
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
    contracted: Contracted | None = None
    decision: Decision | None = None
    rankings: Mapping[str, int] | None = None
    worth: Mapping[str, float] | None = None

    @property
    def is_decided(self) -> bool:
        """Whether nothing is left to predict: all that runs is known to end by the horizon."""
        return self.contracted is not None and self.contracted.is_decided

    @property
    def net_expected_arr(self) -> float | None:
        """The ARR that the account is expected to change by, what is contracted included."""
        gain, risk = self.expected_expansion_arr, self.arr_at_risk
        signed = (self.contracted.gain or 0.0) if self.contracted else 0.0
        return None if gain is None or risk is None else round(gain + signed - risk, 2)


@dataclass(frozen=True)
class StoredScore(AccountScore):
    """An account's score with the scoring it comes from."""

    reasons: StoredReasons
    scoring: Scoring = field(kw_only=True)


@dataclass(frozen=True)
class OpenScoring:
    """A scoring with all its rows, to be read once and while the store is open for it."""

    scoring: Scoring
    rows: Iterator[StoredScore]
    inputs: StoredInputs | None


NESTED = ("contracted", "decision")
PLAIN = tuple(column.name for column in fields(AccountScore) if column.name not in NESTED)
"""The fields of a score that have the name of their column."""


def valid() -> ColumnElement[bool]:
    """Return the condition of a scoring that counts: not withdrawn, and not after today."""
    return and_(scorings.c.withdrawn_at.is_(None), scorings.c.as_of <= latest_today())


class ScoreStore(Store):
    """Reads and writes scores at an SQLAlchemy URL.

    A scoring that was withdrawn, or whose day lies after today, is none but for ``states``.
    """

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
        scoring_id = scoring.scoring_id
        with self._database.writing() as connection:
            scoring, rows, inputs = _without_erased(connection, scoring, rows, inputs)
            for table in (scores, scorings):
                connection.execute(delete(table).where(table.c.scoring_id == scoring_id))
            remaining = iter(rows)
            while batch := list(islice(remaining, BATCH)):
                connection.execute(insert(scores), [_row(scoring_id, score) for score in batch])
            created_at = naive_utc(scoring.created_at)
            connection.execute(insert(scorings), [{**asdict(scoring), "created_at": created_at}])
            scored_inputs.write(connection, scoring_id, inputs)
            newest = select(scorings.c.scoring_id).where(valid()).order_by(*NEWEST_FIRST)
            latest = connection.execute(newest.limit(SCORINGS_WITH_INPUTS)).scalars()
            scored_inputs.keep(connection, latest.all())

    def newest(self) -> Scoring | None:
        """Return the newest scoring, or ``None`` when nothing has been scored yet."""
        with self._database.reading() as connection:
            return None if connection is None else _newest(connection)

    def scorings(self) -> list[Scoring]:
        """Return every scoring, the newest first."""
        with self._database.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(select(*SCORING).where(valid()).order_by(*NEWEST_FIRST))
            return [Scoring(**row._mapping) for row in rows]

    def states(self) -> list[ScoringState]:
        """Return every scoring that was ever written, with whether it counts, newest first."""
        with self._database.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(select(scorings).order_by(*NEWEST_FIRST))
            return [state_of(row) for row in rows]

    def ahead(self) -> Scoring | None:
        """Return the last scoring made, of those that lie after this machine's clock, if any.

        Either its day was wrong, or this clock is behind: see ``clock_problem``.
        """
        is_ahead = or_(
            scorings.c.created_at > stored_now() + CLOCK_SKEW, scorings.c.as_of > latest_today()
        )
        query = select(*SCORING).where(scorings.c.withdrawn_at.is_(None), is_ahead)
        with self._database.reading() as connection:
            if connection is None:
                return None
            row = connection.execute(query.order_by(scorings.c.created_at.desc())).first()
            return Scoring(**row._mapping) if row else None

    def withdraw(self, scoring_id: str, withdrawal: Withdrawal) -> bool:
        """Take a scoring back; return whether there is one that was not withdrawn before."""
        values = {
            "withdrawn_at": naive_utc(withdrawal.at),
            "withdrawn_by": withdrawal.by,
            "withdrawn_reason": withdrawal.reason,
        }
        return self._mark(scoring_id, scorings.c.withdrawn_at.is_(None), values)

    def restore(self, scoring_id: str) -> bool:
        """Let a withdrawn scoring count again; return whether there is one."""
        values = dict.fromkeys(("withdrawn_at", "withdrawn_by", "withdrawn_reason"))
        return self._mark(scoring_id, scorings.c.withdrawn_at.is_not(None), values)

    def _mark(
        self, scoring_id: str, condition: ColumnElement[bool], values: Mapping[str, Any]
    ) -> bool:
        change = update(scorings).where(scorings.c.scoring_id == scoring_id, condition)
        with self._database.writing() as connection:
            return connection.execute(change.values(**values)).rowcount == 1

    def account(self, account_id: str) -> StoredScore | None:
        """Return the newest score of an account, or ``None`` when it has none."""
        return self.accounts([account_id]).get(account_id)

    def accounts(self, account_ids: Sequence[str]) -> dict[str, StoredScore]:
        """Return the newest scores of those of ``account_ids`` that have one."""
        rows = self._read(scores.c.account_id.in_(account_ids))
        return {score.account_id: score for score in rows}

    def top(self, count: int) -> list[StoredScore]:
        """Return the ``count`` best ranked accounts of the newest scoring."""
        return self._read(limit=count)

    def all(self) -> list[StoredScore]:
        """Return every account of the newest scoring by its rank."""
        return self._read()

    @contextmanager
    def open_scoring(
        self,
        on: date | None = None,
        *,
        scoring_id: str | None = None,
        with_reasons: bool = True,
    ) -> Iterator[OpenScoring | None]:
        """Open the newest scoring, or that on or before a day, to read it by rank, row by row.

        ``scoring_id`` opens that scoring, whether or not it counts. ``with_reasons=False`` leaves
        out the reasons, which are most of what a scoring holds.
        """
        with self._database.reading() as connection:
            scoring = None if connection is None else _newest(connection, on, scoring_id)
            if connection is None or scoring is None:
                yield None
                return
            columns = [column for column in scores.c if with_reasons or column.name != "reasons"]
            query = select(*columns).where(scores.c.scoring_id == scoring.scoring_id)
            streamed = query.order_by(scores.c.rank).execution_options(yield_per=STREAMED)
            rows = (_stored(row, scoring) for row in connection.execute(streamed))
            yield OpenScoring(scoring, rows, scored_inputs.read(connection, scoring.scoring_id))

    def reasons(self, scoring_id: str, account_ids: Sequence[str]) -> dict[str, StoredReasons]:
        """Return the reasons of some accounts in a scoring, by account."""
        query = select(scores.c.account_id, scores.c.reasons).where(
            scores.c.scoring_id == scoring_id, scores.c.account_id.in_(account_ids)
        )
        with self._database.reading() as connection:
            if connection is None:
                return {}
            return {row.account_id: StoredReasons(row.reasons) for row in connection.execute(query)}

    def history(self, account_id: str, most: int) -> list[StoredScore]:
        """Return an account's scores in the ``most`` newest scorings that hold it, newest first."""
        with self._database.reading() as connection:
            if connection is None:
                return []
            # By the keys of both tables, so that no index by account alone is needed.
            is_scored = and_(
                scores.c.scoring_id == scorings.c.scoring_id, scores.c.account_id == account_id
            )
            newest = select(*SCORING).join(scores, is_scored).where(valid())
            newest = newest.order_by(*NEWEST_FIRST).limit(most)
            past = [Scoring(**row._mapping) for row in connection.execute(newest)]
            query = select(scores).where(
                scores.c.account_id == account_id,
                scores.c.scoring_id.in_([scoring.scoring_id for scoring in past]),
            )
            rows = {row.scoring_id: row for row in connection.execute(query)}
            return [_stored(rows[scoring.scoring_id], scoring) for scoring in past]

    def turns(self, since: date, before: date) -> dict[str, Turn]:
        """Return the last turn of each account whose turn came in ``[since, before)``."""
        with self._database.reading() as connection:
            if connection is None:
                return {}
            query = (
                select(scores.c.account_id, scorings.c.as_of, scores.c.play)
                .join(scorings, scorings.c.scoring_id == scores.c.scoring_id)
                .where(scorings.c.as_of >= since, scorings.c.as_of < before, valid())
                .where(scores.c.standing.in_(TURNS))
                .order_by(scorings.c.as_of, scorings.c.created_at)
            )
            return {row.account_id: Turn(row.as_of, row.play) for row in connection.execute(query)}

    def _read(
        self, *conditions: ColumnElement[bool], limit: int | None = None
    ) -> list[StoredScore]:
        with self._database.reading() as connection:
            scoring = None if connection is None else _newest(connection)
            if connection is None or scoring is None:
                return []
            query = select(scores).where(scores.c.scoring_id == scoring.scoring_id, *conditions)
            rows = connection.execute(query.order_by(scores.c.rank).limit(limit))
            return [_stored(row, scoring) for row in rows]


def _without_erased(
    connection: Connection,
    scoring: Scoring,
    rows: Iterable[AccountScore],
    inputs: Inputs | None,
) -> tuple[Scoring, Iterable[AccountScore], Inputs | None]:
    scored = list(rows)
    remaining = list(erased_ids.without(connection, scored))
    if inputs is not None and len(remaining) < len(scored):
        ids = {score.account_id for score in remaining}
        inputs = Inputs(inputs.names, {k: v for k, v in inputs.of.items() if k in ids})
    accounts = scoring.accounts - len(scored) + len(remaining)
    return replace(scoring, accounts=accounts), remaining, inputs


def is_clock_behind(scoring: Scoring) -> bool:
    """Say whether a scoring was made after this machine's time."""
    return scoring.created_at > stored_now() + CLOCK_SKEW


def clock_problem(ahead: Scoring) -> str:
    """Return what to do about a scoring that lies after this machine's clock."""
    withdraw = f"`expansion scorings withdraw {ahead.scoring_id}`"
    if is_clock_behind(ahead):
        return (
            f"this machine's clock says {stored_now()} UTC, but the scoring {ahead.scoring_id} was "
            f"made at {ahead.created_at}: correct the clock, or take the scoring back with "
            f"{withdraw}"
        )
    return (
        f"the scoring {ahead.scoring_id} is of {ahead.as_of}, after today, and not used: correct "
        f"the data, and take it back with {withdraw}"
    )


def _newest(
    connection: Connection, on: date | None = None, scoring_id: str | None = None
) -> Scoring | None:
    query = select(*SCORING).order_by(*NEWEST_FIRST).limit(1)
    if scoring_id is not None:
        query = query.where(scorings.c.scoring_id == scoring_id)
    else:
        query = query.where(valid())
    row = connection.execute(query if on is None else query.where(scorings.c.as_of <= on)).first()
    return Scoring(**row._mapping) if row else None


def state_of(row: Row[Any]) -> ScoringState:
    """Return what a row of all columns of ``scorings`` says."""
    columns = row._mapping
    withdrawal = None
    if columns["withdrawn_at"] is not None:
        who, why = columns["withdrawn_by"] or "", columns["withdrawn_reason"] or ""
        withdrawal = Withdrawal(columns["withdrawn_at"], who, why)
    scoring = Scoring(**{column.name: columns[column.name] for column in SCORING})
    return ScoringState(scoring, withdrawal, scoring.as_of > latest_today())


def _row(scoring_id: str, score: AccountScore) -> dict[str, Any]:
    """Return an account's columns; an amount that is not a number is unknown, hence null."""
    row = {"scoring_id": scoring_id, **{name: getattr(score, name) for name in PLAIN}}
    row["reasons"] = as_stored(score.reasons)
    for name in ("arr", "expected_expansion_arr", "arr_at_risk"):
        amount = row[name]
        row[name] = amount if amount is not None and math.isfinite(amount) else None
    decision = {} if score.decision is None else asdict(score.decision)
    contracted = {} if score.contracted is None else asdict(score.contracted)
    row |= {column: contracted.get(name) for name, column in CONTRACTED_COLUMN_OF.items()}
    return row | {column: decision.get(name) for name, column in COLUMN_OF.items()}


def _stored(row: Row[Any], scoring: Scoring) -> StoredScore:
    columns = row._mapping
    decision = None
    if columns["play"] is not None:
        decision = Decision(**{name: columns[column] for name, column in COLUMN_OF.items()})
    contracted = None
    if columns["is_decided"] is not None:
        of = CONTRACTED_COLUMN_OF
        contracted = Contracted(**{name: columns[column] for name, column in of.items()})
    plain = {name: columns.get(name, {}) for name in PLAIN}
    plain["reasons"] = StoredReasons(plain["reasons"])
    return StoredScore(**plain, contracted=contracted, decision=decision, scoring=scoring)
