"""Figures and days as people of a language write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from models.messages import FIRST, read

DASH = "\u2013"
NARROW = "\u00a0"
"""Keeps a figure and its unit on one line."""
WORDS = read(Path(__file__).with_name("messages"))
"""What all rooms need, by language: units, months, targets, plays, features."""
ENGLISH = WORDS[FIRST]


@dataclass(frozen=True)
class Figures:
    """Writes figures in a language of ``WORDS``; ``None`` is a dash."""

    language: str

    def number(self, value: float | None, digits: int = 0) -> str:
        """Return a number, thousands parted."""
        return DASH if value is None else WORDS[self.language].number(value, digits)

    def signed(self, value: float | None) -> str:
        """Return a number with its sign."""
        if value is None or not round(value):
            return self.number(value)
        return f"{'+' if value > 0 else DASH}{self.number(abs(value))}"

    def percent(self, share: float | None) -> str:
        """Return a share (0 to 1) as per cent; small but not zero is told as such."""
        if share is None:
            return DASH
        if 0 < share < 0.005:
            return f"<{NARROW}1{NARROW}%"
        return f"{self.number(100 * share)}{NARROW}%"

    def short(self, value: float | None) -> str:
        """Return an amount in three digits or so."""
        for size, unit in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
            if value is not None and abs(value) >= 0.9995 * size:
                scaled = value / size
                told = self.number(scaled, 1 if abs(scaled) < 100 and unit != "k" else 0)
                return f"{told}{NARROW}{WORDS[self.language].text(f'unit.{unit}')}"
        return self.number(value)

    def day(self, value: date) -> str:
        """Return a date that nobody can misread: 3 August 2026."""
        month = WORDS[self.language].text(f"month.{value.month}")
        return WORDS[self.language].text("unit.date", day=value.day, month=month, year=value.year)
