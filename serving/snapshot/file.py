"""The file of a snapshot: a scoring copied out of the store, each answer written out as bytes.

A snapshot is a cache: what goes wrong while it is written leaves nothing behind, and its name says
what it holds, so that several workers can share it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from models.common.files import atomic_file
from models.store.scored_inputs import StoredInputs
from models.store.scores import OpenScoring, Scoring, StoredScore
from serving.schemas.accounts import AccountSummary
from serving.schemas.scores import AccountScore
from serving.snapshot import responses

ORDERS = {
    "by_expansion": "rank",
    "by_stake": "at_stake DESC, rank",
    "by_risk": "arr_at_risk DESC, rank",
}
"""Each column of places, and what it counts by."""

TABLES = f"""
CREATE TABLE facts (name TEXT PRIMARY KEY, fact TEXT NOT NULL);
CREATE TABLE answers (account_id TEXT PRIMARY KEY, body BLOB NOT NULL, tag TEXT NOT NULL);
CREATE TABLE inputs (account_id TEXT PRIMARY KEY, given TEXT NOT NULL);
CREATE TABLE places (
    account_id TEXT PRIMARY KEY, rank INTEGER NOT NULL, play TEXT, csm_id TEXT, segment TEXT,
    standing TEXT, arr REAL, expected_expansion_arr REAL, arr_at_risk REAL, at_stake REAL,
    lost_by_notice REAL, contracted_gain REAL, is_decided INTEGER, outcomes TEXT,
    {", ".join(f"{name} INTEGER" for name in ORDERS)}
);
CREATE TABLE lines (account_id TEXT PRIMARY KEY, line BLOB NOT NULL);
"""
FORM = repr([TABLES, AccountScore.model_json_schema(), AccountSummary.model_json_schema()])
"""What a snapshot looks like; another form is another snapshot, after an upgrade, too."""


def key(scoring: Scoring) -> str:
    """Return what tells a scoring's snapshot from every other.

    One written again is another, and so is one that an account was erased from.
    """
    identity = f"{scoring.scoring_id} {scoring.created_at.isoformat()} {scoring.accounts} {FORM}"
    return sha256(identity.encode()).hexdigest()[:16]


def path_of(folder: Path, scoring: Scoring) -> Path:
    """Return where the snapshot of a scoring lies."""
    return folder / f"edition-{key(scoring)}.db"


def write(path: Path, copy: OpenScoring) -> None:
    """Copy a scoring into a new snapshot at ``path``, in one step.

    Raises
    ------
    ValidationError
        When a stored score does not have the form that is answered.
    OSError, sqlite3.Error
        When the file cannot be written.
    """
    with (
        atomic_file(path, durable=False) as aside,
        closing(sqlite3.connect(aside, isolation_level=None)) as connection,
    ):
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;")
        _fill(connection, copy)
        connection.execute("COMMIT")


def scoring_in(connection: sqlite3.Connection) -> Scoring:
    """Return the scoring that a snapshot holds."""
    fields = json.loads(fact(connection, "scoring") or "")
    days = {
        "as_of": date.fromisoformat(fields["as_of"]),
        "created_at": datetime.fromisoformat(fields["created_at"]),
    }
    return Scoring(**{**fields, **days})


def fact(connection: sqlite3.Connection, name: str) -> str | None:
    """Return one fact about the whole snapshot, if it holds it."""
    row = connection.execute("SELECT fact FROM facts WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def _fill(connection: sqlite3.Connection, copy: OpenScoring) -> None:
    for statement in filter(str.strip, TABLES.split(";")):
        connection.execute(statement)
    for score in copy.rows:
        _add(connection, score)
    for name, order in ORDERS.items():
        connection.execute(
            f"UPDATE places SET {name} = counted.place FROM (SELECT account_id AS id, "
            f"row_number() OVER (ORDER BY {order}) AS place FROM places) AS counted "
            "WHERE account_id = counted.id"
        )
        connection.execute(f"CREATE INDEX places_{name} ON places ({name})")
    if copy.inputs is not None:
        connection.executemany("INSERT INTO inputs VALUES (?, ?)", copy.inputs.rows)
    connection.executemany("INSERT INTO facts VALUES (?, ?)", _facts(copy.scoring, copy.inputs))


def _add(connection: sqlite3.Connection, score: StoredScore) -> None:
    body = responses.body(score)
    tag = sha256(body).hexdigest()[:16]
    connection.execute("INSERT INTO answers VALUES (?, ?, ?)", (score.account_id, body, tag))
    line = (score.account_id, responses.summary(score))
    connection.execute("INSERT INTO lines VALUES (?, ?)", line)
    connection.execute(_INSERT_PLACE, _place(score))


def _place(score: StoredScore) -> tuple[object, ...]:
    decision = score.decision
    decided = (
        (decision.play, decision.standing, decision.at_stake) if decision else (None, None, None)
    )
    return (
        score.account_id,
        score.rank,
        score.csm_id,
        score.segment,
        score.arr,
        score.expected_expansion_arr,
        score.arr_at_risk,
        *decided,
        *_contracted(score),
        json.dumps({"probabilities": score.probabilities, "worth": score.worth}),
    )


def _contracted(score: StoredScore) -> tuple[object, ...]:
    signed = score.contracted
    return (signed.loss, signed.gain, signed.is_decided) if signed else (None, None, None)


_INSERT_PLACE = (
    "INSERT INTO places (account_id, rank, csm_id, segment, arr, expected_expansion_arr, "
    "arr_at_risk, play, standing, at_stake, lost_by_notice, contracted_gain, "
    "is_decided, outcomes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _facts(scoring: Scoring, inputs: StoredInputs | None) -> Iterator[tuple[str, str]]:
    yield "scoring", json.dumps(asdict(scoring), default=str)
    if inputs is not None:
        yield "inputs", json.dumps(list(inputs.names))


def sweep(folder: Path, keep: Iterable[Path]) -> None:
    """Remove all snapshots but those to be kept; who still reads one goes on reading it."""
    for old in set(folder.glob("edition-*.db")) - set(keep):
        old.unlink(missing_ok=True)
