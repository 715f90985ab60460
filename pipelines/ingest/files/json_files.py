"""Reading JSON as texts: a line or a member of a list is a row, an object in it a group of columns.

A field of an object is a column called by its path, ``owner.email``; lists stay lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
from duckdb.sqltypes import DuckDBPyType

from pipelines.common.sql_quoting import literal, path_literal, quoted
from pipelines.config.file_options import FileOptions
from pipelines.ingest.files.faults import UnreadableFile
from pipelines.ingest.files.loaded import Loaded

Leaf = tuple[tuple[str, ...], DuckDBPyType]
"""The path of a field that is no object, and its type."""
LARGEST = 1 << 28
"""So many bytes may one object take."""


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
    options_of_duckdb = "union_by_name = true, hive_partitioning = false"
    reading = f"{listed}, {options_of_duckdb}, maximum_object_size = {LARGEST}"
    try:
        described = connection.sql(
            f"SELECT * FROM read_json({reading}, sample_size = -1, maximum_depth = -1)"
        )
        types = dict(zip(described.columns, described.types, strict=True))
        texts = ", ".join(f"{quoted(name)}: {literal(_of_texts(t))}" for name, t in types.items())
        leaves = [leaf for name, type_ in types.items() for leaf in _leaves((name,), type_)]
        columns = ", ".join(_column(path, type_, options) for path, type_ in leaves)
        connection.execute(
            f"CREATE TABLE {target} AS SELECT {columns} "
            f"FROM read_json({reading}, columns = {{{texts}}})"
        )
    except (duckdb.InvalidInputException, duckdb.BinderException, duckdb.ParserException) as error:
        reason = str(error).splitlines()[0].partition(": ")[2]
        raise UnreadableFile([f"sources.{source} ({file}): {reason}"]) from None
    numeric = {".".join(path): type_ for path, type_ in leaves if _is_number(type_)}
    inexact = frozenset(name for name, type_ in numeric.items() if _is_floating(type_))
    return Loaded(inexact, frozenset(numeric), is_nested=True)


def _leaves(path: tuple[str, ...], type_: DuckDBPyType) -> Iterator[Leaf]:
    if type_.id == "struct":
        for name, child in _fields(type_).items():
            yield from _leaves((*path, name), child)
    else:
        yield path, type_


def _fields(type_: DuckDBPyType) -> dict[str, DuckDBPyType]:
    """Return the fields of an object's type."""
    return {name: child for name, child in type_.children if isinstance(child, DuckDBPyType)}


def _column(path: tuple[str, ...], type_: DuckDBPyType, options: FileOptions) -> str:
    value = ".".join(map(quoted, path))
    if _is_floating(type_):  # a whole number is written without a fraction
        value = f"regexp_replace({value}, '\\.0+$', '')"
    for null in options.null_values if type_.id != "list" else ():
        value = f"nullif({value}, {literal(null)})"
    return f"{value} AS {quoted('.'.join(path))}"


def _of_texts(type_: DuckDBPyType) -> str:
    """Return the type of an object with a text in the place of each number, day or truth."""
    if type_.id == "struct":
        texts = (f"{quoted(name)} {_of_texts(t)}" for name, t in _fields(type_).items())
        return f"STRUCT({', '.join(texts)})"
    if type_.id in ("list", "map"):
        return str(type_)
    return "VARCHAR"


def _is_floating(type_: DuckDBPyType) -> bool:
    return type_.id in ("double", "float")


def _is_number(type_: DuckDBPyType) -> bool:
    return _is_floating(type_) or type_.id.endswith(("int", "integer"))
