"""Dates that are not ISO: read by the format that is set, and asked about where none is."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from pipelines.common.sql_quoting import literal, only_row, quoted
from pipelines.config.file_options import FileOptions
from pipelines.ingest.files.value_types import Reading

DAY = r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4}|[0-9]{2})([ T].*)?"
"""A date whose first two numbers may be day and month, or month and day."""
SHARE = 0.5
"""From this share of a column's values on it is a column of such dates."""


def date_readings(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    names: Sequence[str],
    options: FileOptions,
) -> dict[str, Reading]:
    """Return how those of the text columns ``names`` are read that fit the formats set."""
    formats = {"TIMESTAMP": options.timestamp_format, "DATE": options.date_format}
    by_format = {
        type_: f"CAST(try_strptime(@, {literal(pattern)}) AS {type_})"
        for type_, pattern in formats.items()
        if pattern
    }
    asked = [(name, type_) for name in names for type_ in by_format]
    if not asked:
        return {}
    counts = ", ".join(
        f"count({by_format[type_].replace('@', quoted(name))}), count({quoted(name)})"
        for name, type_ in asked
    )
    row = only_row(connection, f"SELECT {counts} FROM {relation}")
    fitting = {}
    for (name, type_), fits, of in zip(asked, row[::2], row[1::2], strict=True):
        if fits and fits >= of * SHARE:
            fitting[name] = Reading(type_, by_format[type_], is_complete=fits == of)
    return fitting


def questions(
    connection: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]
) -> dict[str, tuple[str, list[str]]]:
    """Return for each column of such dates a question, and the formats that all of them fit."""
    asked = {}
    for name in names:
        value = quoted(name)
        first, second = (f"max(TRY_CAST({_number(value, n)} AS INTEGER))" for n in (1, 2))
        is_day = f"regexp_full_match({value}, {literal(DAY)})"
        row = only_row(
            connection,
            f"SELECT count(*) FILTER (WHERE {is_day}) >= {SHARE} * count({value}), "
            f"{first}, {second}, min({value}) FILTER (WHERE {is_day}) FROM {relation}",
        )
        if row[0] and row[3]:
            asked[name] = _question(row[3], row[1] > 12, row[2] > 12)
    return asked


def _number(value: str, place: int) -> str:
    return f"nullif(regexp_extract({value}, {literal(f'^{DAY}$')}, {place}), '')"


def _question(example: str, is_day_first: bool, is_month_first: bool) -> tuple[str, list[str]]:
    match = re.fullmatch(DAY, example)
    mark, year = re.sub("[0-9]", "", example)[0], "%Y" if match and len(match[3]) == 4 else "%y"
    patterns = [f"%d{mark}%m{mark}{year}", f"%m{mark}%d{mark}{year}"]
    if is_day_first == is_month_first:
        return f"is {example} day, month, year or month, day, year?", patterns
    fitting = patterns[0] if is_day_first else patterns[1]
    return f"how is {example} read as a date?", [fitting]
