"""What stands in the way of reading a file, and the setting that would help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = 3
LONGEST = 120
"""So many characters of a line are shown."""


@dataclass(frozen=True)
class RepeatedName:
    """Columns of one file with the same name, by their positions from 1 on."""

    file: str
    name: str
    positions: tuple[int, ...]

    def __str__(self) -> str:
        *first, last = map(str, self.positions)
        return (
            f"columns {', '.join(first)} and {last} are both called {self.name!r}; rename or "
            f"remove all but the one you mean, or use {self.name}_1 for the second in the mapping"
        )


def repeated_names(file: str, header: Sequence[str]) -> Iterator[RepeatedName]:
    """Yield the names that more than one column of a header has, in whatever case."""
    positions: dict[str, list[int]] = {}
    for position, cell in enumerate(header, 1):
        positions.setdefault(cell.strip().lower(), []).append(position)
    for name, places in positions.items():
        if name and len(places) > 1:
            yield RepeatedName(file, header[places[0] - 1].strip(), tuple(places))


class UnreadableFile(Exception):
    """A source whose files cannot be read, with every reason as a sentence."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def setting(source: str, file: str, option: str, value: str) -> str:
    """Return how an option of a source is written in the configuration."""
    written = value if value.isdigit() else f'"{value}"'
    return f'under [sources] set {source} = {{ file = "{file}", {option} = {written} }}'


def place(path: Path, line: int) -> str:
    """Return a line of a file as a person finds it."""
    return f"{path.name}, line {line:,}"


def shown(line: str) -> str:
    """Return a line as a message can hold it."""
    text = line.rstrip("\r\n").replace("\n", "⏎")
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")
