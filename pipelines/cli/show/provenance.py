"""How the audit of one row reads at a terminal: labels, features, then rows not visible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Any

from features.contract import TABLES
from features.declaration.units import when
from pipelines.cli.console import line, next_step

if TYPE_CHECKING:
    from features.provenance.labels import Verdict
    from features.provenance.row import Explanation, Use, Value
    from features.provenance.visibility import SourceRow

WIDTH = 98
FEW = 6
"""So many changes are shown for a label."""
NOT_VISIBLE = 3
"""So many rows of a table that are not visible are shown."""
NAME, VALUE = 38, 12
"""Widths of a feature's name and value."""
STYLES = {"positive": "bold green", "negative": "bold", "excluded": "bold", "not mature": "bold"}

Rows = Mapping[tuple[str, int], "SourceRow"]


def explained(result: Explanation, *, every_row: bool) -> None:
    """Print the audit; ``every_row`` shows each row of the features asked for."""
    rows = {(row.table, row.number): row for row in result.rows}
    line(f"{result.account_id} at {result.as_of}", "bold")
    line()
    for verdict in result.verdicts:
        _verdict(verdict, rows)
    _features(result.values, rows, every_row=every_row)
    read = {use.table for value in result.values for use in value.uses}
    combined = any(value.combines for value in result.values)
    _not_visible([row for row in result.rows if not every_row or combined or row.table in read])
    if (
        others := len({row.table for row in result.rows} - read)
        if every_row and not combined
        else 0
    ):
        rest = sum(row.table not in read for row in result.rows)
        line(f"  {rest:,} rows of {others} other tables are not shown: no feature above reads them")
    next_step(
        "build - once the mapping or the source is corrected"
        if every_row
        else f"build --explain {result.account_id} --feature FEATURE - one with all its rows"
    )


def _verdict(verdict: Verdict, rows: Rows) -> None:
    line(f"{verdict.target}: {verdict.state}", STYLES[verdict.state])
    if verdict.state != "positive":  # what made it positive stands below
        _text(verdict.why, "  ")
    shown = verdict.changes[:FEW]
    for change in shown:
        _text(f"{change.text}: {change.why}", "  + " if change.counts else "  - ")
        for number in change.rows if change.counts else ():
            _row(rows["subscriptions", number], "      ")
    if more := len(verdict.changes) - len(shown):
        line(f"  - and {more} more that do not count; see --json")
    line()


def _features(values: Sequence[Value], rows: Rows, *, every_row: bool) -> None:
    if not every_row:
        line("Features, with rows used / rows visible (?: not tested); --feature NAME lists them")
    for group, members in groupby(values, key=lambda value: value.group):
        line(group, "bold")
        for value in members:
            if every_row:
                _value(value, rows)
            else:
                _briefly(value)
        line()


def _briefly(value: Value) -> None:
    """Print a feature on a line: its value and what it was drawn from."""
    shown = value.value
    shown = round(shown, 4) if isinstance(shown, float) else shown
    drawn = [f"{use.table} {_count(use)}" for use in value.uses] or value.combines
    text = f"  {value.name:<{NAME}} {_shown(shown):>{VALUE}}  {', '.join(drawn)}"
    line(_cut(text, WIDTH))


def _cut(text: str, width: int) -> str:
    """Cut a line at ``width``, keeping the blanks between its columns."""
    return text if len(text) <= width else text[: width - 2].rstrip(" ,") + " …"


def _count(use: Use) -> str:
    entered = "?" if use.entered is None else f"{len(use.entered):,}"
    return f"{entered}/{len(use.visible):,}"


def _value(value: Value, rows: Rows) -> None:
    """Print a feature with every row that entered it."""
    line(f"  {value.name} = {_shown(value.value)}", "bold")
    _text(f"{value.description}{when(value.window_days, value.by_day)}{_measured(value)}", "    ")
    if value.combines:
        _text(f"combines {', '.join(value.combines)}", "    ")
    for use in value.uses:
        _text(_use(use), "    ")
        _used_rows(use, rows)


def _measured(value: Value) -> str:
    """Say a unit that the value does not say itself: nobody counts 'in count'."""
    return "" if value.unit in ("count", "flag", "category") else f" (in {value.unit})"


def _use(use: Use) -> str:
    if use.entered is None:
        return f"{use.table}: {len(use.visible):,} visible rows; not tested row by row"
    text = f"{use.table}: {len(use.entered):,} of {len(use.visible):,} visible rows used"
    if not use.decides:
        return text
    return f"{text}; without a row marked * the value differs"


def _used_rows(use: Use, rows: Rows) -> None:
    """Show every row that entered; those marked with a star decide the value."""
    numbers = use.visible if use.entered is None else use.entered
    decides = use.decides or ()
    for number in numbers:
        _row(rows[use.table, number], "    * " if number in decides else "      ")


def _not_visible(rows: Iterable[SourceRow]) -> None:
    """Show what no feature saw, by table, and what it saw without its later values."""
    hidden = [row for row in rows if row.hidden]
    masked = [row for row in rows if row.masked and not row.hidden]
    line("Rows not visible on this date", "bold")
    for table, members in groupby(hidden, key=lambda row: row.table):
        _first_rows(table, list(members))
    for table, members in groupby(masked, key=lambda row: row.table):
        _first_rows(f"{table}, later values", list(members))
    if not hidden and not masked:
        line("  none: all rows happened and were known before")


def _first_rows(title: str, rows: Sequence[SourceRow]) -> None:
    line(f"  {title}: {len(rows):,} {'row' if len(rows) == 1 else 'rows'}")
    for row in rows[:NOT_VISIBLE]:
        reason = row.hidden or "; ".join(row.masked)
        ahead = ", but known: features of contracted changes may use it" if row.ahead else ""
        _text(reason + ahead, "    ")
        line("      " + shorten(_row_text(row), WIDTH - 6, placeholder=" …"))
    more = len(rows) - NOT_VISIBLE
    if more > 0:
        line(f"    and {more:,} more; see --json")


def _row(row: SourceRow, indent: str) -> None:
    _text(_row_text(row), indent)


def _row_text(row: SourceRow) -> str:
    """Return the values of a row that are not empty, its key and the day it happened first."""
    table = TABLES[row.table]
    first = [name for name in (*table.key, table.happened) if name != "account_id"]
    order = dict.fromkeys([*first, *row.values])
    values = [
        f"{name} {_shown(row.values[name])}"
        for name in order
        if name != "account_id" and row.values.get(name) is not None
    ]
    return f"{row.table} {', '.join(values)}"


def _text(text: str, indent: str) -> None:
    """Print a sentence, folded under its indent."""
    rest = " " * (len(indent) + 2)
    for folded in wrap(text, WIDTH, initial_indent=indent, subsequent_indent=rest):
        line(folded)


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    return f"{value:,.10g}" if isinstance(value, float) else str(value)
