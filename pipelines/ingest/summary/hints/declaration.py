"""How a hint is declared: a function from the checked tables to the figures that give it away.

The function's name is the hint's, its docstring says what the figure means in business terms. It
yields a ``Finding`` for each place where the hint holds, and nothing where all is well.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from features.errors import UsageError
from pipelines.config.error_messages import nearest
from pipelines.ingest.summary.checked_tables import CheckedTables

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

DOCUMENT = "docs/hints.md"
"""Where every hint stands with its meaning and way out."""


@dataclass(frozen=True)
class Finding:
    """Where a hint holds: the figure as a sentence, and rows that show it.

    ``place`` is the table or column. ``do`` replaces the declared way out where the data tells a
    better one, such as the names of the products concerned.
    """

    place: str
    figure: str
    examples: Sequence[dict[str, Any]] = ()
    do: str = ""


@dataclass(frozen=True)
class Hint:
    """A hint as a reader gets it; ``docs`` is its section of the document of all hints.

    ``leaves_no_outcomes`` says that it explains why labels are empty or too few to train on.
    """

    name: str
    place: str
    figure: str
    means: str
    do: str
    docs: str
    examples: tuple[dict[str, Any], ...]
    leaves_no_outcomes: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the hint as JSON-able values."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.name}, {self.place}: {self.figure} {self.means} What to do: {self.do}."


Look = Callable[[CheckedTables], Iterator[Finding]]


@dataclass(frozen=True)
class Declaration:
    """A hint as it is declared; without one of the tables it ``needs`` it is not looked for."""

    look: Look
    needs: tuple[str, ...]
    do: str
    recipe: str = ""
    leaves_no_outcomes: bool = False

    @property
    def name(self) -> str:
        """The function's name."""
        return self.look.__name__

    @property
    def means(self) -> str:
        """The function's docstring in one line: what the figure means."""
        return " ".join((inspect.getdoc(self.look) or "").split())

    def hints(self, tables: CheckedTables) -> Iterator[Hint]:
        """Yield a hint for each place where it holds."""
        if not tables.has(*self.needs):
            return
        for finding in self.look(tables):
            yield Hint(
                name=self.name,
                place=finding.place,
                figure=finding.figure,
                means=self.means,
                do=finding.do or self.do,
                docs=f"{DOCUMENT}#{self.name}",
                examples=tuple(finding.examples),
                leaves_no_outcomes=self.leaves_no_outcomes,
            )


HINTS: dict[str, Declaration] = {}
"""Every hint by name, in the order in which they are shown."""


def hint(
    *, needs: tuple[str, ...], do: str, recipe: str = "", leaves_no_outcomes: bool = False
) -> Callable[[Look], Look]:
    """Declare a hint.

    Parameters
    ----------
    needs
        Tables without rows of which nothing is looked for.
    do
        What a person can do, without a full stop.
    recipe
        The recipe of docs/connect-your-data.md that helps, if there is one.
    leaves_no_outcomes
        Whether it explains empty labels, so that ``train`` names it where outcomes are missing.
    """

    def declare(look: Look) -> Look:
        declared = Declaration(look, needs, do, recipe, leaves_no_outcomes)
        HINTS[declared.name] = declared
        return look

    return declare


def find(tables: CheckedTables, *, leaves_no_outcomes: bool = False) -> tuple[Hint, ...]:
    """Return every hint that holds; on demand only those that explain missing outcomes.

    Those that the company's [hints] leave out are not looked for.
    """
    wanted = [
        declared
        for declared in HINTS.values()
        if declared.name not in tables.settings.hints.leave_out
        and (declared.leaves_no_outcomes or not leaves_no_outcomes)
    ]
    return tuple(hint for declared in wanted for hint in declared.hints(tables))


def stop_on_unknown(settings: Settings) -> None:
    """Raise ``UsageError`` where [hints] leaves out what is no hint."""
    problems = [
        f"hints.leave_out: there is no {name!r}{nearest(name, list(HINTS))}"
        for name in settings.hints.leave_out
        if name not in HINTS
    ]
    if problems:
        raise UsageError(problems)
