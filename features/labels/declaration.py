"""How a label is declared: one decorated function, and what every other room needs to know of it.

Nothing here computes, and Ibis is not imported: a server reads declarations, too.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, get_args

from features.errors import refuse

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np

    from features.labels.outcome_window import Decisions

Direction = Literal["+", "-", "="]
"""Whether an outcome gains ARR (expansion), loses it (at risk), or counts as neither."""
TargetFunction = Callable[["Decisions"], "ir.Table"]
Columns = Callable[..., "np.ndarray"]
"""Gives a feature column of some rows as numbers, (rows,): its name, what stands for missing."""
Rule = Callable[[Columns], "np.ndarray"]
PLAIN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST = 40
"""Characters of a name: columns, CRM fields and URLs carry more than it."""


@dataclass(frozen=True)
class ConsideredChange:
    """A change of a product that did not count for a label, as ``build --explain`` looks at it.

    ``record`` holds the columns of ``product_changes``. ``is_signed_within``: a part of it was
    signed within the horizon.
    """

    record: Mapping[str, Any]
    as_of: date
    is_signed_within: bool


@dataclass(frozen=True)
class Provenance:
    """What ``build --explain`` says of a label beside the events that made it.

    ``absence`` is the sentence, without the days, of a label that is 0. ``considers`` says which
    changes, as records of ``product_changes``, are of the kind that could count; ``rejects`` why
    one of them did not, where the label knows better than "decided before" or "after". Of an
    outcome that ends the account, the ends of its last line are considered instead.
    """

    absence: str = "it did not happen"
    considers: Callable[[Mapping[str, Any]], bool] = lambda _: True
    rejects: Callable[[ConsideredChange], str | None] = lambda _: None


@dataclass(frozen=True, eq=False)
class Target:
    """One outcome.

    ``occurrences`` returns one row for each time the outcome befell a row of the spine:
    ``account_id``, ``as_of``, ``product_id`` (null for an outcome of the whole account),
    ``changed_on``, ``arr`` (yearly, never negative). ``title`` is what people call it, in English;
    ``titles`` in other languages, by code. ``needs_grace`` outcomes are mature only after the
    grace period, since a return or a replacement can undo them. A row that has an outcome which
    this one ``excludes`` does not have this one. ``ends_account``: after it, nothing is left to
    retain. ``rule`` is what a practitioner would score
    accounts by; models are shown beside it.
    """

    occurrences: TargetFunction
    title: str
    direction: Direction
    needs_grace: bool
    excludes: tuple[str, ...] = ()
    ends_account: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)
    rule: Rule | None = None
    provenance: Provenance = Provenance()

    @property
    def name(self) -> str:
        """The function's name."""
        return self.occurrences.__name__

    @property
    def description(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.occurrences) or "").split("\n", 1)[0]

    @property
    def is_leading(self) -> bool:
        """Whether it stands for itself; what gives way to another is left out of short lists."""
        return not self.excludes

    def column(self, days: int) -> str:
        """Return the label's column name, such as ``churn_next_91d``."""
        return f"{self.name}_next_{days}d"

    def amount_column(self, days: int) -> str:
        """Return the column name of its ARR, such as ``churn_arr_next_91d``."""
        return f"{self.name}_arr_next_{days}d"

    def mature_days(self, days: int, grace_days: int) -> int:
        """Return how many days after ``as_of`` the label is known."""
        return days + (grace_days if self.needs_grace else 0)

    def as_dict(self, days: int, grace_days: int) -> dict[str, Any]:
        """Return the declaration as JSON-able values, as the feature table's metadata stores it."""
        return {
            "name": self.name,
            "title": self.title,
            "titles": dict(self.titles),
            "column": self.column(days),
            "amount_column": self.amount_column(days),
            "direction": self.direction,
            "mature_days": self.mature_days(days, grace_days),
            "description": self.description,
            "excludes": list(self.excludes),
        }


def target(
    *,
    title: str,
    direction: Direction,
    needs_grace: bool,
    excludes: tuple[str, ...] = (),
    ends_account: bool = False,
    titles: Mapping[str, str] | None = None,
    rule: Rule | None = None,
    provenance: Provenance | None = None,
) -> Callable[[TargetFunction], Target]:
    """Declare a label; the decorated function says when it occurs.

    Parameters
    ----------
    title
        What people call the outcome, in English.
    direction
        ``"+"``: its ARR is expansion; ``"-"``: its ARR is at risk; ``"="``: neither, as of an
        outcome whose ARR another label counts already.
    needs_grace
        Whether a return or a replacement within the grace period can undo it.
    excludes
        Names of outcomes beside which this one does not count.
    ends_account
        Whether nothing is left to retain after it.
    titles
        The title in other languages by code, such as ``{"de": "..."}``.
    rule
        What a practitioner would score accounts by, from feature columns.
    provenance
        What ``build --explain`` says of it.

    Raises
    ------
    UsageError
        Naming every rule that the declaration breaks and what to do.
    """

    def declare(function: TargetFunction) -> Target:
        declared = Target(
            occurrences=function,
            title=title,
            direction=direction,
            needs_grace=needs_grace,
            excludes=excludes,
            ends_account=ends_account,
            titles=titles or {},
            rule=rule,
            provenance=provenance or Provenance(),
        )
        if problems := list(_problems(declared)):
            refuse(problems, function)
        return declared

    return declare


def declared_in(names: Mapping[str, Any]) -> dict[str, Target]:
    """Return the targets of a module's ``names`` by their own, in the order of declaration."""
    return {value.name: value for value in names.values() if isinstance(value, Target)}


def _problems(declared: Target) -> Iterator[str]:
    where = f"label {declared.name}"
    if not PLAIN.fullmatch(declared.name) or len(declared.name) > LONGEST:
        yield (
            f"{where} needs a name of lower-case letters, digits and single _, of {LONGEST} "
            "characters at most; rename it"
        )
    if "_next_" in declared.name:
        yield f"{where} has '_next_' in its name, which its column adds; rename it"
    if not declared.description:
        yield f"{where} has no docstring; write what counts in its first line"
    if not declared.title.strip():
        yield f"{where} has no title; write what people call it"
    if declared.direction not in get_args(Direction):
        yield f"{where} has the direction {declared.direction!r}; use '+', '-' or '='"
    if declared.name in declared.excludes:
        yield f"{where} excludes itself; leave it out of excludes"
