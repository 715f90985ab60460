"""Keeps an eye on the release: a new one is tried out before it counts, a broken one is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from features.errors import DataError
from models import release


class ReleaseWatch:
    """The release that passed its checks, and what is wrong with a newer one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.release_id: str | None = None
        self.problems: tuple[str, ...] = ("the release is being checked; this takes seconds",)
        self._seen: Path | None = None

    def look(self) -> None:
        """Check the current release if it is not the one checked last; blocks for seconds."""
        path = release.current(self.folder)
        if path is None:
            self.problems = (f"{self.folder}: no release is published",)
            self._seen = None
            return
        if path == self._seen:
            return
        try:
            manifest = release.verify(path)
            release.check_in_child(path)
        except DataError as error:
            self.problems = error.problems
        else:
            self.release_id, self.problems = manifest.release_id, ()
        self._seen = path

    @asynccontextmanager
    async def watching(self, seconds: float) -> AsyncIterator[None]:
        """Look at once, then every few seconds, never in the event loop's way."""
        task = asyncio.create_task(self._watch(seconds))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self, seconds: float) -> None:
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(seconds)
