"""What happens around every request: an id, the headers of every answer, a line in the log."""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http import security_headers
from serving.http.problems import REQUEST_ID, unexpected_error_response
from serving.telemetry.counters import Counters

PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}")
log = logging.getLogger(__name__)


class RequestContextMiddleware:
    """Gives each request an id: the caller's if it is plain, else one of ours."""

    def __init__(self, app: ASGIApp, counters: Counters) -> None:
        self.app = app
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent_id = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = sent_id if PLAIN.fullmatch(sent_id) else secrets.token_hex(16)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                security_headers.add_headers(message, scope, request_id)
                state["status"] = message["status"]
            await send(message)

        started = time.perf_counter()
        self._counters.in_flight += 1
        try:
            await self.app(scope, receive, answer)
        except Exception as error:
            # Answered here and not by Starlette, whose answer would lack what every answer has.
            refusal = unexpected_error_response(Request(scope), error)
            if "status" in state:
                raise
            await refusal(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - started
            self._counters.answered(scope, seconds)
            if log.isEnabledFor(logging.INFO):
                _log_answer(scope, seconds)


def _log_answer(scope: Scope, seconds: float) -> None:
    """Log the route and not the path: what is erased must not live on in a log."""
    facts = {
        "request_id": scope["state"]["request_id"],
        "method": scope["method"],
        "route": getattr(scope.get("route"), "path", None),
        "status": scope["state"].get("status"),
        "milliseconds": round(1000 * seconds, 2),
        "key_id": scope["state"].get("key_id", ""),
    }
    log.info("answered", extra={"facts": facts})
