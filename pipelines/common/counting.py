"""Counts with their nouns, as a terminal prints them."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: 1 line, 2 lines; ``plural`` where it takes no s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def counted_of(number: int, total: int, noun: str) -> str:
    """Return a part with the total that it is of: 1 of 1 row, 0 of 2 rows."""
    return f"{number:,} of {counted(total, noun)}"
