"""``erase``: removes an account or a person from everything of ours, and shows that they are gone.

The list of the erased in the score store comes first: from then on nothing reads or writes them
again, and an erasure that was stopped half-way is finished by running it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from models.store import erasure
from models.store.erased_ids import Kind
from pipelines.common.progress import Progress, silent
from pipelines.security import erase_files, erase_tables, search

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


@dataclass(frozen=True)
class Place:
    """A place that was looked at: rows removed from it, and rows that name the id now."""

    place: str
    removed: int
    remaining: int


@dataclass(frozen=True)
class Erasure:
    """The proof: every place, what could not be searched, and where the company's sources lie."""

    kind: Kind
    identifier: str
    places: tuple[Place, ...]
    sources: str
    unsearched: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing names the id any more."""
        return not any(place.remaining for place in self.places)

    def as_dict(self) -> dict[str, Any]:
        """Return the proof as JSON-able values."""
        places = [
            {"place": place.place, "removed": place.removed, "found": place.remaining}
            for place in self.places
        ]
        return {**asdict(self), "places": places, "ok": self.ok}


def erase(
    settings: Settings, kind: Kind, identifier: str, progress: Progress | None = None
) -> Erasure:
    """Remove an id from store, files of ours, features and tables, then search all of them.

    Raises
    ------
    EnvironmentFailure
        When the score store or the disk says no; running it again goes on from there.
    """
    report = progress or silent
    names = erase_files.names(settings, identifier) if kind == "account" else frozenset()
    removed: dict[str, int] = {}
    for share, (step, work) in enumerate(_steps(settings, kind, identifier, names).items()):
        report(step, share / 8)
        removed |= work()
    report("searching", 7 / 8)
    mentions = search.everywhere(settings, identifier)
    places = sorted({*removed, *mentions})
    return Erasure(
        kind=kind,
        identifier=identifier,
        places=tuple(
            Place(place, removed.get(place, 0), mentions.get(place, 0)) for place in places
        ),
        sources=str(settings.data_folder),
        unsearched=search.unsearched(settings),
    )


def _steps(
    settings: Settings, kind: Kind, identifier: str, names: frozenset[str]
) -> dict[str, Callable[[], dict[str, int]]]:
    """Return what to do in its order; names of accounts are read from tables that go last."""

    def store() -> dict[str, int]:
        gone = erasure.erase(settings.store_url, kind, identifier)
        return {f"store: {name}": rows for name, rows in gone.items()}

    return {
        "store": store,
        "reports": lambda: erase_files.reports(settings, names),
        "scored inputs": lambda: erase_files.scored(settings, kind, identifier),
        "exports": lambda: erase_files.exports(settings, identifier),
        "spool": lambda: erase_files.spool(settings, kind, identifier),
        "versions": lambda: erase_files.versions(settings, kind, identifier),
        "tables and features": lambda: erase_tables.erase(settings, kind, identifier),
    }
