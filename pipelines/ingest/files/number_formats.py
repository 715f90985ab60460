"""How numbers are written in a column: with a decimal point or comma, in groups of three digits.

``1.200`` is twelve hundred in one country and 1.2 in another. What the other values of the column
or of the file show decides; where nothing does, a person is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from pipelines.common.sql_quoting import literal, only_row, quoted
from pipelines.config.file_options import FileOptions
from pipelines.ingest.files.value_types import FIRST_ROWS, Reading

SPACES = " \u00a0\u202f"
APOSTROPHES = "'\u2019"
OTHER = {".": ",", ",": "."}
SPECIAL = "lower(@) IN ('inf', '-inf', '+inf', 'infinity', '-infinity', 'nan')"
SIGN, EXPONENT = "[+-]?", "([eE][+-]?[0-9]+)?"


@dataclass(frozen=True)
class Evidence:
    """What the values of a column show.

    ``point`` and ``comma``: an example that is a number with such a decimal mark only; ``either``:
    one that is a number with both, and not the same; ``any_number``: whether any value is one.
    """

    point: str | None
    comma: str | None
    either: str | None
    any_number: bool
    fits_point: bool
    fits_comma: bool

    def mark(self) -> str:
        """Return the decimal mark that the column shows; empty where it does not."""
        if bool(self.point) == bool(self.comma):
            return ""
        return "." if self.point else ","


def number_readings(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    names: Sequence[str],
    options: FileOptions,
    plain: Mapping[str, Reading],
) -> tuple[dict[str, Reading], dict[str, str]]:
    """Return how the numbers in the columns ``names`` are read, and questions about the others.

    ``plain`` says how each is read by its values alone. A question is a part of a sentence.
    """
    sample = f"(FROM {relation} LIMIT {FIRST_ROWS})"
    clear = {
        name
        for name, evidence in _evidence(connection, sample, names, options).items()
        if evidence.point and plain[name].type == "DOUBLE" and not options.decimal_mark
    }
    unsure = [name for name in names if name not in clear]
    shown = _evidence(connection, relation, unsure, options)
    marks = {evidence.mark() for evidence in shown.values()} | ({"."} if clear else set())
    marks.discard("")
    of_file = next(iter(marks)) if len(marks) == 1 else ""
    numbers, questions = {}, {}
    for name, evidence in shown.items():
        mark = options.decimal_mark or evidence.mark() or of_file
        if not mark and (evidence.either or (evidence.point and evidence.comma)):
            questions[name] = _question(evidence)
        elif reading := _reading(evidence, mark or ".", options, plain[name]):
            numbers[name] = reading
    return numbers, questions


def _reading(evidence: Evidence, mark: str, options: FileOptions, plain: Reading) -> Reading | None:
    """Return how the column is read with a decimal mark; None for no number at all."""
    if mark == "." and plain.type == "DOUBLE":
        return plain
    if not evidence.any_number:
        return None
    value = f"trim(@, {literal(SPACES)})"
    digits = f"regexp_replace({value}, {literal(_groups(mark, options))}, '', 'g')"
    if mark == ",":
        digits = f"replace({digits}, ',', '.')"
    sql = (
        f"CASE WHEN regexp_full_match({value}, {literal(_pattern(mark, options))}) OR {SPECIAL} "
        f"THEN TRY_CAST({digits} AS DOUBLE) END"
    )
    fits = evidence.fits_point if mark == "." else evidence.fits_comma
    return Reading("DOUBLE", sql, is_complete=fits, is_distinct=False)


def _question(evidence: Evidence) -> str:
    if evidence.point and evidence.comma:
        marks = f"{evidence.point} has a decimal point, {evidence.comma} a decimal comma"
        return f"{marks}: which is right?"
    example = evidence.either or ""
    mark = "." if "." in example else ","
    whole = example.replace(mark, "")
    broken = f"{float(example.replace(',', '.')):g}"
    return f"does {example} mean {whole} or {broken}?"


def _evidence(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    names: Iterable[str],
    options: FileOptions,
) -> dict[str, Evidence]:
    listed = list(names)
    if not listed:
        return {}
    point, comma = _pattern(".", options), _pattern(",", options)
    answers = ", ".join(_answers(quoted(name), point, comma) for name in listed)
    row = only_row(connection, f"SELECT {answers} FROM {relation}")
    width = len(Evidence.__dataclass_fields__)
    return {
        name: Evidence(*row[place * width : (place + 1) * width])
        for place, name in enumerate(listed)
    }


def _answers(column: str, point: str, comma: str) -> str:
    """Return the SQL of the fields of ``Evidence`` for a column."""
    value = f"trim({column}, {literal(SPACES)})"
    is_point = f"regexp_full_match({value}, {literal(point)})"
    is_comma = f"regexp_full_match({value}, {literal(comma)})"
    has_mark = f"regexp_matches({value}, '[.,]')"
    given = f"FILTER (WHERE {column} IS NOT NULL)"
    special = SPECIAL.replace("@", column)
    return ", ".join(
        (
            f"min({value}) FILTER (WHERE {is_point} AND NOT {is_comma})",
            f"min({value}) FILTER (WHERE {is_comma} AND NOT {is_point})",
            f"min({value}) FILTER (WHERE {is_point} AND {is_comma} AND {has_mark})",
            f"coalesce(bool_or({is_point} OR {is_comma}), false)",
            f"coalesce(bool_and({is_point} OR {special}) {given}, false)",
            f"coalesce(bool_and({is_comma} OR {special}) {given}, false)",
        )
    )


def _pattern(mark: str, options: FileOptions) -> str:
    """Return the pattern of a number with a decimal mark; groups begin with no zero."""
    group = f"[1-9][0-9]{{0,2}}({_groups(mark, options)}[0-9]{{3}})+"
    whole = f"([0-9]+|{group})"
    broken = f"[{mark}]"
    return f"{SIGN}({whole}({broken}[0-9]*)?|{broken}[0-9]+){EXPONENT}"


def _groups(mark: str, options: FileOptions) -> str:
    """Return the pattern of a thousands separator beside a decimal mark."""
    if not options.thousands:
        return f"[{OTHER[mark]}{SPACES}{APOSTROPHES}]"
    same = {" ": SPACES, "'": APOSTROPHES}
    return f"[{same.get(options.thousands, options.thousands)}]"
