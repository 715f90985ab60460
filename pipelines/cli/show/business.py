"""How the business that the data describes reads at a terminal, and the hints beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from textwrap import fill, shorten
from typing import TYPE_CHECKING

from models.i18n.number_format import DASH, MINUS, PLAIN
from pipelines.cli.console import line
from pipelines.common.counting import counted, counted_of

if TYPE_CHECKING:
    from pipelines.ingest.summary.figures import Summary
    from pipelines.ingest.summary.hints import Hint
    from pipelines.ingest.summary.people import Seats, Usage
    from pipelines.ingest.summary.records import TableRecord
    from pipelines.ingest.summary.revenue import Movement, YearRevenue

WIDTH = 96
"""Columns of a paragraph; a terminal has 80 to 120."""
EXAMPLES = 3
YEARS = 5
PRODUCTS = 8


def summary(figures: Summary) -> None:
    """Print the company on one screen: revenue, gains and losses, prices, people, tables."""
    today = figures.today
    each = today.arr / today.accounts if today.accounts else None
    line()
    line(
        f"{figures.currency} {_amount(today.arr)} ARR of "
        f"{counted(today.accounts, 'paying account')} on {today.day:%d %b %Y}, "
        f"{_amount(each)} each",
        "bold",
    )
    if figures.months:
        line()
        _months(figures)
    if figures.years:
        line()
        _years(figures.years)
    line()
    _prices(figures)
    line()
    _records(figures.records)
    line()
    for text in (*_seats(figures.seats), *_usage(figures.usage)):
        line(text)


def _months(figures: Summary) -> None:
    largest = max(month.arr for month in figures.months)
    size, unit = (1e6, "m") if largest >= 1e7 else (1e3, "k")
    digits = 1 if largest / size < 1000 else 0
    cells = [
        ("month", *(f"{month.day:%b %y}" for month in figures.months)),
        (f"ARR, {unit}", *(PLAIN.number(month.arr / size, digits) for month in figures.months)),
        ("accounts", *(f"{month.accounts:,}" for month in figures.months)),
    ]
    _grid(cells, gap=" ")


def _years(years: Sequence[YearRevenue]) -> None:
    header = ("year's end", "ARR", "accounts", "new", "expansion", "contraction", "churned", "NRR")
    rows = [
        (
            f"{year.end:%d %b %Y}",
            _amount(year.arr),
            f"{year.accounts:,}",
            _movement(year.new, "+"),
            _movement(year.expansion, "+"),
            _movement(year.contraction, MINUS),
            _movement(year.churned, MINUS),
            PLAIN.percent(year.nrr),
        )
        for year in years[-YEARS:]
    ]
    _grid([header, *rows])


def _amount(amount: float | None) -> str:
    """Return an amount in full up to a hundred thousand, above it in three digits or so."""
    if amount is not None and abs(amount) < 1e5:
        return PLAIN.number(amount)
    return PLAIN.short(amount)


def _movement(movement: Movement, sign: str) -> str:
    """Return what accounts gained or lost, and in brackets how many they are."""
    if not movement.accounts:
        return DASH
    return f"{sign}{_amount(movement.arr)} ({movement.accounts:,})"


def _prices(figures: Summary) -> None:
    header = (
        "product", "counted in", "lines", "ARR", "price a unit a year", "units a line",
    )  # fmt: skip
    rows = [
        (
            shorten(price.product, 24, placeholder="…"),
            price.metric or "not said",
            f"{price.lines:,}",
            _amount(price.arr),
            _quartiles(price.price),
            _quartiles(price.quantity),
        )
        for price in figures.prices[:PRODUCTS]
    ]
    _grid([header, *rows])
    if len(figures.prices) > PRODUCTS:
        line(f"and {counted(len(figures.prices) - PRODUCTS, 'more product')}")


def _quartiles(quartiles: tuple[float, float, float]) -> str:
    """Return a median with what the middle half lies between."""
    low, middle, high = (PLAIN.number(value, _digits(value)) for value in quartiles)
    return f"{middle} ({low} to {high})" if low != high else middle


def _digits(value: float) -> int:
    """Return how many decimals an amount needs: cents below a hundred, tenths of a cent below 1."""
    return 0 if value >= 100 or value == round(value) else 2 if value >= 1 else 4


def _records(found: Sequence[TableRecord]) -> None:
    header = ("table", "rows", "first day", "last day", "days late", "known on one day")
    rows = [
        (
            record.table,
            f"{record.rows:,}",
            str(record.first_day or DASH),
            str(record.last_day or DASH),
            _late(record),
            f"{PLAIN.percent(record.load_share)} {record.load_day or ''}".strip(),
        )
        for record in found
    ]
    _grid([header, *rows])
    if empty := [f"{record.table}.{name}" for record in found for name in record.empty]:
        line(fill(f"Never filled: {', '.join(empty)}", WIDTH, break_on_hyphens=False))


def _late(record: TableRecord) -> str:
    """Return the median and what 90 % of the rows keep; what was known ahead is early, not late."""
    if record.late_days is None:
        return DASH
    median, most = record.late_days
    ends = dict.fromkeys((median, most))
    return " to ".join(f"{days:,}" if days >= 0 else f"{-days:,} early" for days in ends)


def _seats(seats: Seats) -> Iterator[str]:
    figures = [f"{PLAIN.number(seats.licensed)} licensed" if seats.licensed else "none licensed"]
    if seats.with_access is not None:
        figures.append(f"{counted(seats.with_access, 'user')} with access")
    if seats.active is not None:
        least = "at least " if seats.is_lower_bound else ""
        figures.append(f"{least}{counted(seats.active, 'person', 'people')} active in 28 days")
    yield f"Seats: {', '.join(figures)}"


def _usage(usage: Usage | None) -> Iterator[str]:
    if usage is not None:
        yield (
            f"Usage: {PLAIN.percent(usage.subscribed_share, 1)} of rows on a day with a "
            "subscription; "
            f"{counted_of(usage.active_accounts, usage.paying_accounts, 'paying account')} active "
            "in 28 days"
        )


def hints(found: Sequence[Hint]) -> None:
    """Print each hint: the figures first, what they mean, what to do."""
    if not found:
        return
    line()
    line(f"Hints ({len(found)}): what meets the contract and may still be a mistake", "bold")
    for name, group in groupby(found, key=lambda hint: hint.name):
        line()
        line(f"  {name}", "bold")
        _hint(list(group))


def _hint(places: Sequence[Hint]) -> None:
    """Print the places of one hint; what they have in common once."""
    for hint in places:
        _paragraph(f"{hint.place}: {hint.figure}")
        for example in islice(hint.examples, EXAMPLES):
            cells = ", ".join(f"{name}={value}" for name, value in example.items())
            line(f"    {shorten(cells, 160, placeholder=' …')}")
    _paragraph(places[0].means)
    for do in dict.fromkeys(hint.do for hint in places):
        _paragraph(f"→ {do}")
    _paragraph(f"  {places[0].docs}")


def _paragraph(text: str) -> None:
    line(fill(text, WIDTH, initial_indent="  ", subsequent_indent="  "))


def _grid(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,), gap: str = "  ") -> None:
    """Print cells in columns: those at ``left`` to the left, figures to the right."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        cells = (
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        line(gap.join(cells).rstrip(), None if number else "bold")
