"""The report's words in a language, with figures as its people write them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.i18n.messages import Catalogue, read
from models.i18n.number_format import WORDS

CATALOGUES = read(Path(__file__).with_name("messages"), WORDS)
"""What the report says, on top of what all rooms say."""


def listed(names: Sequence[str], words: Catalogue) -> str:
    """Return names as a sentence lists them: a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return words.text("say.and", first=", ".join(names[:-1]), last=names[-1])


def targets(names: Sequence[str], words: Catalogue) -> str:
    """Return what targets are called, in a row."""
    return ", ".join(words.name("target_in_text", name) for name in names)
