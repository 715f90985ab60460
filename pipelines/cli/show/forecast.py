"""What a person sees of a forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.forecast.retention import BANDS, BELOW
from models.i18n.number_format import PLAIN
from pipelines.cli.console import line, table
from pipelines.cli.show.results import money, percent

if TYPE_CHECKING:
    from models.forecast.backtest import Backtest
    from models.forecast.nrr import Forecast, Spread
    from models.forecast.seat_demand import SeatDemand
    from pipelines.scoring.nrr_forecast import ForecastResult
    from pipelines.scoring.seat_forecast import SeatsResult

FEW = 8
"""Fewer quarters than this of history tell little: two years, so that every season came twice."""
MONTHS = {182: "six", 364: "twelve"}
NO_CHANGE = {182: "as today", 364: "as today and signed"}
PARTS = {
    "contracted_up": "signed already: more",
    "contracted_down": "announced already: less, or gone",
    "expansion": "predicted expansion",
    "downsell": "predicted downsell",
    "churn": "predicted churn",
}


def forecasted(result: ForecastResult) -> None:
    """Print where the base will be in a year, of what that consists, and how sure that is."""
    made = result.forecast
    line(
        f"{result.company}: NRR {percent(made.nrr.value)} in twelve months ({made.band}), "
        f"between {percent(made.nrr.low_80)} and {percent(made.nrr.high_80)} in 8 of 10 cases",
        "bold",
    )
    line(
        f"{made.accounts:,} accounts pay {result.currency} {money(made.arr)} a year on "
        f"{made.origin}, {percent(made.arr_won / made.arr, 0)} of it from those won in the past "
        "year. Customers still to be won are not counted."
    )
    line()
    header = ("", "past year", "forecast", "8 of 10 cases", "19 of 20 cases")
    nrr = ("NRR", percent(made.nrr_last_year), *_told(made.nrr))
    table("", header, [nrr, ("GRR", percent(made.grr_last_year), *_told(made.grr))])
    line()
    table("", ("what moves the base", "share", result.currency), _moves(made))
    line()
    line("NRR bands: " + _bands(made.band))
    line(_record(result.backtest))
    if made.quarters < FEW:
        line(f"Only {made.quarters} quarters lie behind: take the forecast as a first guess.")
    seats(result.seats)
    line(f"→ {result.path}")


def seats(result: SeatsResult) -> None:
    """Print the accounts that will want most seats, and how far that can be relied on."""
    from pipelines.scoring.seat_forecast import (
        top,  # heavy, and there already where seats were forecast
    )

    for one in result.demands:
        line()
        line(f"Seats in {MONTHS[one.days]} months, of accounts that stay", "bold")
        line(_together(one))
        line(_reliance(one))
        rows = [
            (
                row["account_id"],
                *(PLAIN.number(row[name]) for name in ("seats", "middle", "low", "high")),
            )
            for row in top(one)
        ]
        if rows:
            table("", ("growing most", "today", "likely", "8 of 10: from", "to"), rows)
    for why in result.lacking:
        line(f"Seats: {why}")


def _together(one: SeatDemand) -> str:
    today, middle = (PLAIN.number(one.totals[name]) for name in ("today", "middle"))
    return (
        f"{len(one.accounts):,} accounts license {today} today; what is likely for each adds up to "
        f"{middle}. On later dates such a sum was {percent(one.summed.value)} of what came."
    )


def _reliance(one: SeatDemand) -> str:
    held = f"the interval held {percent(one.covered.value, 0)} of {one.rows:,} later outcomes"
    if one.method == "model":
        return f"Nearer than '{NO_CHANGE[one.days]}' by {percent(one.nearer.value, 0)}; {held}."
    return f"{NO_CHANGE[one.days].capitalize()}, since no model was clearly nearer; {held}."


def _told(spread: Spread) -> tuple[str, str, str]:
    ends = ((spread.low_80, spread.high_80), (spread.low_95, spread.high_95))
    told = [f"{PLAIN.number(100 * low, 1)} – {percent(high)}" for low, high in ends]
    return (percent(spread.value), told[0], told[1])


def _moves(made: Forecast) -> list[tuple[str, str, str]]:
    rows = [("today", "100.0 %", money(made.arr))]
    for name, words in PARTS.items():
        value = made.parts[name].value
        rows.append((words, f"{PLAIN.signed(100 * value, 1)} %", PLAIN.signed(value * made.arr)))
    end = ("in twelve months", percent(made.nrr.value), money(made.nrr.value * made.arr))
    return [*rows, end]


def _bands(here: str) -> str:
    """Return the bands from the lowest, with the forecast's marked."""
    names = [(BELOW, f"under {percent(BANDS[-1][0], 0)}")]
    names += [(name, percent(least, 0)) for least, name in reversed(BANDS)]
    return " · ".join(f"[{n} {at}]" if n == here else f"{n} {at}" for n, at in names)


def _record(tried: Backtest) -> str:
    """Say how such forecasts did in the past."""
    count = len(tried.trials)
    if not count:
        return "Record: no year has passed since the first possible forecast; nothing to compare."
    nrr, grr = (round((tried.coverage(name, 80) or 0) * count) for name in ("nrr", "grr"))
    quarters = "quarter" if count == 1 else "quarters"
    told = (
        f"Record: made at {count} past {quarters}, the interval of 8 in 10 cases held the NRR in "
        f"{nrr} of {count} and the GRR in {grr} of {count}"
    )
    if (errors := tried.errors()) is None:
        return f"{told}."
    ours, last = (f"{100 * one:.1f}" for one in errors)
    return f"{told}; NRR was off by {ours} points on average, 'same as last year' by {last}."
