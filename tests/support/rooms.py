"""The tables of rooms in docs/architecture.md, made from what the code says of itself.

The floors are those of the import contracts in pyproject.toml, top to bottom; a room says in the
first line of its docstring what it holds.

    python -m tests.support.rooms     # writes the document anew
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms: written by `make docs` -->", "<!-- end of rooms -->"


def floors() -> dict[str, list[list[str]]]:
    """Return the rooms of each package by floor, the highest floor first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return {
        contract["containers"][0]: [re.split(r"\s*[|:]\s*", floor) for floor in contract["layers"]]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers" and "containers" in contract
    }


def purpose(package: str, room: str) -> str:
    """Return the first sentence of a room's docstring."""
    folder = ROOT / package / room
    source = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    docstring = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
    return docstring.split("\n\n")[0].replace("\n", " ").replace("``", "`")


def table() -> str:
    """Return the rooms as Markdown: a table a package."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for package, levels in floors().items():
        yield f"\n### {package}/\n\n| room | what it holds |\n|---|---|"
        for rooms in levels:
            for room in rooms:
                yield f"| `{room}` | {purpose(package, room)} |"


def written(document: str) -> str:
    """Return the document with its tables of rooms made anew."""
    head, rest = document.split(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8")), "utf-8")
