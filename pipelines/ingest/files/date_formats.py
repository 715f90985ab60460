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
    *,
    has_days: bool = False,
) -> dict[str, Reading]:
    """Return how those of the text columns ``names`` are read that fit the formats set.

    ``has_days``: beside texts the file has days of its own, which come as ISO dates.
    """
    formats = {"TIMESTAMP": options.timestamp_format, "DATE": options.date_format}
    by_format = {
        type_: f"coalesce(CAST(try_strptime(@, {literal(pattern)}) AS {type_}), {_cell(type_)})"
        if has_days
        else f"CAST(try_strptime(@, {literal(pattern)}) AS {type_})"
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
    fitting: dict[str, Reading] = {}
    most: dict[str, int] = {}
    for (name, type_), fits, of in zip(asked, row[::2], row[1::2], strict=True):
        if fits and fits >= max(of * SHARE, most.get(name, 0)):
            most[name] = fits
            fitting[name] = Reading(type_, by_format[type_], is_complete=fits == of)
    return fitting


def _cell(type_: str) -> str:
    """Return the SQL of a day or moment that a cell holds as one, and not as a text."""
    time = ".*" if type_ == "TIMESTAMP" else ""  # a day is no moment without its time
    is_iso = f"@ SIMILAR TO '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{time}'"
    return f"CASE WHEN {is_iso} THEN TRY_CAST(@ AS {type_}) END"


def questions(
    connection: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]
) -> dict[str, tuple[str, list[str]]]:
    """Return for each column of such dates a question, and the formats that all of them fit."""
    asked = {}
    for name in names:
        value = quoted(name)
        numbers = [f"TRY_CAST({_number(value, n)} AS INTEGER)" for n in (1, 2)]
        first, second = (f"max({number})" for number in numbers)
        is_day = f"regexp_full_match({value}, {literal(DAY)})"
        is_clear = f"{is_day} AND greatest({numbers[0]}, {numbers[1]}) > 12"
        example = f"min({value}) FILTER (WHERE {is_clear}), min({value}) FILTER (WHERE {is_day})"
        row = only_row(
            connection,
            f"SELECT count(*) FILTER (WHERE {is_day}) >= {SHARE} * count({value}), "
            f"{first}, {second}, coalesce({example}) FROM {relation}",
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
