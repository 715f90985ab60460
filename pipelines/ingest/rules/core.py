"""How a rule is declared: a function from a table to the conditions its rows must not meet.

A condition is SQL that is true on the rows that violate the rule. The rows are those of
``typed.<table>``, with ``__raw_<column>`` for a value before its cast; ``clean.<table>`` are
another table's rows after its own rules, ``clean.coverage`` the spans with any subscription, and
``clean.calendar`` holds ``data_through``, the company's ``currency``, ``latest_today``, the latest
date that is today somewhere, and ``stray_from``, the day from which use lies months after the rest.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from features.contract import Table

Spots = Iterator[tuple[str, str]]
"""For each column a rule looks at: its name and the condition."""


@dataclass(frozen=True)
class Rule:
    """One rule of the contract.

    ``refuse_above`` is the share of violating rows above which data is refused unless the
    configuration says otherwise; up to it they are accepted and reported. ``drop_up_to`` is the
    share, by table, up to which they are left out instead, and reported. A rule ``alone`` needs
    a scan of its own; ``screen`` is an aggregate that is 0 when there is nothing to look for.
    """

    spots: Callable[[Table], Spots]
    do: str
    refuse_above: float = 0.0
    drop_up_to: Mapping[str, float] = field(default_factory=dict)
    alone: bool = False
    screen: Callable[[Table], str] | None = None
    do_by_type: Mapping[str, str] = field(default_factory=dict)

    def way_out(self, table: Table, column: str) -> str:
        """Return what a person can do about violations in a column, by its type."""
        types = {listed.name: listed.type for listed in table.columns}
        return self.do_by_type.get(types.get(column, ""), self.do)

    @property
    def name(self) -> str:
        """The function's name, as in messages and under [rules]."""
        return self.spots.__name__.rstrip("_")

    @property
    def why(self) -> str:
        """The function's docstring in one line: what is wrong."""
        return " ".join((inspect.getdoc(self.spots) or "").split())


RULES: dict[str, Rule] = {}
"""Every rule by name, in the order in which violations are shown."""


def rule(
    *,
    do: str,
    refuse_above: float = 0.0,
    drop_up_to: Mapping[str, float] | None = None,
    alone: bool = False,
    screen: Callable[[Table], str] | None = None,
    do_by_type: Mapping[str, str] | None = None,
) -> Callable[[Callable[[Table], Spots]], Callable[[Table], Spots]]:
    """Declare a rule; ``do`` says what a person can do about its violations.

    ``do_by_type`` says it for columns of some types of the contract.
    """

    def declare(spots: Callable[[Table], Spots]) -> Callable[[Table], Spots]:
        declared = Rule(spots, do, refuse_above, drop_up_to or {}, alone, screen, do_by_type or {})
        RULES[declared.name] = declared
        return spots

    return declare


def reads(condition: str) -> set[str]:
    """Return the tables of the company that a condition reads beside its own."""
    tables = set(re.findall(r"clean\.(\w+)", condition)) - {"calendar"}
    return {"subscriptions" if name == "coverage" else name for name in tables}
