"""What a person sees of a forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.retention import BANDS, BELOW
from pipelines.console import line, table
from pipelines.show import money

if TYPE_CHECKING:
    from models.backtest import Backtest
    from models.forecast import Spread
    from pipelines.forecast import ForecastResult

FEW = 4
"""Fewer quarters than this of history tell little."""
PARTS = {
    "contracted_up": "signed already: more",
    "contracted_down": "announced already: less, or ends",
    "expansion": "predicted expansion",
    "downsell": "predicted downsell",
    "churn": "predicted churn",
}


def forecasted(result: ForecastResult) -> None:
    """Print where the base will be in a year, of what that consists, and how sure that is."""
    made = result.forecast
    line(
        f"{result.company}: NRR {_percent(made.nrr.value)} in twelve months ({made.band}), "
        f"between {_percent(made.nrr.low_80)} and {_percent(made.nrr.high_80)} in 8 of 10 cases",
        "bold",
    )
    line(
        f"{made.accounts:,} accounts that pay {result.currency} {money(made.arr)} a year "
        f"on {made.origin}; no new customers counted"
    )
    header = ("", "forecast", "80 %", "95 %")
    table("", header, [("NRR", *_told(made.nrr)), ("GRR", *_told(made.grr))])
    line()
    rows = [("today", "100.0 %", money(made.arr))]
    for name, words in PARTS.items():
        value = made.parts[name].value
        rows.append((words, f"{100 * value:+.1f} %", f"{value * made.arr:+,.0f}"))
    rows.append(("in twelve months", _percent(made.nrr.value), money(made.nrr.value * made.arr)))
    table("", ("what moves the base", "share", result.currency), rows)
    line()
    line("NRR bands: " + _bands(made.band))
    line(_record(result.backtest))
    if made.quarters < FEW:
        line(f"Only {made.quarters} quarters lie behind; the interval is wide because of that.")
    line(f"→ {result.path}")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _told(spread: Spread) -> tuple[str, str, str]:
    ends = ((spread.low_80, spread.high_80), (spread.low_95, spread.high_95))
    told = [f"{100 * low:.1f} – {100 * high:.1f} %" for low, high in ends]
    return (_percent(spread.value), told[0], told[1])


def _bands(here: str) -> str:
    """Return the bands from the lowest, with the forecast's marked."""
    names = [(BELOW, f"under {100 * BANDS[-1][0]:.0f} %")]
    names += [(name, f"{100 * least:.0f} %") for least, name in reversed(BANDS)]
    return " · ".join(f"[{n} {at}]" if n == here else f"{n} {at}" for n, at in names)


def _record(tried: Backtest) -> str:
    """Say how such forecasts did in the past."""
    covered, error, rival = tried.coverage("nrr", 80), tried.error(), tried.error_of_last_year()
    if covered is None:
        return "Record: no year has passed since the first possible forecast; nothing to compare."
    told = (
        f"Record: made at {len(tried.trials)} past quarters, the 80 % interval held "
        f"{round(covered * len(tried.trials))} times"
    )
    if error is None or rival is None:
        return f"{told}."
    return (
        f"{told}; it was off by {100 * error:.1f} points on average, "
        f"'same as last year' by {100 * rival:.1f}."
    )
