"""What a release says of its targets beside their models, for whoever does not know them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from features.labels.targets import TARGETS
from models.inference.expected_arr import NEITHER
from models.release.card import Card

DESCRIBED = ("title", "titles", "direction", "excludes")
"""What goes from a model's card into the manifest."""


@dataclass(frozen=True)
class ReleasedTarget:
    """A target as its release describes it.

    ``title`` is what people call it in English, ``titles`` in other languages, by code;
    ``direction`` whether its ARR is expansion (``+``), at risk (``-``), or neither (``=``).
    """

    name: str
    title: str
    direction: str
    titles: Mapping[str, str] = field(default_factory=dict)
    excludes: tuple[str, ...] = ()

    @property
    def is_leading(self) -> bool:
        """Whether it stands for itself; what gives way to another is left out of short lists."""
        return not self.excludes


def described(card: Card) -> dict[str, Any]:
    """Return what the manifest says of a card's target."""
    stored = card.to_json()
    return {name: stored[name] for name in DESCRIBED if name in stored}


def released(models: Mapping[str, Mapping[str, Any]]) -> dict[str, ReleasedTarget]:
    """Return the targets of a manifest's ``models``, in the order in which they are shown."""
    return {name: _released(name, models[name]) for name in in_order(models)}


def in_order(names: Iterable[str]) -> list[str]:
    """Return the names of targets: ours as they are declared, then others by name."""
    there = set(names)
    return [name for name in TARGETS if name in there] + sorted(there - set(TARGETS))


def shown_targets(names: Iterable[str] = ()) -> list[str]:
    """Return every target of ours, with a model or without, and then the others of ``names``."""
    return in_order({*TARGETS, *names})


def _released(name: str, entry: Mapping[str, Any]) -> ReleasedTarget:
    # Releases from before there were titles hold targets of ours alone.
    ours = TARGETS.get(name)
    return ReleasedTarget(
        name=name,
        title=entry.get("title") or (ours.title if ours else name.replace("_", " ")),
        direction=entry.get("direction") or (ours.direction if ours else NEITHER),
        titles=entry.get("titles") or (ours.titles if ours else {}),
        excludes=tuple(entry.get("excludes") or (ours.excludes if ours else ())),
    )
