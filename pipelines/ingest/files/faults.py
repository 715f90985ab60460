"""What stands in the way of reading a file, and the setting that would help."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

EXAMPLES = 3
LONGEST = 120
"""So many characters of a line are shown."""


class UnreadableFile(Exception):
    """A source whose files cannot be read, with every reason as a sentence."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def setting(source: str, file: str, option: str, value: str) -> str:
    """Return how an option of a source is written in the configuration."""
    return f'under [sources] set {source} = {{ file = "{file}", {option} = "{value}" }}'


def place(path: Path, line: int) -> str:
    """Return a line of a file as a person finds it."""
    return f"{path.name}, line {line:,}"


def shown(line: str) -> str:
    """Return a line as a message can hold it."""
    text = line.rstrip("\r\n").replace("\n", "⏎")
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")
