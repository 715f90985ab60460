"""Why a score is what it is, as data: what a scoring stores and a server answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Reason:
    """One feature's part in one account's score."""

    feature: str
    """The column whose value is shown; of a feature's windows the one that weighs most."""
    group: str
    """Family of features that it belongs to."""
    text: str
    """The reason in plain words."""
    value: float | str | None
    """The account's own value; ``None`` is unknown."""
    typical: float | str | None
    """Median or most frequent value in training, of the segment where that is large."""
    contribution: float
    """What all windows of the feature add to the score, in log-odds before calibration."""


@dataclass(frozen=True)
class GroupContribution:
    """What a family of features adds to one account's score."""

    group: str
    contribution: float
    """Log-odds before calibration."""


@dataclass(frozen=True)
class Reasons:
    """What raises one target's score of an account most, and what lowers it most."""

    up: tuple[Reason, ...]
    """The weightiest first."""
    down: tuple[Reason, ...]
    """The weightiest first."""
    groups: tuple[GroupContribution, ...] = ()
    """All features by family, the weightiest first; empty in scorings from before there were."""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Reasons:
        """Return the reasons that ``to_json`` described; keys that are not known are left out."""
        return cls(
            up=tuple(_reason(reason) for reason in stored["up"]),
            down=tuple(_reason(reason) for reason in stored["down"]),
            groups=tuple(
                GroupContribution(group["group"], group["contribution"])
                for group in stored.get("groups", ())
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the reasons as JSON-able values."""
        return {
            "up": [dict(vars(reason)) for reason in self.up],
            "down": [dict(vars(reason)) for reason in self.down],
            "groups": [dict(vars(group)) for group in self.groups],
        }


_FIELDS = tuple(field.name for field in fields(Reason))


def _reason(stored: Mapping[str, Any]) -> Reason:
    return Reason(**{name: stored[name] for name in _FIELDS if name in stored})


class StoredReasons(Mapping[str, Reasons]):
    """An account's reasons by target, as they are stored; decoded where a target is asked for.

    A server passes on what is ``stored``, for thousands of accounts, and decodes nothing.
    """

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.stored = stored

    def __getitem__(self, target: str) -> Reasons:
        return Reasons.from_json(self.stored[target])

    def __iter__(self) -> Iterator[str]:
        return iter(self.stored)

    def __len__(self) -> int:
        return len(self.stored)


def as_stored(reasons: Mapping[str, Reasons]) -> Mapping[str, Any]:
    """Return an account's reasons by target as JSON-able values."""
    if isinstance(reasons, StoredReasons):
        return reasons.stored
    return {target: explained.to_json() for target, explained in reasons.items()}
