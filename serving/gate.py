"""The way in: a key, its scope, its limits; and on the way out the audit log."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from features.errors import EnvironmentFailure
from models.keys import Scope as KeyScope
from serving import auth, body
from serving.auth import Caller
from serving.keyring import Keyring
from serving.limits import RateLimit
from serving.paths import is_page
from serving.problems import refused
from serving.settings import ServingSettings
from serving.trail import Trail
from serving.visitors import Visitors


class Gate:
    """Lets in who has a key for what they ask, as often and with as much as it allows.

    Nothing of the body is read before: who does not belong costs nothing.
    """

    def __init__(
        self,
        app: ASGIApp,
        keyring: Keyring,
        trail: Trail,
        settings: ServingSettings,
        visitors: Visitors | None = None,
    ) -> None:
        self.app, self._visitors = app, visitors
        self._keyring, self._trail, self._settings = keyring, trail, settings
        self._rate = RateLimit()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        caller = None
        try:
            needed = self._needed(scope["path"])
            caller = self._caller(scope, headers, needs_key=needed is not None)
            scope["state"]["key_id"] = caller.key_id
            if needed:
                auth.authorize(caller, needed)
            if caller.per_minute:
                self._rate.check(caller.key_id, caller.per_minute)
            if body.expected(headers):
                receive = await body.bounded(receive, caller.most_body_bytes)
            await self.app(scope, receive, send)
        except (HTTPException, EnvironmentFailure) as error:
            await refused(Request(scope), error)(scope, receive, send)
        except ClientDisconnect:
            return
        finally:
            if caller is not None:
                self._trail.note(scope, caller.key_id)

    def _needed(self, path: str) -> KeyScope | None:
        is_open = path == auth.METRICS and self._settings.metrics == "open"
        return None if is_open else auth.needed(path)

    def _caller(self, scope: Scope, headers: Headers, *, needs_key: bool) -> Caller:
        settings, key = self._settings, None
        if self._visitors and is_page(scope["path"]):
            key = self._visitors.key(scope)
        elif settings.keys != "off" and needs_key:
            key = auth.admitted(self._keyring, headers.get("authorization", ""))
        if key is None:
            return Caller(None, None, settings.most_body_bytes)
        return Caller(
            key,
            key.per_minute or settings.per_minute,
            key.most_body_bytes or settings.most_body_bytes,
        )
