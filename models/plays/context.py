"""What plays look at: one account's own figures, and the limits a company judges them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from features.labels.targets import TARGETS
from models.i18n.feature_text import phrase
from models.i18n.messages import Catalogue
from models.i18n.number_format import ENGLISH, Figures
from models.inference.contracted import Contracted
from models.inference.expected_arr import GAIN, LOSS

Value = float | str | None
OURS = {name: target.direction for name, target in TARGETS.items()}


@dataclass(frozen=True)
class Limits:
    """Where plays begin; a company sets its own under ``[decide]``.

    ``worth_a_talk``: ARR in play, in the company's currency within the horizon, below which
    outreach costs more than it brings. ``activated``: share of licensed seats below which selling
    more is overselling; ``active``: the same for active users, where activation is unknown.
    ``champion_days``: how long a lost champion raises an alert. ``silent_days``: days without use
    that a holiday does not explain. ``start_days``: length of the onboarding. ``satisfaction``:
    CSAT, of 5, below which an account is unhappy. ``renewal_days``: how early a renewal is named.
    """

    worth_a_talk: float = 250.0
    activated: float = 0.5
    active: float = 0.25
    champion_days: int = 91
    silent_days: int = 28
    start_days: int = 90
    satisfaction: float = 3.0
    renewal_days: int = 120


@dataclass(frozen=True)
class Case:
    """One account on the day of the list.

    Parameters
    ----------
    values
        Its feature columns; what is missing or ``None`` cannot be said.
    chances
        Probability of each target within the horizon.
    amounts
        Expected ARR of each target: probability times amount, in ``currency`` a year; a target
        without one is not known.
    currency, limits
        What amounts are in, and where plays begin.
    words
        The language of the texts.
    directions
        Whether a target gains ARR (``+``), loses it (``-``), or counts as neither.
    contracted, contracted_in_a_year
        What is signed or announced by the end of the horizon, and within a year, where that is
        known.
    """

    values: Mapping[str, Value]
    chances: Mapping[str, float]
    amounts: Mapping[str, float]
    currency: str = "EUR"
    limits: Limits = Limits()
    words: Catalogue = ENGLISH
    directions: Mapping[str, str] = field(default_factory=lambda: OURS)
    contracted: Contracted | None = None
    contracted_in_a_year: Contracted | None = None

    @property
    def gain(self) -> float | None:
        """Expected expansion ARR: that of the targets that gain ARR; ``None``: cannot say."""
        return self._sum(GAIN)

    @property
    def risk(self) -> float | None:
        """ARR at risk: lost by notice, and of the targets that lose ARR; ``None``: cannot say."""
        expected, noticed = self._sum(LOSS), self.lost_by_notice
        return expected if expected is None and not noticed else (expected or 0.0) + noticed

    @property
    def amounts_at_risk(self) -> dict[str, float]:
        """Expected loss of ARR by target, of those that are expected to lose any."""
        return {
            name: self.amounts[name]
            for name, way in self.directions.items()
            if way == LOSS and self.amounts.get(name, 0.0) > 0
        }

    @property
    def lost_by_notice(self) -> float:
        """ARR that is known to end within the horizon; 0 where nothing is known to."""
        return (self.contracted.loss or 0.0) if self.contracted else 0.0

    @property
    def is_decided(self) -> bool:
        """Whether all that runs is known to end within the horizon."""
        return self.contracted is not None and self.contracted.is_decided

    @property
    def is_ending(self) -> bool:
        """Whether all that runs is known to end within the horizon or a year."""
        year = self.contracted_in_a_year
        return self.is_decided or (year is not None and year.is_decided)

    @property
    def notice(self) -> Contracted | None:
        """What is known to end: within the horizon, or within a year where that is more.

        ``None`` where nothing is known to end. Its loss beyond the horizon is no part of ``risk``.
        """
        losses = [
            contracted
            for contracted in (self.contracted, self.contracted_in_a_year)
            if contracted is not None and (contracted.loss or contracted.is_decided)
        ]
        if self.is_decided:
            return self.contracted
        return max(losses, key=lambda contracted: contracted.loss or 0.0, default=None)

    @property
    def arr_of_issues(self) -> float:
        """ARR that an unresolved issue concerns: ARR at risk, or by notice where that is more.

        The larger of both, for a notice beyond the horizon makes losses within it likelier: their
        sum would count the same ARR twice.
        """
        noticed = self.notice.loss if self.notice else None
        return max(self.risk or 0.0, noticed or 0.0)

    def left_out(self, direction: str) -> list[str]:
        """Return the targets of a direction of which nothing can be said."""
        return [
            name
            for name, way in self.directions.items()
            if way == direction and name not in self.amounts
        ]

    def _sum(self, direction: str) -> float | None:
        parts = [
            self.amounts[name]
            for name, way in self.directions.items()
            if way == direction and name in self.amounts
        ]
        return sum(parts, 0.0) if parts else None

    @property
    def has_seats(self) -> bool:
        """Whether something priced by seats is held; without it, nothing is said about seats."""
        return self.above("seats_licensed") is not None

    def number(self, name: str) -> float | None:
        """Return a figure of the account; ``None``: cannot say."""
        value = self.values.get(name)
        return float(value) if isinstance(value, (int, float)) and value == value else None

    def above(self, name: str, least: float = 0.0) -> float | None:
        """Return a figure that is known and above ``least``, else ``None``."""
        value = self.number(name)
        return value if value is not None and value > least else None

    def money(self, amount: float) -> str:
        """Return an amount in words."""
        return phrase("currency", amount, self.currency, self.words)

    def day(self, day: date) -> str:
        """Return a date in words: 10 June 2026."""
        return Figures(self.words.language).day(day)

    def percent(self, share: float) -> str:
        """Return a share in words."""
        return phrase("ratio", share, "", self.words)

    def days(self, count: float) -> str:
        """Return a time in words."""
        return self.several("days", count)

    def several(self, what: str, count: float) -> str:
        """Return a count with its word: 1 ticket, 12 tickets."""
        return self.words.several(f"count.{what}", count)

    def say(self, key: str, **values: str) -> str:
        """Return a text of the catalogue."""
        return self.words.text(key, **values)
