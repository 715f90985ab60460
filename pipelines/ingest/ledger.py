"""The ledger: how much became known on which day, so that a build can tell what it has seen.

A feature of a day depends on nothing but what was known before it. Each row of each table enters
the ledger on the day it reached the warehouse, as it could be seen then, and again on each day on
which a value with a date of its own became known. Two data sets whose ledgers agree before a day
give the same features on that day, whatever has happened or was corrected since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from features.contract import TABLES, Table
from pipelines.common.sql_quoting import literal, quoted

FILE = "ledger.parquet"

PRIME = 9223372036854775783
"""The largest prime below 2 ** 63: sums of hashes are kept modulo it and fit any integer."""


def write(connection: duckdb.DuckDBPyConnection, tables: Iterable[str], path: Path) -> None:
    """Write the ledger of the tables in the schema ``clean`` to ``path``.

    Columns: ``day``, ``table``, ``facts`` (how many became known that day) and ``checksum``, the
    sum of their hashes, so that neither order nor file layout matters. A table without any row
    has no entry.
    """
    facts = " UNION ALL ".join(sql for name in tables for sql in _facts(TABLES[name]))
    entries = (
        f'SELECT day, "table", count(*) AS facts, (sum(fact) % {PRIME})::BIGINT AS checksum '
        f'FROM ({facts}) WHERE isfinite(day) GROUP BY ALL ORDER BY day, "table"'
    )
    connection.execute(f"COPY ({entries}) TO {literal(str(path))} (FORMAT parquet)")


def _facts(table: Table) -> list[str]:
    """Return, for each date on which something of a row becomes known, a query of those facts."""
    arrived = "CAST(known_at AS DATE)"
    dates = dict.fromkeys(column.known_by for column in table.columns if column.known_by)
    days = [arrived, *(f"greatest({arrived}, {quoted(name)})" for name in dates)]
    needed = ["TRUE", *(f"{quoted(name)} IS NOT NULL" for name in dates)]
    return [
        f'SELECT {day} AS day, {literal(table.name)} AS "table", hash({_seen(table, day)}) '
        f"AS fact FROM clean.{quoted(table.name)} WHERE {condition}"
        for day, condition in zip(days, needed, strict=True)
    ]


def _seen(table: Table, day: str) -> str:
    """Return a row's values as they could be seen from the day after ``day``."""
    values = (
        f"CASE WHEN {quoted(c.known_by)} <= {day} THEN {quoted(c.name)} END"
        if c.known_by
        else quoted(c.name)
        for c in table.columns
    )
    return ", ".join([literal(table.name), *values])


def digests(path: Path, tables: Sequence[str], as_ofs: Sequence[date]) -> dict[date, str]:
    """Return for each of ``as_ofs`` a digest of all that was known before it.

    ``tables`` are those that the company has: without a table a feature is empty, with one that
    has no row yet it is not. The version of DuckDB counts, whose hashes these are.
    """
    running = sha256(json.dumps([duckdb.__version__, sorted(tables)]).encode())
    entries = pq.read_table(path).to_pylist()
    by_date, place = {}, 0
    for as_of in sorted(as_ofs):
        while place < len(entries) and entries[place]["day"] < as_of:
            entry = entries[place]
            running.update(f"{entry['day']} {entry['table']} {entry['facts']} ".encode())
            running.update(f"{entry['checksum']};".encode())
            place += 1
        by_date[as_of] = running.hexdigest()
    return by_date
