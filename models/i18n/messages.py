"""Texts that people read, by language, from one TOML file each: ``en.toml``, ``de.toml``.

Keys are dotted; a text may hold ``{places}`` for values. English is complete by test, and so is
every other language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

FIRST = "en"
"""What is spoken where nobody asked for another language."""
PARTED = {"de": str.maketrans(",.", ".,")}
"""How languages that do not write 1,234.5 change its signs."""


class Titled(Protocol):
    """What people call something, in English and in other languages, by code."""

    @property
    def name(self) -> str:
        """The name in code and data."""

    @property
    def title(self) -> str:
        """The English title."""

    @property
    def titles(self) -> Mapping[str, str]:
        """The titles in other languages."""


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language by key."""

    language: str
    texts: Mapping[str, str]

    def text(self, key: str, /, **values: object) -> str:
        """Return a text with its values; ``KeyError`` where the catalogue lacks it."""
        return self.texts[key].format(**values)

    def several(self, key: str, count: float, /) -> str:
        """Return a count with its word, from ``<key>.one`` or ``<key>.many``."""
        form = "one" if round(count) == 1 else "many"
        return self.text(f"{key}.{form}", count=self.number(count))

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number as the language writes it, thousands parted."""
        # Adding 0 turns the minus zero of a rounded figure into zero.
        text = f"{round(value, digits) + 0:,.{digits}f}"
        return text.translate(PARTED.get(self.language, {}))

    def name(self, kind: str, name: str | None) -> str:
        """Return what a name from the data is called; itself, where the catalogue does not say."""
        return self.texts.get(f"{kind}.{name}", (name or "\u2013").replace("_", " "))


def read(folder: Path, onto: Mapping[str, Catalogue] | None = None) -> dict[str, Catalogue]:
    """Return every catalogue of a folder by language, English first, with the texts of ``onto``."""
    paths = sorted(folder.glob("*.toml"), key=lambda path: (path.stem != FIRST, path.stem))
    below = {language: catalogue.texts for language, catalogue in (onto or {}).items()}
    return {
        path.stem: Catalogue(
            path.stem,
            {**below.get(path.stem, {}), **dict(_flat(tomllib.loads(path.read_text("utf-8"))))},
        )
        for path in paths
    }


def with_targets(words: Catalogue, targets: Iterable[Titled]) -> Catalogue:
    """Return a catalogue with what people call targets, alone and within a sentence."""
    texts: dict[str, str] = {}
    for target in targets:
        title = target.titles.get(words.language, target.title)
        texts[f"target.{target.name}"] = title
        # English writes them small within a sentence; German nouns keep their capital.
        in_text = title.lower() if words.language == FIRST else title
        texts[f"target_in_text.{target.name}"] = in_text
    return Catalogue(words.language, {**words.texts, **texts})


def preferred(header: str, available: Mapping[str, Catalogue]) -> str:
    """Return the language that an ``Accept-Language`` header likes best (RFC 9110, 12.5.4).

    >>> preferred("fr, de-AT;q=0.8, en;q=0.3", {"en": ..., "de": ...})
    'de'
    """
    weighted = [_language_weight(entry) for entry in header.split(",")[:20]]
    accepted = [pair for pair in weighted if pair[1] in available and pair[0] > 0]
    return max(accepted, key=lambda pair: pair[0], default=(0.0, FIRST))[1]


def _language_weight(entry: str) -> tuple[float, str]:
    tag, _, weight = entry.partition(";q=")
    try:
        return float(weight or 1), tag.strip().lower().split("-")[0]
    except ValueError:
        return 0.0, ""


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)
