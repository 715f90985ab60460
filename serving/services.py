"""What comes in and is kept: keys, limits, the audit log, feedback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from models.store.api_keys import KeyStore
from models.store.audit_log import AuditLog
from models.store.feedback import FeedbackStore
from serving.auth.key_cache import Keyring
from serving.auth.middleware import Gate
from serving.auth.page_users import Visitors
from serving.auth.scopes import RouteScopes
from serving.auth.sessions import Sessions
from serving.http.request_context import RequestFrame
from serving.polling import watching
from serving.queue.audit import Trail
from serving.queue.disk_queue import Spool
from serving.queue.feedback import Desk
from serving.settings import ServingSettings

FLUSH_SECONDS = 1.0


class Entrance:
    """The keys, the limits, the audit log and the feedback desk of one application."""

    def __init__(self, app: FastAPI, route_scopes: RouteScopes, settings: ServingSettings) -> None:
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
            Gate,
            route_scopes=route_scopes,
            keyring=self.keyring,
            trail=self.trail,
            settings=settings,
            visitors=visitors,
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
