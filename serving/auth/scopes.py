"""Who asks, and whether they may: a key in the Authorization header, and the scope it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException

from models.store.api_keys import ApiKey, Scope
from serving.auth.key_cache import KeyRefused, Keyring

OPEN = ("/health/", "/docs", "/redoc", "/openapi.json", "/app/sign-in", "/app/static/")
"""Paths that hold nothing of an account: probes, and what is public in the repository anyway."""
NEEDED: tuple[tuple[str, Scope], ...] = (
    ("/v1/feedback", "feedback"),
    ("/app/feedback", "feedback"),
    ("/v1/rows/", "score"),
    ("/what-if", "score"),
)
"""What a path holds that needs more than ``read``."""
METRICS = "/metrics"
CHALLENGE = 'Bearer realm="expansion"'


@dataclass(frozen=True)
class Caller:
    """Who asks: a key's holder, or with keys off anybody.

    ``key`` is ``None`` where none is needed, ``per_minute`` where nothing limits the requests.
    """

    key: ApiKey | None
    per_minute: int | None
    most_body_bytes: int

    @property
    def key_id(self) -> str:
        """The key's id, as in logs; empty without one."""
        return self.key.key_id if self.key else ""


def needed(path: str) -> Scope | None:
    """Return the scope that a path needs; ``None`` where everybody may ask."""
    if path.startswith(OPEN):
        return None
    # The whole path: an account's id may hold a slash, and so every part of one.
    if path == METRICS:
        return "metrics"
    return next((scope for part, scope in NEEDED if part in path), "read")


def admitted(keyring: Keyring, header: str) -> ApiKey:
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
        raise _challenged(
            "A key is needed: send the header 'Authorization: Bearer exp_…'; "
            "`expansion keys create` makes one."
        )
    try:
        return keyring.holder(key.strip())
    except KeyRefused as refused:
        raise _challenged(str(refused), ', error="invalid_token"') from None


def authorize(caller: Caller, scope: Scope) -> None:
    """Raise the ``HTTPException`` 403 that names the scope, if the caller does not have it."""
    if caller.key and not caller.key.allows(scope):
        missing = f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        raise HTTPException(
            403,
            f"This key may not be used for this: it needs the scope {scope!r} and has "
            f"{', '.join(caller.key.scopes)}.",
            {"WWW-Authenticate": missing},
        )


def _challenged(detail: str, why: str = "") -> HTTPException:
    return HTTPException(401, detail, {"WWW-Authenticate": f"{CHALLENGE}{why}"})


def documented(document: dict[str, Any]) -> dict[str, Any]:
    """Say in an OpenAPI document which paths need a key."""
    key = {"type": "http", "scheme": "bearer", "description": "`expansion keys create` makes one."}
    document["components"]["securitySchemes"] = {"key": key}
    for path, operations in document["paths"].items():
        for operation in operations.values() if needed(path) else ():
            operation["security"] = [{"key": []}]
            operation["description"] += f"\n\nNeeds a key with the scope `{needed(path)}`."
    return document
