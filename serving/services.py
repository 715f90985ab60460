"""What an application's requests share: keys, limits, the audit log, feedback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from models.store.api_keys import KeyStore
from models.store.audit_log import AuditLog
from models.store.feedback import FeedbackStore
from serving.auth.key_cache import KeyCache
from serving.auth.middleware import AuthMiddleware
from serving.auth.page_users import PageUsers
from serving.auth.scopes import RouteScopes
from serving.auth.sessions import Sessions
from serving.http.request_context import RequestContextMiddleware
from serving.polling import polling
from serving.queue.audit import AuditQueue
from serving.queue.disk_queue import DiskQueue
from serving.queue.feedback import FeedbackQueue
from serving.settings import ServingSettings

FLUSH_SECONDS = 1.0


class Services:
    """The keys, the limits, the audit log and the feedback queue of one application."""

    def __init__(self, app: FastAPI, route_scopes: RouteScopes, settings: ServingSettings) -> None:
        self._settings = settings
        self._keys = KeyStore(settings.store_url, upgrades=False)
        self.key_cache = KeyCache(self._keys)
        self.audit_queue = AuditQueue(
            DiskQueue(settings.queue_folder("audit")), AuditLog(settings.store_url, upgrades=False)
        )
        self.feedback = FeedbackStore(settings.store_url, upgrades=False)
        self.feedback_queue = FeedbackQueue(
            self.feedback, DiskQueue(settings.queue_folder("feedback"), fsync=True)
        )
        # The last one added is the outermost.
        self.sessions = Sessions(
            self.key_cache, settings.queue_folder("pages"), settings.app_secret
        )
        page_users = PageUsers(self.sessions, settings) if settings.app == "on" else None
        app.add_middleware(
            AuthMiddleware,
            route_scopes=route_scopes,
            key_cache=self.key_cache,
            audit_queue=self.audit_queue,
            settings=settings,
            page_users=page_users,
        )
        app.add_middleware(RequestContextMiddleware, counters=app.state.counters)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the keys, and what waits for the store."""
        return (*self.key_cache.problems, *self.audit_queue.problems, *self.feedback_queue.problems)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Read the keys at once and then again and again; hand the audit log over."""
        await asyncio.to_thread(self.key_cache.refresh)
        with (
            polling(self.key_cache, self._settings.keys_seconds, "keys"),
            polling(self.audit_queue, FLUSH_SECONDS, "audit"),
            polling(self.feedback_queue, FLUSH_SECONDS, "feedback"),
        ):
            yield
        await asyncio.to_thread(self.audit_queue.close)
        await asyncio.to_thread(self.feedback_queue.close)
        self._keys.close()
