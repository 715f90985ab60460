"""A feature group: one subject, one owner, one file of features."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from features.declaration.feature import Feature, FeatureColumn, FeatureFunction, Rows, RowsFunction
from features.declaration.sentences import sentence_forms
from features.declaration.units import Range
from features.declaration.validation import (
    feature_problems,
    group_problems,
    source_problems,
)
from features.errors import refuse


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
        if problems := group_problems(self.name, self.meaning, self.owner):
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
        says: str | Mapping[str, str] | None = None,
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
        says
            The sentence that people read, such as ``"{value} of licensed seats active"``, or one
            for each form (``features.declaration.sentences``). Without it: description and value.
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
                says=sentence_forms(says),
            )
            if problems := feature_problems(feature, {other.name for other in self.features}):
                refuse(problems, function)
                return function
            self.features.append(feature)
            return function

        return declare
