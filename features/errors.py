"""Errors a person can act on; each says where, what value, and the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


class ExpansionError(Exception):
    """Something a person has to mend; ``problems`` lists all of it, one sentence each."""

    exit_code = 1

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (
            (problems,) if isinstance(problems, str) else tuple(problems)
        )
        super().__init__("\n".join(self.problems))


class DataError(ExpansionError):
    """The data or a gate says no (exit code 1)."""


class UsageError(ExpansionError):
    """Wrong usage: an argument, a setting or a mapping (exit code 2)."""

    exit_code = 2


class EnvironmentFailure(ExpansionError):
    """The environment failed: disk, network, a service (exit code 3)."""

    exit_code = 3


@dataclass(frozen=True)
class Refusal:
    """A sentence about a declaration, and where that stands: ``file:line``, or empty."""

    place: str
    sentence: str


_gathered: ContextVar[list[Refusal] | None] = ContextVar("gathered", default=None)


@contextmanager
def gathering() -> Iterator[list[Refusal]]:
    """Gather what is refused, instead of stopping at the first declaration that breaks a rule.

    A refused declaration adds nothing to its group.
    """
    refused: list[Refusal] = []
    token = _gathered.set(refused)
    try:
        yield refused
    finally:
        _gathered.reset(token)


def refuse(problems: Sequence[str], function: Callable[..., Any] | None = None) -> None:
    """Raise ``UsageError`` with all ``problems``, or add them to those that are gathered."""
    refused = _gathered.get()
    if refused is None:
        raise UsageError(problems)
    refused.extend(Refusal(place_of(function), problem) for problem in problems)


def place_of(function: Callable[..., Any] | None) -> str:
    """Return ``file:line`` of a function's declaration, its decorators included."""
    code = getattr(function, "__code__", None)
    return "" if code is None else f"{code.co_filename}:{code.co_firstlineno}"
