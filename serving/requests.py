"""What happens around every request: an id, and a limit to the body."""

from __future__ import annotations

import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import REQUEST_ID, problem

PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestFrame:
    """Gives each request an id (the caller's, if it is plain) and refuses bodies that are too big.

    The body is counted as it streams in, so a missing or lying content-length does not help.
    """

    def __init__(self, app: ASGIApp, most_body_bytes: int) -> None:
        self.app = app
        self.most = most_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if PLAIN.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        try:
            body = await self._body(receive)
        except ClientDisconnect:
            return
        if body is None:
            refusal = problem(Request(scope), 413, f"The body is larger than {self.most} bytes.")
            await refusal(scope, receive, answer)
            return
        await self.app(scope, _replayed(body, receive), answer)

    async def _body(self, receive: Receive) -> bytes | None:
        """Return the whole body, or ``None`` when it is too big."""
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part = message.get("body", b"")
            size += len(part)
            if size > self.most:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Hand the body on once, then whatever comes after it."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay
