"""What the forecast would have said in the past, against what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from models.forecast import FEWEST_QUARTERS, FUTURES, Forecast, forecast
from models.panel import QUARTER, QUARTERS, Panel


@dataclass(frozen=True)
class Trial:
    """One origin: the forecast made there, what came, and the NRR of the year before it."""

    forecast: Forecast
    nrr: float
    grr: float
    last_year: float | None

    def covers(self, figure: str, level: int) -> bool:
        """Say whether the interval of ``nrr`` or ``grr`` held what came."""
        spread = getattr(self.forecast, figure)
        low, high = (getattr(spread, f"{end}_{level}") for end in ("low", "high"))
        return bool(low <= getattr(self, figure) <= high)

    def as_dict(self) -> dict[str, Any]:
        """Return the trial as JSON-able values."""
        told = {name: asdict(getattr(self.forecast, name)) for name in ("nrr", "grr")}
        came = {"nrr": self.nrr, "grr": self.grr, "last_year": self.last_year}
        return {"origin": str(self.forecast.origin), "forecast": told, "came": came}


@dataclass(frozen=True)
class Backtest:
    """The trials of a company, oldest first. Their years overlap, so they repeat each other."""

    trials: tuple[Trial, ...]

    def coverage(self, figure: str, level: int) -> float | None:
        """Return the share of trials whose interval held what came; None without any."""
        return _mean([trial.covers(figure, level) for trial in self.trials])

    def error(self) -> float | None:
        """Return the mean absolute error of the NRR, where the year before is known."""
        return _mean([abs(t.forecast.nrr.value - t.nrr) for t in self._rivalled()])

    def error_of_last_year(self) -> float | None:
        """Return the error of 'same as last year' on the same origins."""
        return _mean([abs((t.last_year or 0) - t.nrr) for t in self._rivalled()])

    def _rivalled(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.last_year is not None]

    def as_dict(self) -> dict[str, Any]:
        """Return figures and trials as JSON-able values."""
        return {
            "origins": len(self.trials),
            "coverage": {
                figure: {str(level): self.coverage(figure, level) for level in (80, 95)}
                for figure in ("nrr", "grr")
            },
            "error": self.error(),
            "error_of_last_year": self.error_of_last_year(),
            "trials": [trial.as_dict() for trial in self.trials],
        }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def backtest(
    panel: Panel, *, seed: int, futures: int = FUTURES, since: date | None = None
) -> Backtest:
    """Forecast from every past date whose year is over, from ``since`` on, with what was known."""
    dates = panel.dates[FEWEST_QUARTERS:-QUARTERS]
    origins = [day for day in dates if since is None or day >= since]
    trials = [_tried(panel, day, seed, futures) for day in origins if len(panel.at(day))]
    return Backtest(tuple(trials))


def _tried(panel: Panel, origin: date, seed: int, futures: int) -> Trial:
    came = panel.realised(origin)
    before = panel.realised(origin - QUARTERS * QUARTER)
    if came is None:
        raise AssertionError(f"the year from {origin} is not over")  # pragma: no cover
    made = forecast(panel, origin, seed=seed, futures=futures)
    last_year = None if before is None else float(before.nrr[0])
    return Trial(made, float(came.nrr[0]), float(came.grr[0]), last_year)
