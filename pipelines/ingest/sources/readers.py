"""Reading a company's sources into DuckDB: files, DuckDB files, databases by URL, and queries."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import partial
from gzip import BadGzipFile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from features.contract import TABLES
from pipelines.common.sql_quoting import literal, quoted
from pipelines.config.file_options import CSV, ENDINGS, EXCEL, JSON, PARQUET
from pipelines.config.mapping import Source
from pipelines.ingest.files.faults import UnreadableFile
from pipelines.ingest.files.parquet_files import ParquetFiles
from pipelines.ingest.files.text_files import is_text_file, load_text
from pipelines.ingest.sources import databases, files_in_sql
from pipelines.ingest.sources.errors import Faults, first_line
from pipelines.ingest.sources.text_columns import TextColumns

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

MEMORY = "2GB"
"""What DuckDB may hold before it spills into the work folder."""


SCHEMAS = ("text", "src", "rows", "kept", "typed", "clean")
"""The way of a row: as a file holds it, as its source gives it, as a table's rows, without dropped
ones, cast, by the rules."""


def open_database(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Return an empty DuckDB in memory that spills beside the results and loads nothing online."""
    connection = duckdb.connect()
    work = settings.work
    folder = next(path for path in (work, *work.parents) if path.is_dir())
    scratch = folder / f".scratch-{os.getpid()}"
    for setting in (
        f"TimeZone = {literal(settings.company.timezone)}",
        "enable_progress_bar = false",  # ours is the one; DuckDB's goes into pipes as well
        "autoinstall_known_extensions = false",
        f"memory_limit = '{MEMORY}'",
        f"temp_directory = {literal(str(scratch))}",
    ):
        connection.execute(f"SET {setting}")
    for schema in SCHEMAS:
        connection.execute(f"CREATE SCHEMA {schema}")
    return connection


def named(settings: Settings) -> dict[str, Source]:
    """Return every source: the mapping's, files in its SQL, files called like a contract table."""
    tables = {name: _file_source(settings.data_folder, name) for name in TABLES}
    files = {name: source for name, source in tables.items() if source is not None}
    return {**files_in_sql.sources(settings), **files, **settings.sources}


def origin(settings: Settings, name: str) -> str:
    """Return a source as a person knows it: its name, and the file or database behind it."""
    source = named(settings).get(name)
    if source is None:
        return "the query"
    return f"{name} ({source.file or source.duckdb or source.table or 'a query'})"


def files(settings: Settings) -> dict[str, list[Path]] | None:
    """Return the files behind each source and, without a name, those that SQL reads.

    None when one is a database or anything else whose state has no file.
    """
    sources = named(settings)
    in_sql = files_in_sql.watched(settings)
    if in_sql is None or any(source.url for source in sources.values()):
        return None
    by_source = {name: _paths(settings.data_folder, source) for name, source in sources.items()}
    return {**by_source, "": in_sql}


def ignored(settings: Settings) -> dict[str, str | None]:
    """Return the files in the data folder that no source reads, and the table each may be.

    A misspelt ``mileston.csv`` is otherwise a table that is silently not there.
    """
    folder, sources = settings.data_folder, named(settings)
    read = {path for source in sources.values() for path in _paths(folder, source)}
    read.update(files_in_sql.watched(settings) or ())
    urls = " ".join(source.url for source in sources.values())
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    unread = (p for p in entries if p.is_file() and p not in read and p.name not in urls)
    return {
        path.name: _nearest_table(path.name) for path in unread if not path.name.startswith(".")
    }


def _nearest_table(name: str) -> str | None:
    """Return the table that a file's name is most like."""
    stem = name.split(".")[0].lower()
    return next(iter(get_close_matches(stem, TABLES, n=1, cutoff=0.7)), None)


def look(columns: TextColumns, settings: Settings, name: str, faults: Faults) -> bool:
    """Take the texts of the source ``name`` in as ``text.<name>``; say whether that worked.

    Does nothing for a source that has types of its own.
    """
    source = named(settings)[name]
    if not is_text_file(source):
        return True
    return _attempted(name, source, faults, partial(_look, columns, settings, name, faults))


def read(columns: TextColumns, settings: Settings, name: str, faults: Faults) -> bool:
    """Make the source ``name`` readable as ``src.<name>``; say whether that worked."""
    source = named(settings)[name]
    return _attempted(name, source, faults, partial(_read, columns, settings, name, source, faults))


def _attempted(name: str, source: Source, faults: Faults, step: Callable[[], bool]) -> bool:
    """Do one step of reading a source; what the database says of it is a fault."""
    try:
        done = step()
    except UnreadableFile as error:
        done = False
        faults.problems.extend(error.problems)
    except (BadGzipFile, EOFError, zlib.error) as error:
        done = False
        faults.problems.append(
            f"sources.{name} ({source.file}): is no whole gzip file: {first_line(error)}; export "
            "it again, or leave .gz out of its name if it is not packed"
        )
    except duckdb.Error as error:
        done = False
        where = source.file or source.duckdb or "its query"
        problem = f"sources.{name} ({where}): {first_line(error)}"
        if source.file:
            faults.problems.append(problem)
        else:
            faults.say(problem, source.sql)
    faults.unread.update(() if done else (name,))
    return done


def _file_source(folder: Path, name: str) -> Source | None:
    for ending in (*PARQUET, *CSV, *EXCEL, *JSON):
        if (folder / f"{name}{ending}").exists():
            return Source(file=f"{name}{ending}")
    return None


def _paths(folder: Path, source: Source) -> list[Path]:
    pattern = source.file or source.duckdb
    if not pattern:
        return []
    return files_in_sql.found(folder, pattern)


def _look(columns: TextColumns, settings: Settings, name: str, faults: Faults) -> bool:
    source = named(settings)[name]
    paths = _paths(settings.data_folder, source)
    if missing := list(_unreadable(settings.data_folder, name, source, paths)):
        faults.problems.extend(missing)
        return False
    loaded = load_text(columns.connection, name, source, paths, f"text.{quoted(name)}")
    ambiguous = [
        f"sources.{name} ({repeated.file}): {repeated}"
        for repeated in loaded.repeated
        if columns.use.is_used(repeated.name.lower())
        and not columns.use.is_used(f"{repeated.name.lower()}_1")
    ]
    faults.problems.extend(ambiguous)
    columns.look(name, source, loaded)
    return not ambiguous


def _read(
    columns: TextColumns, settings: Settings, name: str, source: Source, faults: Faults
) -> bool:
    connection, target = columns.connection, f"src.{quoted(name)}"
    if is_text_file(source):
        columns.store(name)
        return True
    if source.url:
        return databases.copy(columns, settings.data_folder, name, source, faults)
    if source.sql:
        connection.execute(f"CREATE TABLE {target} AS {columns.query(source.sql)}")
        return True
    paths = _paths(settings.data_folder, source)
    if missing := list(_unreadable(settings.data_folder, name, source, paths)):
        faults.problems.extend(missing)
        return False
    if source.duckdb:
        _attach(columns, name, source, paths[0])
        return True
    return _read_parquet(columns, name, source, paths, faults)


def _unreadable(folder: Path, name: str, source: Source, paths: list[Path]) -> Iterator[str]:
    wanted = source.file or source.duckdb
    if not folder.is_dir():
        yield f"sources.{name}: the folder {folder} does not exist; set [data] folder"
    elif not paths:
        yield f"sources.{name}: there is no {wanted} in {folder}; correct the name or add the file"
    for path in paths:
        if path.is_file() and not path.stat().st_size:
            yield f"sources.{name}: {path} is empty (0 bytes); export it again"


def _attach(columns: TextColumns, name: str, source: Source, path: Path) -> None:
    connection = columns.connection
    alias = quoted(f"file_{name}")
    connection.execute(f"ATTACH {literal(str(path))} AS {alias} (READ_ONLY)")
    table = ".".join(quoted(name_part) for name_part in source.table.split("."))
    rows = columns.adapted(name, f"{alias}.{table}")
    connection.execute(f"CREATE VIEW src.{quoted(name)} AS {rows}")


def _read_parquet(
    columns: TextColumns,
    name: str,
    source: Source,
    paths: list[Path],
    faults: Faults,
) -> bool:
    if not source.file.lower().endswith(PARQUET):
        endings = ", ".join(ENDINGS)
        faults.mistakes.append(f"sources.{name}: cannot read {source.file}; known are {endings}")
        return False
    files = ParquetFiles(columns.connection, name, source.file, paths)
    rows = columns.adapted(name, files.rows(columns.use.identifiers))
    columns.connection.execute(f"CREATE VIEW src.{quoted(name)} AS {rows}")
    return True
