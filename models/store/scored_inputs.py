"""What the accounts of a scoring were scored on, kept beside their scores to ask "what if".

Each account's inputs are one JSON array as text: nobody asks the database for a single input, and
a server copies the text as it is. Only the newest scorings keep theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Column, Connection, String, Table, Text, delete, insert, select

from features.errors import DataError
from models.store.database import metadata

Value = float | str | None
BATCH = 2000
STREAMED = 500

names = Table(
    "input_names",
    metadata,
    Column("scoring_id", String(80), primary_key=True),
    Column("names", Text, nullable=False),
)
inputs = Table(
    "inputs",
    metadata,
    Column("scoring_id", String(80), primary_key=True),
    Column("account_id", String(200), primary_key=True),
    Column("given", Text, nullable=False),
)


@dataclass(frozen=True)
class Inputs:
    """The inputs of a scoring: their names, and each account's values in that order."""

    names: Sequence[str]
    of: Mapping[str, Sequence[Value]]


@dataclass(frozen=True)
class StoredInputs:
    """The same as it lies in the store: ``rows`` gives account ids with JSON arrays, once."""

    names: Sequence[str]
    rows: Iterable[tuple[str, str]]


def write(connection: Connection, scoring_id: str, accounts: Inputs | None) -> None:
    """Write a scoring's inputs in place of those it had.

    Raises
    ------
    DataError
        When a value is not a number, a text or unknown.
    """
    for table in (names, inputs):
        connection.execute(delete(table).where(table.c.scoring_id == scoring_id))
    if accounts is None:
        return
    row = {"scoring_id": scoring_id, "names": _json(list(accounts.names))}
    connection.execute(insert(names), [row])
    remaining = iter(accounts.of.items())
    while batch := list(islice(remaining, BATCH)):
        rows = [
            {"scoring_id": scoring_id, "account_id": account, "given": _json(list(values))}
            for account, values in batch
        ]
        connection.execute(insert(inputs), rows)


def keep(connection: Connection, scoring_ids: Sequence[str]) -> None:
    """Remove the inputs of all scorings but these."""
    for table in (names, inputs):
        connection.execute(delete(table).where(table.c.scoring_id.not_in(scoring_ids)))


def read(connection: Connection, scoring_id: str) -> StoredInputs | None:
    """Return a scoring's inputs, or ``None`` where none are kept; read them while connected."""
    query = select(names.c.names).where(names.c.scoring_id == scoring_id)
    array = connection.execute(query).scalar()
    return None if array is None else StoredInputs(json.loads(array), _rows(connection, scoring_id))


def _rows(connection: Connection, scoring_id: str) -> Iterator[tuple[str, str]]:
    query = select(inputs.c.account_id, inputs.c.given).where(inputs.c.scoring_id == scoring_id)
    for row in connection.execute(query.execution_options(yield_per=STREAMED)):
        yield row.account_id, row.given


def _json(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise DataError(f"an input is neither number, text nor unknown: {error}") from error
