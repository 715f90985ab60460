"""``deliver``: the weekly report to everybody who reads it, once to each place.

What was handed over is written down at once, so that no place gets the same week twice. A process
that is killed between sending and writing sends once more; a mail then has the same Message-ID.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import EnvironmentFailure, UsageError
from models.common.files import write_atomically
from pipelines.common.lock import exclusive
from pipelines.config.channels import Chat, Folder, Mail
from pipelines.delivery.package import Package, package
from pipelines.delivery.send import Busy, Refused, World, hand_over

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


@dataclass(frozen=True)
class DeliverResult:
    """Which week went where: places that have it now, and those that had it before."""

    as_of: str
    delivered: Sequence[str]
    had_it: Sequence[str]


def deliver(
    settings: Settings,
    *,
    on: date | None = None,
    again: bool = False,
    dry_run: bool = False,
    world: World | None = None,
) -> DeliverResult:
    """Hand the newest report, or that on or before a day, to every place in ``[[deliver]]``.

    ``again`` also hands it to those that have it; ``dry_run`` only tells who would get it.

    Raises
    ------
    UsageError
        When an environment variable that holds a password or an address is not set.
    DataError
        When there is no report.
    EnvironmentFailure
        When some places could not be reached or refused it, after all others have it.
    """
    world = world or World()
    _refuse_unset(settings, world.environment)
    made = package(settings.report_folder, on)
    with exclusive(settings.delivered_folder / "lock", "a delivery"):
        book = _Book(settings.delivered_folder / f"{made.summary.as_of}.json")
        had = [one.name for one in settings.deliver if one.name in book.known and not again]
        wanted = [one for one in settings.deliver if one.name not in had]
        if not dry_run:
            _each(wanted, made, book, world)
    return DeliverResult(str(made.summary.as_of), [one.name for one in wanted], had)


def _each(wanted: Sequence[Folder | Mail | Chat], made: Package, book: _Book, world: World) -> None:
    """Hand the report to one place after the other; tell of those that failed at the end."""
    problems: list[str] = []
    for place in wanted:
        try:
            hand_over(place, made, world)
            book.note(place.name, made.digest)
        except (Refused, Busy) as error:
            problems.append(f"[[deliver]] {place.name!r}: {error}; run `expansion deliver` again")
    if problems:
        raise EnvironmentFailure(problems)


class _Book:
    """Who has a week's report, by the digest of what they got."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def note(self, name: str, digest: str) -> None:
        self.known[name] = digest
        write_atomically(self._path, json.dumps(self.known, indent=1, sort_keys=True) + "\n")


def _refuse_unset(settings: Settings, environment: Mapping[str, str]) -> None:
    wanted = {
        one.name: one.password_from if isinstance(one, Mail) else one.url_from
        for one in settings.deliver
        if not isinstance(one, Folder)
    }
    problems = [
        f"the environment variable {variable} of [[deliver]] {name!r} is not set"
        for name, variable in wanted.items()
        if variable and not environment.get(variable)
    ]
    if problems:
        raise UsageError(problems)
