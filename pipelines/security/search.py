"""Looks for an id in everything of ours: tables, databases and files of any kind."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models.store import erasure
from pipelines.common.sql_quoting import quoted
from pipelines.config.channels import Mail

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


def everywhere(settings: Settings, identifier: str) -> dict[str, int]:
    """Return by place how often an id is named: the store, MLflow's records, every file of ours.

    The company's own sources are not ours, even where they lie in the same folder.
    """
    mentions = {
        f"store: {k}": v for k, v in erasure.mentions(settings.store_url, identifier).items()
    }
    if _kind(settings) == "postgresql":
        records = erasure.anywhere(settings.mlflow_uri, identifier)
        mentions |= {f"mlflow: {k}": v for k, v in records.items()}
    for path in _files(settings):
        place = os.path.relpath(path, settings.work)
        # Of the many files only those that name it are told, and those that could.
        count = _count(path, identifier)
        if count or path.suffix in (".parquet", ".db"):
            mentions[place] = count
    return mentions


def unsearched(settings: Settings) -> tuple[str, ...]:
    """Return the places that cannot be looked into: MLflow behind a server, sent mails."""
    mails = [f"mails to {', '.join(m.recipients)}" for m in settings.deliver if isinstance(m, Mail)]
    if _kind(settings) in ("sqlite", "postgresql"):
        return tuple(mails)
    parts = urlsplit(settings.mlflow_uri)
    return (f"MLflow at {parts.scheme}://{parts.hostname}", *mails)


def _kind(settings: Settings) -> str:
    return urlsplit(settings.mlflow_uri).scheme.partition("+")[0]


def _files(settings: Settings) -> Iterator[Path]:
    sources = settings.data_folder.resolve()
    for folder in dict.fromkeys((settings.work, settings.mlflow.home)):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and sources not in path.resolve().parents:
                yield path


def _count(path: Path, identifier: str) -> int:
    if path.suffix == ".parquet":
        return _in_parquet(path, identifier)
    if path.suffix == ".db":
        return _in_sqlite(path, identifier)
    return _in_bytes(path.read_bytes(), identifier)


def _in_bytes(content: bytes, identifier: str) -> int:
    spellings = {identifier, json.dumps(identifier)[1:-1]}
    either = "|".join(re.escape(spelling) for spelling in sorted(spellings))
    return len(re.findall(rf"(?<![\w-])(?:{either})(?![\w-])".encode(), content))


def _in_parquet(path: Path, identifier: str) -> int:
    file = pq.ParquetFile(path)
    texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
    count = _in_bytes(
        json.dumps(
            {
                k.decode(): v.decode("utf-8", "replace")
                for k, v in (file.schema_arrow.metadata or {}).items()
            }
        ).encode(),
        identifier,
    )
    for batch in file.iter_batches(columns=texts) if texts else ():
        for column in batch.columns:
            hits = pc.match_substring(column, identifier)
            for text in column.filter(pc.fill_null(hits, False)).to_pylist():
                count += bool(erasure.pattern(identifier).search(text))
    return count


def _in_sqlite(path: Path, identifier: str) -> int:
    spelled = erasure.pattern(identifier)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        rows = (
            row for (name,) in names for row in connection.execute(f"SELECT * FROM {quoted(name)}")
        )
        return sum(
            1
            for row in rows
            if any(
                isinstance(cell, str) and identifier in cell and spelled.search(cell)
                for cell in row
            )
        )
