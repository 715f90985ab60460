"""Sending a webhook by the Standard Webhooks specification 1.0.0 (standardwebhooks.com).

Only https, or plain http to this machine; redirects are not followed, so that an address leads
where the settings say and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from features.errors import UsageError
from models.common.network import is_loopback
from models.store.outbox import Message

TIMEOUT = 20.0
"""Seconds for one message, from the first byte to the last."""
PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64
MOST_PATIENCE = timedelta(days=1)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Response:
    """An endpoint's response: HTTP's status, or ``None`` and in ``detail`` why there is none."""

    status: int | None
    detail: str
    retry_after: timedelta | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the message has arrived."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the endpoint wants no messages any more."""
        return self.status == 410

    @property
    def is_busy(self) -> bool:
        """Whether another message would fare no better now."""
        return self.status is None or self.status in (408, 429) or self.status >= 500


def secrets(text: str, place: str) -> tuple[bytes, ...]:
    """Return the secrets that ``text`` holds, parted by spaces; the first is the newest.

    Raises
    ------
    UsageError
        When there is none, or one is not of the form; the message names ``place``, not the secret.
    """
    keys = tuple(_secret(word) for word in text.split())
    if not keys or None in keys:
        raise UsageError(
            f"{place}: must hold {PREFIX} and {LEAST_BYTES} to {MOST_BYTES} random bytes as base64"
        )
    return tuple(key for key in keys if key)


def signature(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``: one signature a key, parted by spaces."""
    content = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def send(
    url: str, keys: Sequence[bytes], message: Message, now: datetime, timeout: float = TIMEOUT
) -> Response:
    """Send a message, signed at ``now`` (UTC, naive); never raises for what the endpoint does."""
    body = message.body.encode()
    timestamp = int(now.replace(tzinfo=UTC).timestamp())
    headers = {
        "webhook-id": message.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(keys, message.message_id, timestamp, body),
    }
    return post(url, body, headers, timeout)


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> Response:
    """Post JSON to a checked address; never raises for what the endpoint does."""
    sent = {"content-type": "application/json", "user-agent": "expansion-propensity", **headers}
    request = Request(url, body, sent, method="POST")  # noqa: S310 (the caller has checked it)
    slow = Response(None, f"no answer within {timeout:g} s")
    return _within(timeout, lambda: _response(request, timeout), slow)


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Let a redirect be the answer."""


def _response(request: Request, timeout: float) -> Response:
    # What is on this machine is reached without a proxy.
    proxies = [ProxyHandler({})] if is_loopback(urlsplit(request.full_url).hostname or "") else []
    try:
        with build_opener(_NoRedirects(), *proxies).open(request, timeout=timeout) as response:
            return Response(response.status, str(response.status))
    except HTTPError as error:
        with error:
            return Response(
                error.code, str(error.code), _retry_after(error.headers.get("retry-after"))
            )
    except (URLError, OSError, HTTPException, ValueError) as error:
        return Response(None, type(getattr(error, "reason", error)).__name__)


def _retry_after(text: str | None) -> timedelta | None:
    """Return how long the endpoint asks to wait; a date instead of seconds is not heeded."""
    if text is None or not text.strip().isdecimal() or len(text) > 9:
        return None
    return min(timedelta(seconds=int(text)), MOST_PATIENCE)


def _within(seconds: float, work: Callable[[], Result], late: Result) -> Result:
    """Return what ``work`` gives, or ``late``: a socket's timeout begins anew with each byte."""
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    return results[0] if results else late


def _secret(text: str) -> bytes | None:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return None
    fits = text.startswith(PREFIX) and LEAST_BYTES <= len(key) <= MOST_BYTES
    return key if fits else None
