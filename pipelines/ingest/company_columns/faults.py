"""What is wrong with a column of a company's own, with the rows that show it and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pipelines.common.counting import counted, counted_of

Kind = Literal["future", "todays", "dates", "clock", "chance", "fails"]
Value = float | str | None

MOST_EXAMPLES = 3
"""So many rows are shown of each column."""

SENTENCES: Mapping[Kind, str] = {
    "future": "looks past as_of",
    "todays": "reads an attribute of which only today's value is known",
    "dates": "mixes dates: its value at one as_of depends on which others are computed with it",
    "clock": "depends on the day on which it is computed",
    "chance": "changes when it is computed again from the same rows",
    "fails": "fails on the data",
}
WAYS_OUT: Mapping[Kind, str] = {
    "future": "take rows through facts.rows(...), facts.latest(...) or facts.announced(...) and "
    "never from facts.tables",
    "todays": "name the attribute in the function without asking whether it is there: the column "
    "is then no model input until [features] keep names it",
    "dates": "group, join and order by account_id and as_of, never by account_id alone",
    "clock": "count days up to as_of, not up to today",
    "chance": "use no random number; where the first or last row counts, order by columns that no "
    "two rows share",
    "fails": "mend its function",
}
PAIRS: Mapping[Kind, tuple[str, str]] = {
    "future": ("with what came later", "without"),
    "todays": ("with it", "without"),
    "dates": ("among other dates", "alone"),
    "clock": ("today", "a year later"),
    "chance": ("first", "then"),
    "fails": ("", ""),
}
"""What the two values of an example are."""


@dataclass(frozen=True)
class Example:
    """The value of a column for one account and date, computed in two ways that should agree."""

    account_id: str
    as_of: str
    value: Value
    other: Value


@dataclass(frozen=True)
class LaterRow:
    """A row of a table that nobody could see at ``as_of``, and that changed the column."""

    table: str
    cells: Mapping[str, str]

    def __str__(self) -> str:
        cells = ", ".join(f"{name} = {value}" for name, value in self.cells.items())
        return f"{self.table} ({cells})" if cells else self.table


@dataclass(frozen=True)
class ColumnFault:
    """Why a column of a company's own is refused.

    ``place`` is the file and line of its declaration. ``accounts`` of the ``of`` rows that were
    compared (one an account and date) differ; ``later_rows`` are, of each table whose future it
    reads, a row that made a difference. ``reason`` is what stopped a column that fails.
    """

    column: str
    place: str
    kind: Kind
    accounts: int = 0
    of: int = 0
    examples: tuple[Example, ...] = ()
    later_rows: tuple[LaterRow, ...] = ()
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as JSON-able values."""
        return {**asdict(self), "text": str(self)}

    @property
    def title(self) -> str:
        """Place, column, and what is wrong with it."""
        return f"{self.place}: column {self.column} {SENTENCES[self.kind]}"

    @property
    def shown(self) -> str:
        """The rows that show it, in sentences; why it fails where it does."""
        sentences = [self.reason] if self.reason else []
        if self.examples:
            differ = f"{counted_of(self.accounts, self.of, 'row')} {_verb(self.accounts)}"
            sentences.append(f"{differ}, such as {'; '.join(map(self._example, self.examples))}")
        if self.later_rows:
            rows = "; ".join(map(str, self.later_rows))
            sentences.append(f"It reads what was not known yet: {rows}")
        return ". ".join(sentences)

    @property
    def way_out(self) -> str:
        """What to do."""
        return f'{WAYS_OUT[self.kind]}; or leave it out: [features] leave_out = ["{self.column}"]'

    def _example(self, example: Example) -> str:
        value, other = PAIRS[self.kind]
        return (
            f"{example.account_id} on {example.as_of}: {_text(example.value)} {value}, "
            f"{_text(example.other)} {other}"
        )

    def __str__(self) -> str:
        shown = f"{self.title}. {self.shown}" if self.shown else self.title
        return f"{shown}. What to do: {self.way_out}"


def _verb(number: int) -> str:
    return "differs" if number == 1 else "differ"


def _text(value: Value) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else f"{value:,.6g}"


def verdict(faults: int) -> str:
    """Return how many columns are refused, as a sentence."""
    return f"{counted(faults, 'column')} of your own refused (see above): nothing written."
