"""Leaves out of what is read who was erased: the list of digests is in the score store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from models.common.sqlite_address import sqlite_path
from pipelines.common.sql_quoting import literal, quoted

if TYPE_CHECKING:
    import duckdb

    from features.contract import Table
    from models.store.erased_ids import Kind
    from pipelines.config.settings import Settings
    from pipelines.ingest.violations import Violation

Gone = Mapping["Kind", frozenset[str]]
"""The digests of those who were erased."""
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "account": ("account_id",),
    "contact": ("contact_id", "user_id"),
}
"""Where an id of a kind may stand; companies often call contacts and users by the same id."""


def read(settings: Settings) -> Gone:
    """Return who was erased; ``EnvironmentFailure`` when the store does not tell."""
    url = settings.store_url
    file = sqlite_path(url)
    if file and not file.exists():
        return {}
    from models.store import erased_ids

    return erased_ids.read(url)


def marks(gone: Gone) -> str:
    """Return a text that changes with the list; empty as long as nobody was erased."""
    return " ".join(sorted(digest for digests in gone.values() for digest in digests))


def leave_out(connection: duckdb.DuckDBPyConnection, table: Table, gone: Gone) -> None:
    """Let ``typed.<table>`` be without the rows of those who were erased."""
    conditions = [
        _kept(table.name, column, kind, gone[kind])
        for kind, columns in COLUMNS.items()
        for column in columns
        if column in table.names and gone.get(kind)
    ]
    if conditions:
        everybody, name = quoted(f"{table.name}__all"), quoted(table.name)
        remaining = f"SELECT * FROM typed.{everybody} WHERE {' AND '.join(conditions)}"
        connection.execute(f"ALTER VIEW typed.{name} RENAME TO {everybody}")
        connection.execute(f"CREATE VIEW typed.{name} AS {remaining}")


def without(violations: Iterable[Violation], gone: Gone) -> list[Violation]:
    """Return the violations without the examples that name somebody who was erased."""
    if not marks(gone):
        return list(violations)
    return [
        replace(
            violation, examples=tuple(row for row in violation.examples if not _names(row, gone))
        )
        for violation in violations
    ]


def _kept(table: str, column: str, kind: Kind, digests: Iterable[str]) -> str:
    # Digests of the few distinct ids, not of every row.
    listed = ", ".join(map(literal, sorted(digests)))
    ids = f"SELECT DISTINCT {column} AS id FROM typed.{quoted(f'{table}__all')}"
    lost = f"SELECT id FROM ({ids}) WHERE sha256({literal(f'{kind}:')} || id) IN ({listed})"
    return f"({column} IS NULL OR {column} NOT IN (SELECT id FROM ({lost}) WHERE id IS NOT NULL))"


def _names(row: Mapping[str, Any], gone: Gone) -> bool:
    from models.store.erased_ids import digest

    texts: Sequence[str] = [str(value) for value in row.values() if value is not None]
    return any(digest(kind, text) in digests for kind, digests in gone.items() for text in texts)
