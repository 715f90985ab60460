"""``ingest``: a company's tables in the contract's shape, as Parquet, with a manifest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from features import contract
from features.contract import TABLES
from features.errors import DataError, EnvironmentFailure
from models.common.files import atomic_folder
from pipelines.common.source_digest import source_digest
from pipelines.common.sql_quoting import glob_escaped, literal, quoted
from pipelines.ingest import attribute_history, attribute_record, erased_ids, ledger
from pipelines.ingest.attribute_history import AttributeHistory
from pipelines.ingest.sources import readers
from pipelines.ingest.sources.errors import first_line
from pipelines.ingest.validation import Survey, survey

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from pipelines.config.settings import Settings

MANIFEST = "manifest.json"
INGEST = Path(__file__).parent
"""The code that decides what is written from the same sources, with the contract."""


@dataclass(frozen=True)
class TableFile:
    """One Parquet file: its rows, its digest, and how many rows were dropped on the way."""

    rows: int
    sha256: str
    dropped: int = 0


@dataclass(frozen=True)
class Manifest:
    """What ``ingest`` wrote.

    ``fingerprint`` changes with any value in any table and with ``data_through``, the first day
    that is not complete; ``sources`` changes with any source file or the mapping, and is empty
    where a database was read. ``rules`` are the violations that were dropped or accepted,
    ``attributes`` what is known of former values of those that can change.
    ``holds_today_only`` says that the same sources may give other tables on another day.
    """

    fingerprint: str
    data_through: str
    tables: dict[str, TableFile]
    rules: tuple[dict[str, Any], ...]
    sources: str
    holds_today_only: bool = False
    unchanged: bool = False
    attributes: tuple[AttributeHistory, ...] = ()


def ingest(settings: Settings) -> Manifest:
    """Check the company's tables, apply its rules and write them into ``work/tables``.

    Nothing is read again while sources and mapping are unchanged, unless they hold rows that have
    not happened yet. Raises ``DataError`` with every
    violation that is refused, and leaves what was written before as it was.
    """
    state = _state(settings)
    written = _written(settings)
    if written and state and written.sources == state and not written.holds_today_only:
        return replace(written, unchanged=True)
    surveyed = survey(settings)
    with closing(surveyed.connection):
        report = surveyed.report()
        if not report.ok:
            raise DataError([str(violation) for violation in report.refused])
        attribute_record.update(settings, surveyed.connection)
        return _swap(settings, lambda folder: _write(surveyed, folder, state))


def rewrite(
    settings: Settings, connection: duckdb.DuckDBPyConnection, rows: Mapping[str, int]
) -> Manifest:
    """Write ``clean.<table>`` of ``connection`` in the place of the tables written last.

    ``rows`` says how many there are. Examples of violations are left out, and sources are read
    again the next time.
    """
    before = read_manifest(settings)

    def write(folder: Path) -> Manifest:
        tables = {
            name: replace(_write_table(connection, name, folder, rows[name]), dropped=file.dropped)
            for name, file in before.tables.items()
        }
        rules = [{**rule, "examples": []} for rule in before.rules]
        return _describe(
            connection, folder, tables, before.data_through, rules, "", before.attributes
        )

    return _swap(settings, write)


def read_manifest(settings: Settings) -> Manifest:
    """Return the manifest of the tables written last; ``DataError`` when there are none."""
    written = _written(settings)
    if written is None:
        raise DataError(
            f"{settings.tables_folder}: no tables have been read yet; run `expansion build`"
        )
    return written


def connect(settings: Settings) -> tuple[Backend, dict[str, ir.Table]]:
    """Open the written tables in an Ibis DuckDB connection; absent optional ones are left out."""
    import ibis

    manifest = read_manifest(settings)
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    connection.raw_sql("SET enable_progress_bar = false")  # it goes into pipes as well
    folder = settings.tables_folder
    tables = {
        name: connection.read_parquet(
            glob_escaped(folder / f"{name}.parquet"), table_name=name, hive_partitioning=False
        )
        for name in manifest.tables
    }
    return connection, tables


def _state(settings: Settings) -> str:
    """Return a digest of the source files, the mapping and this code; empty with a database."""
    files = readers.files(settings)
    if files is None:
        return ""
    mapping = settings.model_dump_json(
        include={
            "sources": True,
            "tables": True,
            "checks": True,
            "rules": True,
            "company": True,
            "features": {"keep"},
            "build": {"history_days"},
        },
        by_alias=True,
    )
    gone = erased_ids.marks(erased_ids.read(settings))
    digest = sha256(f"{mapping}{duckdb.__version__}{gone}".encode())
    for name, paths in files.items():
        digest.update(f"{name}:{len(paths)}".encode())
        for path in paths:
            digest.update(_sha256(path).encode())
    digest.update(source_digest(INGEST).encode())
    digest.update(Path(contract.__file__).read_bytes())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _written(settings: Settings) -> Manifest | None:
    """Return the last manifest, if it is there and so are its tables."""
    try:
        content = json.loads((settings.tables_folder / MANIFEST).read_text("utf-8"))
        stored = content.pop("tables")
        tables = {name: TableFile(**stored[name]) for name in TABLES if name in stored}
        rules = tuple(content.pop("rules"))
        attributes = attribute_history.from_stored(content.pop("attributes"))
        manifest = Manifest(tables=tables, rules=rules, attributes=attributes, **content)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    files = [*(f"{name}.parquet" for name in tables), ledger.FILE]
    is_complete = all((settings.tables_folder / name).exists() for name in files)
    return manifest if is_complete else None


def _write(surveyed: Survey, folder: Path, state: str) -> Manifest:
    connection, through = surveyed.connection, str(surveyed.data_through)
    attributes = surveyed.attributes()
    if used := attribute_history.recorded(attributes):
        attribute_record.merge(connection, surveyed.settings, used)
        surveyed.rows["accounts"] = surveyed.number("SELECT count(*) FROM clean.accounts")
    tables = {
        name: _write_table(connection, name, folder, surveyed.rows[name])
        for name in TABLES
        if name in surveyed.rows
    }
    rules = erased_ids.without(surveyed.report().violations, surveyed.gone)
    stored = [violation.as_dict() for violation in rules]
    return _describe(
        connection,
        folder,
        tables,
        through,
        stored,
        state,
        attributes,
        holds_today_only=surveyed.holds_today_only,
    )


def _describe(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    tables: dict[str, TableFile],
    through: str,
    rules: Iterable[dict[str, Any]],
    state: str,
    attributes: tuple[AttributeHistory, ...],
    *,
    holds_today_only: bool = False,
) -> Manifest:
    """Write the ledger and the manifest of what ``folder`` holds."""
    ledger.write(connection, tables, folder / ledger.FILE)
    files = {name: table.sha256 for name, table in tables.items()}
    content = json.dumps({"data_through": through, "tables": files}, sort_keys=True)
    manifest = Manifest(
        fingerprint=sha256(content.encode()).hexdigest(),
        data_through=through,
        tables=tables,
        rules=tuple(rules),
        sources=state,
        attributes=attributes,
        holds_today_only=holds_today_only,
    )
    stored = {key: value for key, value in asdict(manifest).items() if key != "unchanged"}
    text = json.dumps(stored, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return manifest


def _write_table(
    connection: duckdb.DuckDBPyConnection, name: str, folder: Path, count: int
) -> TableFile:
    """Write one table, ordered by key and then by all else: same rows, same bytes.

    Usage comes quarter by quarter, and by account within a quarter: who reads a lookback, or a
    range of accounts, can skip most of the file.
    """
    table, path = TABLES[name], folder / f"{name}.parquet"
    columns = ", ".join(map(quoted, table.names))
    order = [*table.key, *(column for column in table.names if column not in table.key)]
    by = [*(["date_trunc('quarter', day)"] if name == "usage_daily" else []), *map(quoted, order)]
    # No source may declare a column required in what is written: the bytes follow the values.
    nothing = ", ".join("NULL" for _ in table.names)
    source = (
        f"SELECT {columns} FROM clean.{quoted(name)} "
        f"UNION ALL SELECT {nothing} FROM range(1) WHERE random() < 0"
    )
    rows = f"SELECT {columns} FROM ({source}) ORDER BY {', '.join(by)}"
    target = literal(str(path))
    connection.execute(f"COPY ({rows}) TO {target} (FORMAT parquet, COMPRESSION zstd)")
    before = connection.execute(f"SELECT count(*) FROM rows.{quoted(name)}").fetchone()
    return TableFile(count, _sha256(path), (before[0] if before else 0) - count)


def _swap(settings: Settings, write: Callable[[Path], Manifest]) -> Manifest:
    """Write a folder aside and put it in the place of the tables; the old ones stay until then."""
    target = settings.tables_folder
    try:
        with atomic_folder(target) as aside:
            return write(aside)
    except duckdb.Error as error:
        raise EnvironmentFailure(f"{target}: {first_line(error)}") from None
