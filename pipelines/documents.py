"""``catalogue``: the documents that are generated from declarations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from features import catalogue

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Documents:
    """The catalogue's columns, and the documents that were written."""

    columns: list[dict[str, Any]]
    written: list[str]


def listed() -> Documents:
    """Return every feature column."""
    return Documents([column.as_dict() for column in catalogue.columns()], [])


def written(folder: Path) -> Documents:
    """Write ``feature-catalogue.md`` and ``data-contract.md`` into ``folder``."""
    texts = {
        folder / "feature-catalogue.md": catalogue.feature_catalogue(),
        folder / "data-contract.md": catalogue.data_contract(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        aside = path.with_name(f".{path.name}")
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    return Documents(listed().columns, [str(path) for path in texts])
