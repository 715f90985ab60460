"""Reading JSON as texts: a line or a member of a list is a row, an object in it a group of columns.

A field of an object is a column called by its path, ``owner.email``; lists stay lists.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.common.sql_quoting import literal, path_literal, quoted
from pipelines.config.file_options import FileOptions
from pipelines.ingest.files.faults import UnreadableFile
from pipelines.ingest.files.loaded import Loaded

Structure = Any
"""What DuckDB finds in values: the name of a type, a list of one structure, or fields by name."""
LARGEST = 1 << 24
"""So many bytes may one object take. Each thread and each open file holds a buffer of twice that,
so it bounds memory as well."""
MOST_FIELDS = 200
"""An object in a row that has more fields over all rows is a dictionary, and read as one text."""


@dataclass(frozen=True)
class _Field:
    """A field that is no object: the names that lead to it, and its structure."""

    path: tuple[str, ...]
    structure: Structure

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def is_floating(self) -> bool:
        return bool(self.structure == "DOUBLE")

    @property
    def is_number(self) -> bool:
        return self.structure in ("DOUBLE", *_WHOLE)


_WHOLE = ("BIGINT", "UBIGINT", "HUGEINT")


def load_text(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    file: str,
    paths: Sequence[Path],
    options: FileOptions,
    target: str,
) -> Loaded:
    """Create the table ``target`` of the texts in JSON files, each field a column of its own.

    Numbers that have a fraction are inexact. Raises ``UnreadableFile`` with what the parser says.
    """
    listed = "[" + ", ".join(map(path_literal, paths)) + "]"
    reading = f"{listed}, hive_partitioning = false, maximum_object_size = {LARGEST}"
    try:
        structure = _structure(connection, reading)
        if not isinstance(structure, dict):
            problem = "the rows are no objects; write each row as fields with names"
            raise UnreadableFile([f"sources.{source} ({file}): {problem}"])
        if alike := list(_alike(structure)):
            raise UnreadableFile(f"sources.{source} ({file}): {problem}" for problem in alike)
        texts = ", ".join(f"{quoted(name)}: {literal(_type(s))}" for name, s in structure.items())
        fields = list(_fields(structure))
        columns = ", ".join(_column(field, options) for field in fields)
        connection.execute(
            f"CREATE TABLE {target} AS SELECT {columns} "
            f"FROM read_json({reading}, columns = {{{texts}}})"
        )
    except (duckdb.InvalidInputException, duckdb.BinderException, duckdb.ParserException) as error:
        raise UnreadableFile([f"sources.{source} ({file}): {_reason(error)}"]) from None
    inexact = frozenset(field.name for field in fields if field.is_floating)
    numeric = frozenset(field.name for field in fields if field.is_number)
    return Loaded(inexact, numeric, is_nested=True)


def _structure(connection: duckdb.DuckDBPyConnection, reading: str) -> Structure:
    """Return what all rows hold together.

    ``read_json`` would find it, too, but holds a buffer for each file while it looks: a folder of
    a file a day took more than the memory there is.
    """
    found = connection.execute(
        f"SELECT json_group_structure(json) FROM read_json_objects({reading})"
    ).fetchone()
    return json.loads(found[0]) if found and found[0] else {"json": "VARCHAR"}


def _reason(error: duckdb.Error) -> str:
    if "maximum_object_size" in str(error):
        return (
            f"an object takes more than {LARGEST >> 20} MiB; write each row as an object of its "
            "own, one a line or as members of a list"
        )
    return str(error).splitlines()[0].partition(": ")[2]


def _is_group(structure: Structure) -> bool:
    return isinstance(structure, dict) and 0 < len(structure) <= MOST_FIELDS


def _fields(structure: Mapping[str, Structure], path: tuple[str, ...] = ()) -> Iterator[_Field]:
    for name, below in structure.items():
        if _is_group(below):
            yield from _fields(below, (*path, name))
        else:
            yield _Field((*path, name), below)


def _alike(structure: Mapping[str, Structure], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield fields of one object that no SQL can tell apart."""
    first: dict[str, str] = {}
    for name, below in structure.items():
        if not name:
            yield "a field has an empty name; name it or leave it out"
        elif (other := first.setdefault(name.lower(), name)) != name:
            of = f" of {'.'.join(path)!r}" if path else ""
            yield f"fields {other!r} and {name!r}{of} differ only in case; write them alike"
        if _is_group(below):
            yield from _alike(below, (*path, name))


def _column(field: _Field, options: FileOptions) -> str:
    value = ".".join(map(quoted, field.path))
    if field.is_floating:  # a whole number is written without a fraction
        value = f"regexp_replace({value}, '\\.0+$', '')"
    for null in options.null_values if not isinstance(field.structure, list) else ():
        value = f"nullif({value}, {literal(null)})"
    return f"{value} AS {quoted(field.name)}"


def _type(structure: Structure, in_list: bool = False) -> str:
    """Return a structure's type: texts for numbers and truths, except in lists."""
    if isinstance(structure, list):
        return f"{_type(structure[0], in_list=True)}[]"
    if _is_group(structure):
        types = (f"{quoted(name)} {_type(s, in_list)}" for name, s in structure.items())
        return f"STRUCT({', '.join(types)})"
    if in_list and structure in (*_WHOLE, "DOUBLE", "BOOLEAN"):
        return "HUGEINT" if structure in _WHOLE else str(structure)
    return "VARCHAR"
