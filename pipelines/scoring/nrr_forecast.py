"""Forecast: what becomes of today's base in a year, its seats, and how good such forecasts were."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import DataError
from features.subscriptions.contracted_arr import settling_days
from models.common.clock import stored_now
from models.common.files import write_atomically
from models.forecast.backtest import Backtest, backtest
from models.forecast.nrr import MOST_QUARTERS, Forecast, forecast
from models.forecast.quarterly_panel import QUARTER, YEAR, Panel
from models.forecast.retention import BANDS
from models.store.forecasts import ForecastStore, StoredForecast
from models.training.boosting import Params
from pipelines.build.compute import first_start, settled_at, standings_at
from pipelines.common.progress import Progress, silent
from pipelines.ingest.tables import Manifest, read_manifest
from pipelines.scoring.scorings import refuse_future
from pipelines.scoring.seat_forecast import SeatsResult, forecast_seats

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

FUTURES_BACK = 400
"""Futures drawn for each origin of the backtest; a mean and its interval need no more."""


@dataclass(frozen=True)
class ForecastResult:
    """The forecast of a company, with its backtest.

    ``path`` is the file that holds its ``document``, as the store does.
    """

    path: str
    company: str
    currency: str
    fingerprint: str
    forecast: Forecast
    backtest: Backtest
    seats: SeatsResult

    def document(self) -> dict[str, Any]:
        """Return what was forecast as JSON-able values."""
        return {
            "company": self.company,
            "currency": self.currency,
            "data_fingerprint": self.fingerprint,
            "days": YEAR.days,
            "bands": [{"from": least, "name": name} for least, name in BANDS],
            **self.forecast.as_dict(),
            "backtest": self.backtest.as_dict(),
            "seats": self.seats.as_dict(),
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the document and where it lies."""
        return {**self.document(), "path": self.path}


def forecast_base(settings: Settings, progress: Progress | None = None) -> ForecastResult:
    """Forecast NRR and GRR of the accounts that pay today, into the store and ``forecast.json``.

    The same tables and seed give the same file.

    Raises
    ------
    DataError
        When no tables have been read yet or they end after today, nobody pays today, or the
        history is too short.
    EnvironmentFailure
        When the score store cannot be reached.
    """
    report = progress or silent
    report("reading subscriptions", 0.0)
    manifest = read_manifest(settings)
    refuse_future(date.fromisoformat(manifest.data_through), settings.tables_folder)
    panel, seed = panel_of(settings, manifest), settings.train.seed
    report("forecasting", 0.2)
    ahead = forecast(panel, date.fromisoformat(manifest.data_through), seed=seed)
    report("backtesting", 0.4)
    tested = backtest(panel, seed=seed, futures=FUTURES_BACK)
    report("forecasting seats", 0.7)
    company = settings.company
    result = ForecastResult(
        path=str(settings.forecast_file),
        company=company.name,
        currency=company.currency,
        fingerprint=manifest.fingerprint,
        forecast=ahead,
        backtest=tested,
        seats=forecast_seats(
            settings.feature_table,
            manifest.fingerprint,
            Params(seed=seed, threads=settings.train.threads),
        ),
    )
    _publish(result, settings.store_url)
    return result


def _publish(result: ForecastResult, store_url: str) -> None:
    """Put the forecast into the score store, then into its file; each in one step."""
    document = result.document()
    now = stored_now()
    store = ForecastStore(store_url)
    try:
        stored = StoredForecast(result.forecast.origin, result.fingerprint, now, document)
        store.write(stored, result.seats.rows())
    finally:
        store.close()
    write_atomically(Path(result.path), json.dumps(document, indent=1, sort_keys=True) + "\n")


def panel_of(settings: Settings, manifest: Manifest) -> Panel:
    """Return what each account paid, quarter by quarter back from the day the data ends.

    Raises
    ------
    DataError
        When no subscription starts before that day.
    """
    through, started = date.fromisoformat(manifest.data_through), first_start(settings)
    if started is None or started >= through:
        raise DataError(
            f"subscriptions: no line starts before {through}, the day the data ends; "
            "check data_through and the mapping of starts_on"
        )
    dates = quarters_back(through, started)
    wait = timedelta(days=settling_days(settings.build.grace_days))
    over = [day for day in dates if day <= through - wait]
    settled = settled_at(settings, over).to_pandas() if over else None
    return Panel.of(standings_at(settings, dates).to_pandas(), settled, wait)


def quarters_back(through: date, started: date) -> list[date]:
    """Return every 91st day back from ``through`` that lies after ``started``, oldest first.

    No more than the forecast and a backtest over as many quarters look at.
    """
    days = (through - QUARTER * number for number in range(2 * MOST_QUARTERS + 1))
    return sorted(day for day in days if day > started)
