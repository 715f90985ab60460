"""The part of a generated client that is the same for every route; it needs Python 3.11 alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

Send = Callable[[str, str, Mapping[str, str], bytes | None], tuple[int, bytes]]
"""Sends method, URL, headers and body; returns the status and the body of the answer."""


class ApiError(Exception):
    """The API said no. ``status`` is HTTP's, ``request_id`` finds the request in its log."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.detail = str(problem.get("detail", ""))
        self.errors = [str(error) for error in problem.get("errors", ())]
        self.request_id = str(problem.get("request_id", ""))
        super().__init__(" ".join([f"{status}: {self.detail}", *self.errors]))


class Caller:
    """Asks the API at ``url``, such as ``https://scores.example``.

    ``key`` is one that ``expansion keys create`` made; ``timeout`` is in seconds; ``send`` takes
    the place of Python's own HTTP, for instance in tests or to go through a proxy.
    """

    def __init__(
        self, url: str, key: str | None = None, timeout: float = 30.0, send: Send | None = None
    ) -> None:
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"{url!r} is no web address")
        self._url = url.rstrip("/")
        self._key = key
        self._timeout = timeout
        self._send = send or self._by_http

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        headers: Mapping[str, str | None],
        body: object = None,
    ) -> Any:
        parameters = {name: value for name, value in query.items() if value is not None}
        sent = {name: value for name, value in headers.items() if value is not None}
        if self._key is not None:
            sent["authorization"] = f"Bearer {self._key}"
        content = None
        if body is not None:
            sent["content-type"] = "application/json"
            content = json.dumps(body, allow_nan=False).encode()
        url = self._url + path + (f"?{urlencode(parameters)}" if parameters else "")
        status, answer = self._send(method, url, sent, content)
        if not 200 <= status < 300:
            raise ApiError(status, _problem(answer))
        return json.loads(answer)

    def _by_http(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        request = Request(url, body, dict(headers), method=method)  # noqa: S310 (see __init__)
        try:
            with urlopen(request, timeout=self._timeout) as answer:  # noqa: S310
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()


def _problem(answer: bytes) -> Mapping[str, Any]:
    try:
        problem = json.loads(answer)
    except ValueError:
        problem = None
    return (
        problem if isinstance(problem, dict) else {"detail": answer.decode(errors="replace")[:200]}
    )


def _step(value: object) -> str:
    """Return a value as one step of a path."""
    return quote(str(value), safe="")
