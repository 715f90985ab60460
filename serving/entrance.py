"""What comes in and is kept: keys, limits, the audit log, feedback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from models.audit import AuditLog
from models.feedback import FeedbackStore
from models.keys import KeyStore
from serving.desk import Desk
from serving.gate import Gate
from serving.keyring import Keyring
from serving.requests import RequestFrame
from serving.sessions import Sessions
from serving.settings import ServingSettings
from serving.spool import Spool
from serving.trail import Trail
from serving.visitors import Visitors
from serving.watching import watching

FLUSH_SECONDS = 1.0


class Entrance:
    """The keys, the limits, the audit log and the feedback desk of one application."""

    def __init__(self, app: FastAPI, settings: ServingSettings) -> None:
        self._settings = settings
        self._keys = KeyStore(settings.store_url)
        self.keyring = Keyring(self._keys)
        self.trail = Trail(Spool(settings.spool("audit")), AuditLog(settings.store_url))
        self.feedback = FeedbackStore(settings.store_url)
        self.desk = Desk(self.feedback, Spool(settings.spool("feedback"), sure=True))
        # The last one added is the outermost.
        self.sessions = Sessions(self.keyring, settings.spool("pages"), settings.app_secret)
        visitors = Visitors(self.sessions, settings) if settings.app == "on" else None
        app.add_middleware(
            Gate, keyring=self.keyring, trail=self.trail, settings=settings, visitors=visitors
        )
        app.add_middleware(RequestFrame, meter=app.state.meter)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the keys, and what waits for the store."""
        return (*self.keyring.problems, *self.trail.problems, *self.desk.problems)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Read the keys at once and then again and again; hand the audit log over."""
        await asyncio.to_thread(self.keyring.look)
        with (
            watching(self.keyring, self._settings.keys_seconds, "keys"),
            watching(self.trail, FLUSH_SECONDS, "audit"),
            watching(self.desk, FLUSH_SECONDS, "feedback"),
        ):
            yield
        await asyncio.to_thread(self.trail.close)
        await asyncio.to_thread(self.desk.close)
        self._keys.close()
