"""The declarations: a feature is a function in a group and says everything about itself once.

Function name and window make the column's name, the docstring is its description, the decorator
gives unit, expected range, windows and what an account without rows gets. Catalogue, range check,
drift report and the reason shown to a CSM all read this one place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.declaration.units import UNITS, Range
from features.declaration.validation import (
    feature_problems,
    group_problems,
    refuse,
    source_problems,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts

__all__ = ["UNITS", "Feature", "FeatureColumn", "FeatureGroup", "Range", "Rows"]

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
    them (``features.declaration.derived_columns`` finds them).
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


@dataclass
class FeatureGroup:
    """A family of features with one owner and one file.

    >>> demo = FeatureGroup("demo", "Features that show how a feature is declared.")
    >>> @demo.rows("tickets")
    ... def demo_tickets(facts):
    ...     '''Tickets opened before as_of.'''
    ...     return facts.rows("tickets")
    >>> @demo.feature(demo_tickets, unit="count", absent=0)
    ... def demo_tickets_opened(rows):
    ...     '''Tickets opened so far.'''
    ...     return rows.count()
    >>> [column.name for column in demo.columns]
    ['demo_tickets_opened']
    """

    name: str
    meaning: str
    owner: str = "data science"
    features: list[Feature] = field(default_factory=list)
    row_sets: list[Rows] = field(default_factory=list)

    def __post_init__(self) -> None:
        if problems := group_problems(self):
            refuse(problems)

    @property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """All columns of the group in the order of their declaration."""
        return tuple(column for feature in self.features for column in feature.columns)

    def rows(self, *sources: str) -> Callable[[RowsFunction], Rows]:
        """Declare the rows that features summarise; all ``sources`` must be there for them.

        Raises
        ------
        UsageError
            When a source is not a table of the contract.
        """

        def declare(build: RowsFunction) -> Rows:
            if problems := source_problems(self.name, sources):
                refuse(problems, build)
            meaning = (inspect.getdoc(build) or "").split("\n", 1)[0]
            rows = Rows(build.__name__, sources, meaning, build)
            self.row_sets.append(rows)
            return rows

        return declare

    def feature(
        self,
        rows: Rows | None = None,
        *,
        unit: str,
        expected: Range = (None, None),
        windows: tuple[int, ...] = (),
        by_days: tuple[int, ...] = (),
        absent: float | None = None,
        monotone: Mapping[str, int] | None = None,
    ) -> Callable[[FeatureFunction], FeatureFunction]:
        """Declare a feature over ``rows``, or, without them, over the columns before it.

        Parameters
        ----------
        rows
            What the function summarises. ``None``: it is given the table of all columns computed
            from rows, one row an account and ``as_of``, and combines them.
        unit
            One of ``UNITS``.
        expected
            Lowest and highest value that makes sense; ``None`` leaves a side open.
        windows
            Lookbacks in days, multiples of seven; a column each, ``[as_of - window, as_of)``.
        by_days
            Days since the first subscription started; a column each, null while still open.
        absent
            What an account without any rows gets; ``None`` says 'cannot say'. Where columns are
            combined: what stands for an empty result. Without the source table both are empty.
        monotone
            Per target +1 or -1 where the domain is certain of the direction.

        Raises
        ------
        UsageError
            Naming every rule the declaration breaks and what to do.
        """

        def declare(function: FeatureFunction) -> FeatureFunction:
            feature = Feature(
                function=function,
                group=self.name,
                rows=rows,
                unit=unit,
                expected=expected,
                windows=windows,
                by_days=by_days,
                absent=absent,
                monotone=monotone or {},
                owner=self.owner,
            )
            if problems := feature_problems(feature, {known.name for known in self.features}):
                refuse(problems, function)
                return function
            self.features.append(feature)
            return function

        return declare
