"""The text files of a source, whatever their kind, as a table of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.config.file_options import CSV, EXCEL, JSON
from pipelines.config.mapping import Source
from pipelines.ingest.files import csv_files, json_files, spreadsheets
from pipelines.ingest.files.faults import RepeatedName

ENDINGS = (*CSV, *EXCEL, *JSON)


@dataclass(frozen=True)
class Loaded:
    """What a file says of its columns beside their texts.

    ``inexact``: their numbers may have lost digits before they were written; ``numeric``: their
    numbers are numbers in the file, and not texts that look like one; ``repeated``: names that
    several columns have.
    """

    inexact: frozenset[str] = frozenset()
    numeric: frozenset[str] = frozenset()
    is_nested: bool = False
    repeated: tuple[RepeatedName, ...] = ()


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
    if file.endswith(CSV):
        repeated = csv_files.load_text(connection, name, source.file, paths, source, target)
        return Loaded(repeated=tuple(repeated))
    if file.endswith(EXCEL):
        inexact, numeric, repeated = spreadsheets.load_text(
            connection, name, source.file, paths, source, target
        )
        return Loaded(frozenset(inexact), frozenset(numeric), repeated=tuple(repeated))
    inexact, numeric = json_files.load_text(connection, name, source.file, paths, source, target)
    return Loaded(frozenset(inexact), frozenset(numeric), is_nested=True)
