"""What the columns are called that say what is contracted; for whoever reads a feature table.

``_next_`` marks them as looking forward, so that no model takes one as an input.
"""

from __future__ import annotations

YEAR_DAYS = 364
"""How far ahead a notice, like a start that is signed, still counts in what to do."""


def arr_column(days: int) -> str:
    """Return the column of the ARR that is contracted for the day so many days ahead."""
    return f"arr_contracted_next_{days}d"


def day_column(days: int) -> str:
    """Return the column of the day of the last contracted change within so many days."""
    return f"contracted_on_next_{days}d"
