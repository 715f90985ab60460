"""What stands before every route: the key, its scope and limits; behind it the audit log."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from features.errors import EnvironmentFailure
from serving.auth import scopes
from serving.auth.key_cache import KeyCache
from serving.auth.page_users import PageUsers
from serving.auth.rate_limit import RateLimit
from serving.auth.scopes import PUBLIC, Caller, RouteScopes
from serving.http import body_limit
from serving.http.paths import is_page
from serving.http.problems import error_response
from serving.queue.audit import AuditQueue
from serving.settings import ServingSettings


class AuthMiddleware:
    """Answers callers whose key has the scope of the route, within the key's limits.

    Nothing of the body is read before: a caller without a key costs nothing.
    """

    def __init__(
        self,
        app: ASGIApp,
        route_scopes: RouteScopes,
        key_cache: KeyCache,
        audit_queue: AuditQueue,
        settings: ServingSettings,
        page_users: PageUsers | None = None,
    ) -> None:
        self.app, self._page_users = app, page_users
        self._key_cache, self._audit_queue, self._settings = key_cache, audit_queue, settings
        self._route_scopes, self._rate = route_scopes, RateLimit()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        caller = None
        try:
            needed = self._route_scopes.needed(scope)
            caller = self._caller(scope, headers, is_public=needed == PUBLIC)
            scope["state"]["key_id"] = caller.key_id
            if needed != PUBLIC:
                scopes.authorize(caller, needed)
            if caller.per_minute:
                self._rate.check(caller.key_id, caller.per_minute)
            if body_limit.has_body(headers):
                receive = await body_limit.read_bounded(receive, caller.most_body_bytes)
            await self.app(scope, receive, send)
        except (HTTPException, EnvironmentFailure) as error:
            await error_response(Request(scope), error)(scope, receive, send)
        except ClientDisconnect:
            return
        finally:
            if caller is not None:
                self._audit_queue.record(scope, caller.key_id)

    def _caller(self, scope: Scope, headers: Headers, *, is_public: bool) -> Caller:
        settings, key = self._settings, None
        if self._page_users and is_page(scope["path"]):
            key = self._page_users.authenticate(scope, is_public=is_public)
        elif settings.keys != "off" and not is_public:
            key = scopes.authenticate(self._key_cache, headers.get("authorization", ""))
        if key is None:
            return Caller(None, None, settings.most_body_bytes)
        return Caller(
            key,
            key.per_minute or settings.per_minute,
            key.most_body_bytes or settings.most_body_bytes,
        )
