"""Figures and days as people of a language write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isfinite, isnan
from pathlib import Path

from features.labels.targets import TARGETS
from models.i18n.messages import FIRST, read, with_targets
from models.statistics.interval import Interval

DASH = "\u2013"
MINUS = "\u2212"
NARROW = "\u00a0"
"""Keeps a figure and its unit on one line."""
WORDS = {
    language: with_targets(catalogue, TARGETS.values())
    for language, catalogue in read(Path(__file__).with_name("messages")).items()
}
"""What all rooms need, by language: units, months, targets, plays, features."""
ENGLISH = WORDS[FIRST]


@dataclass(frozen=True)
class Figures:
    """Writes figures in a language of ``WORDS``; ``None`` is a dash.

    ``gap`` stands between a figure and its unit.
    """

    language: str
    gap: str = NARROW

    def number(self, value: float | None, digits: int = 0) -> str:
        """Return a number, thousands parted."""
        if value is None or not isfinite(value):
            return DASH
        return WORDS[self.language].number(value, digits)

    def signed(self, value: float | None, digits: int = 0) -> str:
        """Return a number with its sign."""
        if value is None or not round(value, digits):
            return self.number(value, digits)
        return f"{'+' if value > 0 else MINUS}{self.number(abs(value), digits)}"

    def short_signed(self, value: float | None) -> str:
        """Return an amount in three digits or so, with its sign."""
        if value is None or not round(value):
            return self.short(value)
        return f"{'+' if value > 0 else MINUS}{self.short(abs(value))}"

    def interval(self, figure: Interval | None, digits: int = 2) -> str:
        """Return a figure with its interval: 0.78 (0.74 to 0.81)."""
        if figure is None or isnan(figure.value):
            return DASH
        value = self.number(figure.value, digits)
        if not figure.is_complete:
            return value
        between = WORDS[self.language].text(
            "unit.between",
            low=self.number(figure.low, digits),
            high=self.number(figure.high, digits),
        )
        return f"{value} ({between})"

    def percent(self, share: float | None, digits: int = 0) -> str:
        """Return a share (0 to 1) as per cent; small but not zero is told as such."""
        if share is None or not isfinite(share):
            return DASH
        if digits == 0 and 0 < share < 0.005:
            return f"<{self.gap}1{self.gap}%"
        return f"{self.number(100 * share, digits)}{self.gap}%"

    def short(self, value: float | None) -> str:
        """Return an amount in three digits or so."""
        for size, unit in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
            if value is not None and abs(value) >= 0.9995 * size:
                scaled = value / size
                figure = self.number(scaled, 1 if abs(scaled) < 100 and unit != "k" else 0)
                return f"{figure}{self.gap}{WORDS[self.language].text(f'unit.{unit}')}"
        return self.number(value)

    def day(self, value: date) -> str:
        """Return a date that nobody can misread: 3 August 2026."""
        month = WORDS[self.language].text(f"month.{value.month}")
        return WORDS[self.language].text("unit.date", day=value.day, month=month, year=value.year)


PLAIN = Figures(FIRST, gap=" ")
"""Writes figures in English for a terminal or a file, where a reader may search for them."""
