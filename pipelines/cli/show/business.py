"""How the business that the data describes reads at a terminal, and the hints beside it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from textwrap import fill, shorten
from typing import TYPE_CHECKING

from pipelines.cli.console import line

if TYPE_CHECKING:
    from pipelines.ingest.summary.hints import Hint

WIDTH = 96
"""Columns of a paragraph; a terminal has 80 to 120."""
EXAMPLES = 3


def hints(found: Sequence[Hint]) -> None:
    """Print each hint: the figure first, what it means, what to do."""
    if not found:
        return
    line()
    line(f"Hints ({len(found)}): what meets the contract and may still be a mistake", "bold")
    for hint in found:
        line()
        line(f"  {hint.place}: {hint.name}", "bold")
        _paragraph(f"{hint.figure} {hint.means}")
        for example in islice(hint.examples, EXAMPLES):
            cells = ", ".join(f"{name}={value}" for name, value in example.items())
            line(f"    {shorten(cells, 160, placeholder=' …')}")
        _paragraph(f"→ {hint.do} ({hint.docs})")


def _paragraph(text: str) -> None:
    line(fill(text, WIDTH, initial_indent="  ", subsequent_indent="  "))
