"""Removes an id from the tables that were read, and from the features computed of them."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.contract import TABLES
from models.store.erased_ids import Kind
from pipelines.build import engines
from pipelines.build.metadata import METADATA, describe, stored
from pipelines.common.sql_quoting import literal, parquet, quoted
from pipelines.ingest import tables
from pipelines.ingest.erased_ids import COLUMNS
from pipelines.ingest.sources.readers import open_database
from pipelines.security.erase_files import keep_others

if TYPE_CHECKING:
    import duckdb

    from pipelines.config.settings import Settings


def erase(settings: Settings, kind: Kind, identifier: str) -> dict[str, int]:
    """Remove every row that names an id; return by place how many there were.

    Features of the other accounts stay as they are, and the next build takes them over. What a
    person was counted in is computed anew by it.
    """
    if not (settings.tables_folder / tables.MANIFEST).exists():
        return {}
    dates = _dates(settings)
    is_current = _describes(settings, dates)
    removed = _tables(settings, kind, identifier)
    path = settings.feature_table
    if kind == "account" and path.exists():
        metadata = _description(settings, dates) if is_current else None
        removed[path.name] = keep_others(path, identifier, metadata)
    return removed


def _tables(settings: Settings, kind: Kind, identifier: str) -> dict[str, int]:
    manifest = tables.read_manifest(settings)
    with closing(open_database(settings)) as connection:
        rows = {
            name: _without(connection, settings, name, kind, identifier) for name in manifest.tables
        }
        if any(rows[name] != file.rows for name, file in manifest.tables.items()):
            tables.rewrite(settings, connection, rows)
    if settings.engine.kind == "postgres":
        # Its copy of another state of the tables is replaced as a whole.
        opened, _ = engines.connect(settings)
        opened.disconnect()
    return {
        f"tables/{name}.parquet": file.rows - rows[name] for name, file in manifest.tables.items()
    }


def _without(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    name: str,
    kind: Kind,
    identifier: str,
) -> int:
    """Make ``clean.<name>`` without the rows that name the id; return how many are left."""
    columns = [column for column in COLUMNS[kind] if column in TABLES[name].names]
    named = " OR ".join(f"{column} = {literal(identifier)}" for column in columns) or "FALSE"
    rows = parquet(settings.tables_folder / f"{name}.parquet")
    table = quoted(name)
    connection.execute(f"CREATE VIEW rows.{table} AS SELECT * FROM {rows}")
    others = f"SELECT * FROM rows.{table} WHERE ({named}) IS NOT TRUE"
    connection.execute(f"CREATE VIEW clean.{table} AS {others}")
    row = connection.execute(f"SELECT count(*) FROM clean.{table}").fetchone()
    return int(row[0]) if row else 0


def _dates(settings: Settings) -> list[date]:
    if not settings.feature_table.exists():
        return []
    days = pq.read_table(settings.feature_table, columns=["as_of"])["as_of"]
    return sorted(pc.unique(days).to_pylist())


def _describes(settings: Settings, dates: list[date]) -> bool:
    """Say whether the feature table is what a build of today would leave as it is."""
    if not dates:
        return False
    manifest = tables.read_manifest(settings)
    return stored(settings.feature_table) == describe(settings, manifest, dates)


def _description(settings: Settings, dates: list[date]) -> dict[bytes, bytes]:
    description: dict[str, Any] = describe(settings, tables.read_manifest(settings), dates)
    return {METADATA: json.dumps(description, sort_keys=True).encode()}
