"""Puts what stands between the world and the routes in its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from models.audit import AuditLog
from models.keys import KeyStore
from serving.gate import Gate
from serving.keyring import Keyring
from serving.requests import RequestFrame
from serving.settings import ServingSettings
from serving.spool import Spool
from serving.trail import Trail
from serving.watching import watching

FLUSH_SECONDS = 1.0


class Entrance:
    """The keys, the limits and the audit log of one application."""

    def __init__(self, app: FastAPI, settings: ServingSettings) -> None:
        self._settings = settings
        self._keys = KeyStore(settings.store_url)
        self.keyring = Keyring(self._keys)
        self.trail = Trail(Spool(settings.spool("audit")), AuditLog(settings.store_url))
        # The last one added is the outermost.
        app.add_middleware(Gate, keyring=self.keyring, trail=self.trail, settings=settings)
        app.add_middleware(RequestFrame)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Read the keys at once and then again and again; hand the audit log over."""
        await asyncio.to_thread(self.keyring.look)
        with (
            watching(self.keyring, self._settings.keys_seconds, "keys"),
            watching(self.trail, FLUSH_SECONDS, "audit"),
        ):
            yield
        await asyncio.to_thread(self.trail.close)
        self._keys.close()
