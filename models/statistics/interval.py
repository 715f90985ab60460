"""A figure with its 95 % interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer


def _from_null(stored: Any) -> Any:
    return math.nan if stored is None else stored


def or_none(value: float) -> float | None:
    """Return a figure, ``None`` where it is ``nan``."""
    return None if math.isnan(value) else value


NullableFloat = Annotated[float, BeforeValidator(_from_null), PlainSerializer(or_none)]
"""``nan`` in Python, null in JSON: a figure that the rows cannot tell."""


@dataclass(frozen=True)
class Interval:
    """A figure with the ends of its 95 % interval; ``nan`` where too few rows tell it."""

    value: NullableFloat
    low: NullableFloat
    high: NullableFloat

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    @property
    def is_complete(self) -> bool:
        """Whether the figure and both ends are numbers."""
        return not any(math.isnan(number) for number in (self.value, self.low, self.high))

    @property
    def error(self) -> float:
        """The standard error, as far as the interval is that of a normal distribution."""
        return (self.high - self.low) / (2 * 1.96)
