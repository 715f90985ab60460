"""Headers that every answer has: a browser must neither guess, frame, keep nor leak it."""

from __future__ import annotations

from typing import Final

from starlette.types import Message, Scope

PAGES = ("/docs", "/redoc")
EVERY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
NOTHING: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# FastAPI's pages load their script from a network and start it with a script of their own.
PAGE: Final = (
    b"content-security-policy",
    b"default-src 'none'; frame-ancestors 'none'; connect-src 'self'; "
    b"img-src data: https://fastapi.tiangolo.com https://cdn.redoc.ly; "
    b"font-src https://fonts.gstatic.com; worker-src blob:; "
    b"script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    b"style-src 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com",
)
SECURE: Final = (b"strict-transport-security", b"max-age=31536000")


def add_headers(start: Message, scope: Scope, request_id: str) -> None:
    """Add to the start of an answer what it lacks; a route's own header stays.

    A server that is about to stop closes each connection with its answer.
    """
    headers = start["headers"]
    present = {name for name, _ in headers}
    wanted = [*EVERY, PAGE if scope["path"] in PAGES else NOTHING]
    if scope["scheme"] == "https":
        wanted.append(SECURE)
    if "app" in scope and scope["app"].state.draining:
        wanted.append((b"connection", b"close"))
    wanted.append((b"x-request-id", request_id.encode()))
    headers.extend(header for header in wanted if header[0] not in present)
