"""What the columns are called that say what is contracted; for whoever reads a feature table.

``_next_`` marks them as looking forward, so that no model takes one as an input.
"""

from __future__ import annotations


def arr_column(days: int) -> str:
    """Return the column of the ARR contracted for the end of a horizon."""
    return f"arr_contracted_next_{days}d"


def day_column(days: int) -> str:
    """Return the column of the day of the last contracted change within a horizon."""
    return f"contracted_on_next_{days}d"
