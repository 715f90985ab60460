"""Reading sheets of Excel workbooks as texts, each value as its cell shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import duckdb
import pyarrow as pa

from features.errors import EnvironmentFailure
from pipelines.config.file_options import FileOptions
from pipelines.ingest.files.cell_errors import errors_by_cell
from pipelines.ingest.files.csv_files import column_names
from pipelines.ingest.files.faults import RepeatedName, UnreadableFile, repeated_names, setting
from pipelines.ingest.files.loaded import Loaded

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

EXACT = 10**15
"""Excel keeps fifteen digits of a number; of a longer one it keeps no more."""


def load_text(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    file: str,
    paths: Sequence[Path],
    options: FileOptions,
    target: str,
) -> Loaded:
    """Create the table ``target`` of the texts in a sheet of workbooks.

    Days are ISO dates, whole numbers have no fraction. Numbers that have one, or more digits than
    Excel keeps, are inexact. Raises ``UnreadableFile`` where a workbook or its sheet is not there.
    """
    tables: list[pa.Table] = []
    problems: list[str] = []
    inexact: set[str] = set()
    texts: set[str] = set()
    repeated: list[RepeatedName] = []
    for path in paths:
        try:
            cells = _cells(path, source, file, options)
            tables.append(_table(cells, options))
            repeated += repeated_names(path.name, [_text(cell) or "" for cell in cells[0]])
            inexact |= _columns_with(cells, _is_inexact)
            texts |= _columns_with(cells, _looks_like_a_number)
        except UnreadableFile as error:
            problems += error.problems
    if problems:
        raise UnreadableFile(problems)
    names = [f"sheet_{number}" for number in range(len(tables))]
    for name, table in zip(names, tables, strict=True):
        connection.register(name, table)
    rows = " UNION ALL BY NAME ".join(f"SELECT * FROM {name}" for name in names)
    connection.execute(f"CREATE TABLE {target} AS {rows}")
    for name in names:
        connection.unregister(name)
    columns = {name for table in tables for name in table.column_names}
    numeric = frozenset(columns - texts)
    return Loaded(frozenset(inexact), numeric, repeated=tuple(repeated))


def _cells(path: Path, source: str, file: str, options: FileOptions) -> list[list[Any]]:
    """Return the rows of the sheet from the header on, as Python values."""
    try:
        import python_calamine  # here: only companies with workbooks pay for its import
    except ImportError:
        raise EnvironmentFailure(
            f"sources.{source}: reading Excel needs the package python-calamine; install it"
        ) from None
    where = f"sources.{source} ({path.name})"
    try:
        workbook = python_calamine.load_workbook(str(path))
        names = [name for name in workbook.sheet_names if options.sheet in ("", name)]
        sheets = {name: _shown(path, workbook, name) for name in names}
    except (python_calamine.CalamineError, OSError, BadZipFile, ParseError) as error:
        raise UnreadableFile([f"{where}: is no Excel workbook that can be read: {error}"]) from None
    filled = {name: rows for name, rows in sheets.items() if any(map(any, rows))}
    available = ", ".join(map(repr, workbook.sheet_names))
    if options.sheet and options.sheet not in sheets:
        raise UnreadableFile([f"{where}: there is no sheet {options.sheet!r}. It has {available}"])
    if len(filled) > 1:
        choose = setting(source, file, "sheet", next(iter(filled)))
        raise UnreadableFile([f"{where}: has several sheets, {available}: choose one, {choose}"])
    rows = next(iter(filled.values()), [])[options.header_row - 1 :]
    while options.header_row == 1 and rows and not any(cell != "" for cell in rows[0]):
        rows = rows[1:]
    if not rows:
        raise UnreadableFile([f"{where}: has no row {options.header_row:,} to name the columns"])
    return rows


def _shown(path: Path, workbook: CalamineWorkbook, sheet: str) -> list[list[Any]]:
    """Return the rows of a sheet, with what error cells show where the library leaves them empty.

    They are then texts like those of CSV: no number, no day, and no value that is not there.
    """
    rows = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    for (row, column), shown in errors_by_cell(path, sheet).items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = shown
    return rows


def _table(rows: list[list[Any]], options: FileOptions) -> pa.Table:
    header, body = rows[0], [row for row in rows[1:] if any(cell != "" for cell in row)]
    names = list(column_names([_text(cell) or "" for cell in header]))
    columns = {
        name: [_nulled(_text(row[place]), options) for row in body]
        for place, name in enumerate(names)
    }
    kept = {
        name: values
        for (name, values), cell in zip(columns.items(), header, strict=True)
        if cell != "" or any(value is not None for value in values)
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in kept.items()})


def _columns_with(rows: list[list[Any]], condition: Callable[[Any], bool]) -> set[str]:
    """Return the columns in which any value meets a condition."""
    names = list(column_names([_text(cell) or "" for cell in rows[0]]))
    return {
        name for place, name in enumerate(names) if any(condition(row[place]) for row in rows[1:])
    }


def _is_inexact(cell: Any) -> bool:
    return isinstance(cell, float) and (not cell.is_integer() or abs(cell) >= EXACT)


def _looks_like_a_number(cell: Any) -> bool:
    return isinstance(cell, str) and bool(re.fullmatch(r"[+-]?[0-9][0-9.,' ]*", cell.strip()))


def _nulled(text: str | None, options: FileOptions) -> str | None:
    return None if text in options.null_values else text


def _text(cell: Any) -> str | None:
    """Return what a cell holds as text, numbers and days in the way a CSV file has them."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell) if cell not in ("", None) else None
