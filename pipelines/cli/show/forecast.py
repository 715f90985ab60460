"""How a forecast reads at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.forecast.retention import BANDS, BELOW
from models.i18n.messages import FIRST
from models.i18n.number_format import PLAIN
from pipelines.cli.console import line, next_step, table
from pipelines.cli.show.results import money, percent
from pipelines.report.texts import CATALOGUES

if TYPE_CHECKING:
    from models.forecast.backtest import Backtest
    from models.forecast.nrr import Forecast, Spread
    from models.forecast.seat_demand import SeatDemand
    from pipelines.scoring.nrr_forecast import ForecastResult
    from pipelines.scoring.seat_forecast import SeatsResult

FEW = 8
"""Fewer quarters of history than this say little: two years, so that every season came twice."""
BAND_NAMES = {
    band: CATALOGUES[FIRST].text(f"band.{band.replace(' ', '_')}")
    for band in (BELOW, *(band for _, band in BANDS))
}
MONTHS = {182: 6, 364: 12}
NO_CHANGE = {182: "no change", 364: "no change but signed increases"}
PARTS = {
    "contracted_up": "signed increases",
    "contracted_down": "announced decreases",
    "expansion": "forecast expansion",
    "downsell": "forecast downsell",
    "churn": "forecast churn",
}


def forecasted(result: ForecastResult) -> None:
    """Print NRR and GRR in 12 months, the ARR bridge, and how accurate past forecasts were."""
    forecast = result.forecast
    line(
        f"{result.company}: NRR {percent(forecast.nrr.value)} in 12 months "
        f"({BAND_NAMES[forecast.band]}); 80 % interval: {percent(forecast.nrr.low_80)} to "
        f"{percent(forecast.nrr.high_80)}",
        "bold",
    )
    line(
        f"{forecast.accounts:,} accounts with {result.currency} {money(forecast.arr)} ARR on "
        f"{forecast.origin}; {percent(forecast.arr_won / forecast.arr, 0)} of it won in the past "
        "year. Future new customers are not included."
    )
    line()
    header = ("", "past year", "forecast", "80 % interval", "95 % interval")
    nrr = ("NRR", percent(forecast.nrr_last_year), *_intervals(forecast.nrr))
    table("", header, [nrr, ("GRR", percent(forecast.grr_last_year), *_intervals(forecast.grr))])
    line()
    table("", ("ARR bridge", "share", result.currency), _bridge(forecast))
    line()
    line("NRR bands: " + _bands(forecast.band))
    line(_record(result.backtest))
    if forecast.quarters < FEW:
        line(f"Only {forecast.quarters} quarters of history: treat this as a first estimate.")
    seats(result.seats)
    line(f"→ {result.path}")
    next_step("report")


def seats(result: SeatsResult) -> None:
    """Print the accounts with the largest seat growth, and how accurate such forecasts were."""
    from pipelines.scoring.seat_forecast import (
        top,  # heavy, and there already where seats were forecast
    )

    for demand in result.demands:
        line()
        line(f"Licensed seats in {MONTHS[demand.days]} months, for accounts that stay", "bold")
        line(_total(demand))
        line(_accuracy(demand))
        rows = [
            (
                row["account_id"],
                *(PLAIN.number(row[name]) for name in ("seats", "middle", "low", "high")),
            )
            for row in top(demand)
        ]
        if rows:
            table("", ("largest growth", "today", "median", "80 %: from", "to"), rows)
    for why in result.lacking:
        line(f"Seats: {why}")


def _total(demand: SeatDemand) -> str:
    today, middle = (PLAIN.number(demand.totals[name]) for name in ("today", "middle"))
    return (
        f"{len(demand.accounts):,} accounts: {today} seats today, sum of the medians {middle}. In "
        f"testing, such a sum was {percent(demand.summed.value)} of the actual seats."
    )


def _accuracy(demand: SeatDemand) -> str:
    rule, coverage = NO_CHANGE[demand.days], percent(demand.covered.value, 0)
    held = f"the 80 % interval contained {coverage} of {demand.rows:,} actuals"
    if demand.method == "model":
        return f"Error {percent(demand.nearer.value, 0)} lower than '{rule}'; {held}."
    return f"Uses the rule '{rule}', as no model was clearly more accurate; {held}."


def _intervals(spread: Spread) -> tuple[str, str, str]:
    ends = ((spread.low_80, spread.high_80), (spread.low_95, spread.high_95))
    narrow, wide = (f"{PLAIN.number(100 * low, 1)} to {percent(high)}" for low, high in ends)
    return (percent(spread.value), narrow, wide)


def _bridge(forecast: Forecast) -> list[tuple[str, str, str]]:
    rows = [("today", "100.0 %", money(forecast.arr))]
    for name, title in PARTS.items():
        value = forecast.parts[name].value
        amount = PLAIN.signed(value * forecast.arr)
        rows.append((title, f"{PLAIN.signed(100 * value, 1)} %", amount))
    end = ("in 12 months", percent(forecast.nrr.value), money(forecast.nrr.value * forecast.arr))
    return [*rows, end]


def _bands(here: str) -> str:
    """Return the bands from the lowest, with the forecast's marked."""
    bands = [(BELOW, f"under {percent(BANDS[-1][0], 0)}")]
    bands += [(band, f"from {percent(least, 0)}") for least, band in reversed(BANDS)]
    named = [(band, f"{BAND_NAMES[band]} {start}") for band, start in bands]
    return " · ".join(f"[{text}]" if band == here else text for band, text in named)


def _record(backtest: Backtest) -> str:
    """Return how accurate such forecasts were in the past."""
    count = len(backtest.trials)
    if not count:
        return "Backtest: not available, less than a year since the first possible forecast."
    nrr, grr = (round((backtest.coverage(name, 80) or 0) * count) for name in ("nrr", "grr"))
    forecasts = "forecast" if count == 1 else "forecasts"
    coverage = (
        f"Backtest: in {nrr} of {count} past {forecasts} the actual NRR was within the 80 % "
        f"interval (GRR: {grr} of {count})"
    )
    if (errors := backtest.errors()) is None:
        return f"{coverage}."
    ours, unchanged = (f"{100 * error:.1f}" for error in errors)
    return f"{coverage}. Average NRR error: {ours} points ('same as last year': {unchanged})."
