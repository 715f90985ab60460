"""Who uses the pages: signed in, named by a proxy, or anybody where keys are off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request, cookie_parser
from starlette.types import Scope

from models.store.api_keys import SCOPES, ApiKey
from models.store.api_keys import Scope as KeyScope
from serving.auth.proxy_user import USER, proxy_user_key
from serving.auth.sessions import COOKIE, Sessions
from serving.http.paths import ROOT, SIGN_IN
from serving.settings import ServingSettings

PAGE_USER = "page_user"


@dataclass(frozen=True)
class PageUser:
    """A user of the pages: the key that stands for them, and what their forms are bound to."""

    key: ApiKey | None
    bound_to: str

    def may(self, scope: KeyScope) -> bool:
        """Say whether they may do what needs a scope."""
        return self.key is None or self.key.allows(scope)

    @property
    def name(self) -> str:
        """What the decision log calls them."""
        return self.key.name if self.key else "app"


class PageUsers:
    """Authenticates the users of the pages."""

    def __init__(self, sessions: Sessions, settings: ServingSettings) -> None:
        self._sessions, self._settings = sessions, settings

    def authenticate(self, scope: Scope, *, is_public: bool) -> ApiKey | None:
        """Return the user's key, ``None`` where none is needed; the request's state holds the user.

        Raises
        ------
        HTTPException
            303 to the sign-in when nobody has signed in, unless the page is public.
        """
        cookie = cookie_parser(Headers(scope=scope).get("cookie", "")).get(COOKIE, "")
        user = self._page_user(scope, cookie)
        if user is None and not is_public:
            back = quote(scope["path"] if scope["method"] == "GET" else ROOT)
            raise HTTPException(303, "Sign in first.", {"Location": f"{SIGN_IN}?next={back}"})
        scope["state"][PAGE_USER] = user or PageUser(None, "")
        return user.key if user and not is_public else None

    def _page_user(self, scope: Scope, cookie: str) -> PageUser | None:
        if self._settings.keys == "off":
            return PageUser(None, "anybody")
        if user := scope.get(USER):
            key = proxy_user_key(str(user), self._scopes())
            return PageUser(key, key.key_id)
        session_key = self._sessions.key_of(cookie) if cookie else None
        return PageUser(session_key, cookie) if session_key else None

    def _scopes(self) -> tuple[KeyScope, ...]:
        names = {name.strip() for name in self._settings.proxy_scopes.split(",")}
        return tuple(scope for scope in SCOPES if scope in names)


def page_user(request: Request) -> PageUser:
    """Return the user of a request for a page."""
    return cast(PageUser, getattr(request.state, PAGE_USER, PageUser(None, "")))
