"""Files that a mapping's SQL reads by itself: found in the data folder, read like a source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines.common.sql_quoting import glob_escaped, literal, quoted
from pipelines.config.file_options import ENDINGS
from pipelines.config.mapping import Source
from pipelines.ingest.files.text_files import is_text_file
from pipelines.ingest.sources import sql_syntax
from pipelines.ingest.sources.sql_syntax import FileRead, Statement

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

ELSEWHERE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")
"""A file that is not on this machine, such as one in S3."""
UNPARSED = re.compile(
    r"((?:read_\w+|parquet_scan)\s*\(\s*|\bFROM\s+)'((?:[^']|'')*)'", re.IGNORECASE
)
"""A file in SQL that the parser does not take apart."""


def _pieces(settings: Settings) -> Iterator[tuple[str, bool]]:
    """Yield all SQL of a mapping, and whether it is a query rather than an expression."""
    yield from ((source.sql, True) for source in settings.sources.values() if source.sql)
    for table in settings.tables.values():
        if table.is_query:
            yield table.source, True
        yield from ((sql, False) for sql in (table.where, *table.columns.values()) if sql)
    yield from ((check.violates, False) for check in settings.checks)


def _may_read(sql: str) -> bool:
    return re.search(r"(read_\w+|\w+_scan)\s*\(|\b(FROM|JOIN)\s+['\"]|,\s*'", sql, re.I) is not None


def _statements(settings: Settings) -> Iterator[tuple[str, Statement | None]]:
    pieces = [(sql, is_query) for sql, is_query in _pieces(settings) if _may_read(sql)]
    if not pieces:
        return
    with duckdb.connect() as connection:
        for sql, is_query in pieces:
            read = sql_syntax.query if is_query else sql_syntax.expression
            yield sql, read(connection, sql)


def sources(settings: Settings) -> dict[str, Source]:
    """Return the files of texts that SQL reads, as sources that are called like them."""
    return {
        name: Source(file=name)
        for _, statement in _statements(settings)
        for read in (statement.files if statement else ())
        if _is_source(read)
        for name in read.names
    }


def watched(settings: Settings) -> list[Path] | None:
    """Return the files that SQL reads; None where it may read anything else."""
    paths: list[Path] = []
    for sql, statement in _statements(settings):
        if statement is None or statement.reads_more:
            return None if statement or UNPARSED.search(sql) else paths
        names = [name for read in statement.files for name in read.names]
        if any(map(ELSEWHERE.match, names)):
            return None
        paths += [path for name in names for path in found(settings.data_folder, name)]
    return paths


def replacements(statement: Statement, folder: Path) -> Iterator[tuple[int, int, str]]:
    """Yield what stands for each file in a query: a source, or its path from the root on."""
    for read in statement.files:
        if _is_source(read):
            tables = [f"SELECT * FROM main.{quoted(name)}" for name in read.names]
            rows = f"({' UNION ALL BY NAME '.join(tables)})"
            yield read.start, read.end, rows + (f" AS {quoted(read.alias)}" if read.alias else "")
        else:
            for name, start, end in read.literals:
                if not ELSEWHERE.match(name) and _is_file(read):
                    yield start, end, literal(_absolute(folder, name))


def located(sql: str, folder: Path) -> str:
    """Return SQL that the parser does not take apart with its files looked for in ``folder``."""

    def absolute(match: re.Match[str]) -> str:
        name = match[2].replace("''", "'")
        is_here = ELSEWHERE.match(name) is None
        return f"{match[1]}{literal(_absolute(folder, name))}" if is_here else match[0]

    return UNPARSED.sub(absolute, sql)


def found(folder: Path, name: str) -> list[Path]:
    """Return the files of a name or pattern, looked for in ``folder`` whatever that is called."""
    # Path.glob takes no absolute pattern; root_dir is no pattern, whatever the folder is called.
    pattern = str(Path(name).expanduser())
    matches = sorted(glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207
    return [folder / match for match in matches]


def _is_source(read: FileRead) -> bool:
    is_text = all(is_text_file(Source(file=name)) for name in read.names)
    return read.is_plain and is_text and not any(map(ELSEWHERE.match, read.names))


def _is_file(read: FileRead) -> bool:
    """Say whether a name is one of a file; a name in quotes may be that of a table."""
    return not read.is_plain or read.names[0].lower().endswith(ENDINGS)


def _absolute(folder: Path, name: str) -> str:
    """Return the path of a file or pattern from the root on, the folder's name being no pattern."""
    path = Path(name).expanduser()
    return str(path) if path.is_absolute() else f"{glob_escaped(folder)}/{path}"
