"""The text files of a source, whatever their kind, as a table of texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipelines.config.file_options import CSV, EXCEL, JSON
from pipelines.config.mapping import Source
from pipelines.ingest.files import csv_files, json_files, spreadsheets
from pipelines.ingest.files.loaded import Loaded

READERS = {
    CSV: csv_files.load_text,
    EXCEL: spreadsheets.load_text,
    JSON: json_files.load_text,
}
"""What reads the files of some endings."""
ENDINGS = tuple(ending for endings in READERS for ending in endings)


def is_text_file(source: Source) -> bool:
    """Say whether a source is a file of texts, whose types are for us to find."""
    return source.file.lower().endswith(ENDINGS)


def load_text(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    source: Source,
    paths: Sequence[Path],
    target: str,
) -> Loaded:
    """Create the table ``target`` of the texts in the files of the source ``name``.

    Raises ``UnreadableFile`` with all that stands in the way.
    """
    file = source.file.lower()
    reader = next(reader for endings, reader in READERS.items() if file.endswith(endings))
    return reader(connection, name, source.file, paths, source, target)
