"""Errors a person can act on; each says where, what value, and the way out."""

from __future__ import annotations

from collections.abc import Sequence


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
