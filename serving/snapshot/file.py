"""The file of an edition: a scoring copied out of the store, each answer written out as bytes.

An edition is a cache: what goes wrong while it is written leaves nothing behind, and its name says
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
from models.store.scores import Scoring, StoredScore, WholeScoring
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
    {", ".join(f"{name} INTEGER" for name in ORDERS)}
);
CREATE TABLE lines (account_id TEXT PRIMARY KEY, line BLOB NOT NULL);
"""
FORM = repr([TABLES, AccountScore.model_json_schema(), AccountSummary.model_json_schema()])
"""What an edition looks like; another form is another edition, after an upgrade, too."""


def key(scoring: Scoring) -> str:
    """Return what tells a scoring's edition from every other.

    One written again is another, and so is one that an account was erased from.
    """
    told = f"{scoring.scoring_id} {scoring.created_at.isoformat()} {scoring.accounts} {FORM}"
    return sha256(told.encode()).hexdigest()[:16]


def path_of(folder: Path, scoring: Scoring) -> Path:
    """Return where the edition of a scoring lies."""
    return folder / f"edition-{key(scoring)}.db"


def write(path: Path, whole: WholeScoring) -> None:
    """Copy a scoring into a new edition at ``path``, in one step.

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
        _fill(connection, whole)
        connection.execute("COMMIT")


def scoring_in(connection: sqlite3.Connection) -> Scoring:
    """Return the scoring that an edition holds."""
    told = json.loads(fact(connection, "scoring") or "")
    days = {
        "as_of": date.fromisoformat(told["as_of"]),
        "created_at": datetime.fromisoformat(told["created_at"]),
    }
    return Scoring(**{**told, **days})


def fact(connection: sqlite3.Connection, name: str) -> str | None:
    """Return one fact about the whole edition, if it holds it."""
    row = connection.execute("SELECT fact FROM facts WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def _fill(connection: sqlite3.Connection, whole: WholeScoring) -> None:
    for statement in filter(str.strip, TABLES.split(";")):
        connection.execute(statement)
    for one in whole.rows:
        _add(connection, one)
    for name, order in ORDERS.items():
        connection.execute(
            f"UPDATE places SET {name} = counted.place FROM (SELECT account_id AS id, "
            f"row_number() OVER (ORDER BY {order}) AS place FROM places) AS counted "
            "WHERE account_id = counted.id"
        )
        connection.execute(f"CREATE INDEX places_{name} ON places ({name})")
    if whole.inputs is not None:
        connection.executemany("INSERT INTO inputs VALUES (?, ?)", whole.inputs.rows)
    connection.executemany("INSERT INTO facts VALUES (?, ?)", _facts(whole.scoring, whole.inputs))


def _add(connection: sqlite3.Connection, one: StoredScore) -> None:
    body = responses.body(one)
    tag = sha256(body).hexdigest()[:16]
    connection.execute("INSERT INTO answers VALUES (?, ?, ?)", (one.account_id, body, tag))
    line = (one.account_id, responses.summary(one))
    connection.execute("INSERT INTO lines VALUES (?, ?)", line)
    connection.execute(_INSERT_PLACE, _place(one))


def _place(one: StoredScore) -> tuple[object, ...]:
    told = one.decision
    decided = (told.play, told.standing, told.at_stake) if told else (None, None, None)
    return (
        one.account_id,
        one.rank,
        one.csm_id,
        one.segment,
        one.arr,
        one.expected_expansion_arr,
        one.arr_at_risk,
        *decided,
    )


_INSERT_PLACE = (
    "INSERT INTO places (account_id, rank, csm_id, segment, arr, expected_expansion_arr, "
    "arr_at_risk, play, standing, at_stake) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _facts(scoring: Scoring, inputs: StoredInputs | None) -> Iterator[tuple[str, str]]:
    yield "scoring", json.dumps(asdict(scoring), default=str)
    if inputs is not None:
        yield "inputs", json.dumps(list(inputs.names))


def sweep(folder: Path, kept: Iterable[Path]) -> None:
    """Remove all editions but those to be kept; who still reads one goes on reading it."""
    for old in set(folder.glob("edition-*.db")) - set(kept):
        old.unlink(missing_ok=True)
