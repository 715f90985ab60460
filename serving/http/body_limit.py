"""The body of a request: counted as it streams in, and read within a time."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

SECONDS = 30.0
"""A body that takes longer is given up: it would hold a connection for as long as it likes."""


def has_body(headers: Headers) -> bool:
    """Say whether a request has a body (RFC 9112, section 6.3)."""
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


async def read_bounded(receive: Receive, most: int) -> Receive:
    """Read the whole body and return what hands it on.

    A missing or lying content-length does not help, since the bytes themselves are counted.

    Raises
    ------
    HTTPException
        413 when there are more than ``most`` bytes, 408 when they take too long.
    ClientDisconnect
        When the caller is gone.
    """
    try:
        async with asyncio.timeout(SECONDS):
            body = await _read(receive, most)
    except TimeoutError:
        raise HTTPException(408, f"The body did not arrive within {SECONDS:.0f} s.") from None
    return _replay(body, receive)


async def _read(receive: Receive, most: int) -> bytes:
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise HTTPException(413, f"The body exceeds {most} bytes.")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand the body on once, then whatever comes after it."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay
