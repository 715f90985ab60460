"""What the forecast would have said in the past, against what came."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from features.errors import DataError
from models.forecast.nrr import FUTURES, Forecast, forecast
from models.forecast.quarterly_panel import Panel


@dataclass(frozen=True)
class Trial:
    """One origin: the forecast made there, and the NRR and GRR that came."""

    forecast: Forecast
    nrr: float
    grr: float

    def covers(self, figure: str, level: int) -> bool:
        """Say whether the interval of ``nrr`` or ``grr`` held what came."""
        spread = getattr(self.forecast, figure)
        low, high = (getattr(spread, f"{end}_{level}") for end in ("low", "high"))
        return bool(low <= getattr(self, figure) <= high)

    def as_dict(self) -> dict[str, Any]:
        """Return the trial as JSON-able values."""
        forecast = self.forecast
        return {
            "origin": str(forecast.origin),
            "nrr": asdict(forecast.nrr) | {"came": self.nrr, "last_year": forecast.nrr_last_year},
            "grr": asdict(forecast.grr) | {"came": self.grr, "last_year": forecast.grr_last_year},
        }


@dataclass(frozen=True)
class Backtest:
    """The trials of a company, oldest first. Their years overlap, so they repeat each other."""

    trials: tuple[Trial, ...]

    def coverage(self, figure: str, level: int) -> float | None:
        """Return the share of trials whose interval held what came; None without any."""
        covered = [trial.covers(figure, level) for trial in self.trials]
        return float(np.mean(covered)) if covered else None

    def errors(self) -> tuple[float, float] | None:
        """Return the mean absolute error of the NRR, and that of 'same as last year'.

        Both on the origins whose year before is known; None without any.
        """
        errors = [
            (
                abs(trial.forecast.nrr.value - trial.nrr),
                abs(trial.forecast.nrr_last_year - trial.nrr),
            )
            for trial in self.trials
            if trial.forecast.nrr_last_year is not None
        ]
        return tuple(np.mean(errors, axis=0).tolist()) if errors else None

    def as_dict(self) -> dict[str, Any]:
        """Return figures and trials as JSON-able values."""
        ours, last = self.errors() or (None, None)
        return {
            "origins": len(self.trials),
            "coverage": {
                figure: {str(level): self.coverage(figure, level) for level in (80, 95)}
                for figure in ("nrr", "grr")
            },
            "error": ours,
            "error_of_last_year": last,
            "trials": [trial.as_dict() for trial in self.trials],
        }


def backtest(panel: Panel, *, seed: int, futures: int = FUTURES) -> Backtest:
    """Forecast from every past date whose year is over, with what was known then.

    Dates before which too little lay for a forecast are left out.
    """
    tried = (_tried(panel, day, seed, futures) for day in panel.dates)
    return Backtest(tuple(trial for trial in tried if trial))


def _tried(panel: Panel, origin: date, seed: int, futures: int) -> Trial | None:
    came = panel.realised(origin)
    if came is None:
        return None
    try:
        forecast_then = forecast(panel, origin, seed=seed, futures=futures)
    except DataError:
        return None
    return Trial(forecast_then, float(came.nrr[0]), float(came.grr[0]))
