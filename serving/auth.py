"""Who asks, and whether they may: a key in the Authorization header, and the scope it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException

from models.keys import ApiKey, Scope
from serving.keyring import KeyRefused, Keyring

OPEN = ("/health/", "/docs", "/redoc", "/openapi.json")
"""Paths that hold nothing of an account: probes, and what is public in the repository anyway."""
NEEDED: tuple[tuple[str, Scope], ...] = (
    ("/v1/feedback", "feedback"),
    ("/v1/rows/", "score"),
    ("/what-if", "score"),
)
"""What a path holds that needs more than ``read``."""
CHALLENGE = 'Bearer realm="expansion"'


@dataclass(frozen=True)
class Caller:
    """Who asks: a key's holder, or with keys off anybody.

    ``per_minute`` is ``None`` where nothing limits the requests.
    """

    key_id: str
    per_minute: int | None
    most_body_bytes: int


def needed(path: str) -> Scope | None:
    """Return the scope that a path needs; ``None`` where everybody may ask."""
    if path.startswith(OPEN):
        return None
    return next((scope for part, scope in NEEDED if part in path), "read")


def admitted(keyring: Keyring, header: str, scope: Scope) -> ApiKey:
    """Return the key that an Authorization header holds, if it may be used for ``scope``.

    Raises
    ------
    HTTPException
        401 without a valid key, 403 where its scopes do not suffice.
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
        found = keyring.holder(key.strip())
    except KeyRefused as refused:
        raise _challenged(str(refused), ', error="invalid_token"') from None
    if not found.allows(scope):
        missing = f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        raise HTTPException(
            403,
            f"This key may not be used for this: it needs the scope {scope!r} and has "
            f"{', '.join(found.scopes)}.",
            {"WWW-Authenticate": missing},
        )
    return found


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
