"""The declarations: a feature is a function in a group and says everything about itself once.

Function name and window make the column's name, the docstring is its description, the decorator
gives unit, expected range, windows, what an account without rows gets, and the sentence that people
read. Catalogue, range check, drift report and the driver shown to a CSM all read this one place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.declaration.units import UNITS, Range

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts

__all__ = ["UNITS", "Feature", "FeatureColumn", "Range", "Rows"]

RowsFunction = Callable[["Facts"], "ir.Table"]
FeatureFunction = Callable[..., "ir.Value"]


@dataclass(frozen=True)
class Rows:
    """The rows, one table for all ``as_of`` dates, that some features of a group summarise.

    ``build`` returns a table with ``account_id``, ``as_of`` and what its features need: a ``day``
    for features with windows, ``days_since_start`` for features with ``by_days``.
    """

    name: str
    sources: tuple[str, ...]
    meaning: str
    build: RowsFunction


@dataclass(frozen=True)
class FeatureColumn:
    """One column of the feature table, as everything downstream of it needs to know it.

    ``sources`` are the tables it is drawn from; a column that combines others has those of all of
    them (``features.declaration.derived_columns`` finds them). ``says`` is the sentence that people
    read, by form (``features.declaration.sentences``); without it they read the description.
    """

    name: str
    stem: str
    group: str
    unit: str
    description: str
    window_days: int | None
    by_day: int | None
    expected: Range
    absent: float | None
    monotone: Mapping[str, int]
    owner: str = ""
    sources: tuple[str, ...] = ()
    says: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the column as JSON-able values, as stored in the feature table's metadata."""
        return {
            "name": self.name,
            "stem": self.stem,
            "group": self.group,
            "unit": self.unit,
            "description": self.description,
            "window_days": self.window_days,
            "by_day": self.by_day,
            "expected": list(self.expected),
            "absent": self.absent,
            "monotone": dict(self.monotone),
            "owner": self.owner,
            "sources": list(self.sources),
            "says": dict(self.says),
        }


@dataclass(frozen=True)
class Feature:
    """A declared feature: one function, and one column for each of its windows or days."""

    function: FeatureFunction
    group: str
    rows: Rows | None
    unit: str
    expected: Range
    windows: tuple[int, ...]
    by_days: tuple[int, ...]
    absent: float | None
    monotone: Mapping[str, int]
    owner: str = ""
    says: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The function's name, the stem of all its columns."""
        return self.function.__name__

    @property
    def description(self) -> str:
        """The first line of the docstring, without its full stop."""
        return (inspect.getdoc(self.function) or "").split("\n", 1)[0].rstrip(".")

    @cached_property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """Its columns, in the order of its windows or days."""
        if self.windows:
            return tuple(self._column(f"{self.name}_{w}d", window=w) for w in self.windows)
        if self.by_days:
            return tuple(self._column(f"{self.name}_by_day_{d}", day=d) for d in self.by_days)
        return (self._column(self.name),)

    def _column(
        self, name: str, window: int | None = None, day: int | None = None
    ) -> FeatureColumn:
        return FeatureColumn(
            name=name,
            stem=self.name,
            group=self.group,
            unit=self.unit,
            description=self.description,
            window_days=window,
            by_day=day,
            expected=self.expected,
            absent=self.absent,
            monotone=self.monotone,
            owner=self.owner,
            sources=self.rows.sources if self.rows else (),
            says=self.says,
        )

    @property
    def takes_window(self) -> bool:
        """Whether the function asks for the window's length."""
        return "window" in inspect.signature(self.function).parameters

    def value(self, rows: ir.Table, column: FeatureColumn) -> ir.Value:
        """Return the expression of ``column`` over ``rows``, which are filtered to it already."""
        if self.takes_window:
            return self.function(rows, window=column.window_days)
        return self.function(rows)
