"""Days that stand for 'none' or 'not known': 9999-12-31 for no end, 1900-01-01 for no date.

Systems that cannot leave a date empty write the largest or smallest day they know. A date of the
contract that may be empty is read as empty there; one that may not is told by a hint.
"""

from __future__ import annotations

from features.contract import Column, Table

READ = "__read_"
"""Prefix of the columns of ``typed.<table>`` that hold such a day as it was read."""
FIRST_YEAR = 1980
"""No business software is older; 1970-01-01 is zero to Unix, 1900-01-01 to spreadsheets."""
OPEN_FROM = 2049
"""A year that no contract of today reaches; 9999, 2999, 2099 and 2079 stand for an open end."""
LAST_OF_UNIX = "DATE '2038-01-18', DATE '2038-01-19'"
"""Where a Unix clock of 32 bits ends."""


def may_be_placeholder(column: Column) -> bool:
    """Say whether a placeholder in the column is read as empty."""
    return column.type == "date" and column.nullable


def is_zero(column: str) -> str:
    """Return the SQL condition that is true where the day was written as 0000-00-00."""
    return f"coalesce(starts_with(CAST(__raw_{column} AS VARCHAR), '0000-'), false)"


def is_placeholder(column: str) -> str:
    """Return the SQL condition that is true where what was read as ``column`` is a placeholder."""
    day = READ + column
    is_far = f"NOT isfinite({day}) OR year({day}) >= {OPEN_FROM} OR {day} IN ({LAST_OF_UNIX})"
    return f"(coalesce({is_far} OR year({day}) < {FIRST_YEAR}, false) OR {is_zero(column)})"


def dated_by(table: Table, column: Column) -> str:
    """Return the one column whose known day ``column`` is, without which it says nothing."""
    values = [
        other.name
        for other in table.columns
        if other.known_by == column.name != other.name and may_be_placeholder(other)
    ]
    return values[0] if len(values) == 1 and column.known_by == column.name else ""
