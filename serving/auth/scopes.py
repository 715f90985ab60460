"""Authentication and authorization: a key in the Authorization header, and the scope it needs.

A route declares the scope it needs where it stands, with ``@requires`` under its decorator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route
from starlette.types import Scope as RequestScope

from models.store.api_keys import ApiKey, Scope
from serving.auth.key_cache import KeyCache, KeyRefused

Public = Literal["public"]
PUBLIC: Public = "public"
"""What a route declares that holds nothing of an account: it answers callers without a key."""
UNROUTED: Scope = "read"
"""What an address needs that is no route: without a key nobody learns which addresses there are."""
MATCH = "route_match"
"""Where a request's state holds how its path matched the route that answers it."""
DECLARED = "required_scope"
CHALLENGE = 'Bearer realm="expansion"'
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def requires(scope: Scope | Public) -> Callable[[Endpoint], Endpoint]:
    """Declare the scope that a key needs for a route; it stands under the route's decorator.

    Raises
    ------
    ValueError
        When there is no such scope.
    """
    if scope not in (*get_args(Scope), PUBLIC):
        raise ValueError(f"{scope!r} is no scope; there are {', '.join(get_args(Scope))}, {PUBLIC}")

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, DECLARED, scope)
        return endpoint

    return declare


def declared_scope(route: BaseRoute) -> Scope | Public:
    """Return the scope that a route declares.

    Raises
    ------
    ValueError
        Naming the route, when it declares none.
    """
    scope: Scope | Public | None = getattr(getattr(route, "endpoint", None), DECLARED, None)
    if scope is None:
        raise ValueError(
            f"{getattr(route, 'path', route)!r} declares no scope: put @requires(...) under the "
            "decorator of its route"
        )
    return scope


class RouteScopes:
    """The scope that each request needs: what the route declares that will answer it.

    Parameters
    ----------
    routes
        The application's routes, in the order in which they are matched.
    public
        Scopes that nobody needs a key for.

    Raises
    ------
    ValueError
        Naming the first of ``routes`` that declares no scope, or is not one for HTTP.
    """

    def __init__(self, routes: Iterable[BaseRoute], public: Container[Scope | Public] = ()) -> None:
        self._rules: list[tuple[re.Pattern[str], frozenset[str], Scope | Public]] = []
        for route in routes:
            scope = declared_scope(route)
            if not isinstance(route, Route) or not route.methods:
                raise ValueError(f"{route!r} is no route with methods: its scope is not checked")
            needed = PUBLIC if scope in public else scope
            self._rules.append((route.path_regex, frozenset(route.methods), needed))

    def needed(self, request: RequestScope) -> Scope | Public:
        """Return the scope that a request needs, by its path and method, and note the match.

        An address that differs from a route's only by a slash at the end leads there.
        """
        path, method = get_route_path(request), request["method"]
        if (scope := self._matched(request, path, method)) is not None:
            return scope
        redirected = path.rstrip("/") if path.endswith("/") else f"{path}/"
        return self._matched(request, redirected, None) or UNROUTED

    def _matched(
        self, request: RequestScope, path: str, method: str | None
    ) -> Scope | Public | None:
        """Find the route as the router does: the first of this path, if possible with the method.

        Another method of a known path is refused by the route itself, once the caller may ask it.
        """
        other_method = None
        for pattern, methods, scope in self._rules:
            match = pattern.match(path)
            if match is None:
                continue
            if method in methods:
                request["state"][MATCH] = match
                return scope
            other_method = other_method or scope
        return other_method


@dataclass(frozen=True)
class Caller:
    """The caller of a request: a key's holder, or with keys off anybody.

    ``key`` is ``None`` where none is needed, ``per_minute`` where nothing limits the requests.
    """

    key: ApiKey | None
    per_minute: int | None
    most_body_bytes: int

    @property
    def key_id(self) -> str:
        """The key's id, as in logs; empty without one."""
        return self.key.key_id if self.key else ""


def authenticate(key_cache: KeyCache, header: str) -> ApiKey:
    """Return the key that an Authorization header holds.

    Raises
    ------
    HTTPException
        401 without a valid key.
    EnvironmentFailure
        When the keys were never read.
    """
    kind, _, key = header.strip().partition(" ")
    if kind.lower() != "bearer" or not key:
        raise _challenge(
            "API key required: send the header 'Authorization: Bearer exp_…'. "
            "`expansion keys create` makes one."
        )
    try:
        return key_cache.find(key.strip())
    except KeyRefused as refused:
        raise _challenge(str(refused), ', error="invalid_token"') from None


def authorize(caller: Caller, scope: Scope) -> None:
    """Raise the ``HTTPException`` 403 that names the scope, if the caller does not have it."""
    if caller.key and not caller.key.allows(scope):
        missing = f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        raise HTTPException(
            403,
            f"This request requires the scope {scope!r}; the key has "
            f"{', '.join(caller.key.scopes)}.",
            {"WWW-Authenticate": missing},
        )


def _challenge(detail: str, error: str = "") -> HTTPException:
    return HTTPException(401, detail, {"WWW-Authenticate": f"{CHALLENGE}{error}"})


def with_security(document: dict[str, Any], routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """Say in an OpenAPI document which operations need a key, and with which scope."""
    key = {"type": "http", "scheme": "bearer", "description": "`expansion keys create` makes one."}
    document["components"]["securitySchemes"] = {"key": key}
    for operation, scope in _operations(document["paths"], routes):
        if scope != PUBLIC:
            operation["security"] = [{"key": []}]
            operation["description"] += f"\n\nNeeds a key with the scope `{scope}`."
    return document


def _operations(
    paths: Mapping[str, Any], routes: Iterable[BaseRoute]
) -> Iterable[tuple[dict[str, Any], Scope | Public]]:
    for route in routes:
        if isinstance(route, Route):
            for method in route.methods or ():
                operation = paths.get(route.path_format, {}).get(method.lower())
                if operation is not None:
                    yield operation, declared_scope(route)
