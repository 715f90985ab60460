"""Copying a table or query of a database, named by its URL, into DuckDB through Ibis."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from features.errors import EnvironmentFailure
from pipelines.common.sql_quoting import quoted
from pipelines.config.mapping import Source
from pipelines.ingest.sources.errors import Faults, first_line
from pipelines.ingest.sources.text_columns import TextColumns

if TYPE_CHECKING:
    import pyarrow as pa

FILE_SCHEMES = ("sqlite:///", "duckdb:///")


def copy(
    columns: TextColumns,
    folder: Path,
    name: str,
    source: Source,
    faults: Faults,
) -> bool:
    """Make the rows of a database readable as ``src.<name>``; say whether that worked.

    Relative SQLite and DuckDB files are looked for in ``folder``. Raises ``EnvironmentFailure``
    where the library for the database is missing.
    """
    where = _located(os.path.expandvars(source.url), folder)
    file = Path(where.partition(":///")[2])
    if where.startswith(FILE_SCHEMES) and not file.is_file():
        faults.problems.append(f"sources.{name}: there is no {file}; correct the url")
        return False
    try:
        _copy(columns, name, source, where)
    except ImportError as error:
        raise EnvironmentFailure(
            f"sources.{name}: the library for this database is missing ({error}); install "
            "ibis-framework with the extra named like the database"
        ) from None
    except Exception as error:  # every database's driver has errors of its own
        what = source.table or "the query"
        faults.problems.append(
            f"sources.{name}: the database does not give {what}: "
            f"{type(error).__name__}: {first_line(error)}; check its url, and table or query"
        )
        return False
    return True


def _copy(columns: TextColumns, name: str, source: Source, url: str) -> None:
    """Copy the rows as they come; what identifies something is written as people write it."""
    connection, target = columns.connection, quoted(name)
    scheme, _, path = url.partition(":///")
    opened = _duckdb_rows(Path(path), source) if scheme == "duckdb" else _rows(url, source)
    with opened as batches:
        connection.register("incoming", batches)
        connection.execute(f"CREATE TABLE text.{target} AS SELECT * FROM incoming")
        connection.unregister("incoming")
    rows = columns.adapted(name, f"text.{target}")
    connection.execute(f"CREATE VIEW src.{target} AS {rows}")


@contextmanager
def _rows(url: str, source: Source) -> Iterator[pa.RecordBatchReader]:
    import ibis  # here: only companies with a database pay for its import

    scheme, _, path = url.partition(":///")
    # A path is a path: a URL would read the % or # in a folder's name as something else.
    database = ibis.sqlite.connect(path) if scheme == "sqlite" else ibis.connect(url)
    try:
        rows = database.sql(source.query) if source.query else database.table(source.table)
        yield rows.to_pyarrow_batches()
    finally:
        database.disconnect()


@contextmanager
def _duckdb_rows(path: Path, source: Source) -> Iterator[pa.RecordBatchReader]:
    table = ".".join(map(quoted, source.table.split(".")))
    with closing(duckdb.connect(path, read_only=True)) as database:
        yield database.sql(source.query or f"SELECT * FROM {table}").to_arrow_reader()


def _located(url: str, folder: Path) -> str:
    """Return the URL with a relative SQLite or DuckDB file looked for in the data folder."""
    scheme, _, path = url.partition(":///")
    if not url.startswith(FILE_SCHEMES) or path.startswith("/"):
        return url
    return f"{scheme}:///{folder / path}"
