"""Lookups by id past the framework: what is asked thousands of times a day is two system calls.

Only an answer that is there and is sent whole goes this way. Whatever is unknown, not modified, not
allowed or wrong goes the long way and is answered by the route, which this must agree with.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.auth.scopes import MATCH
from serving.routes.scores import CACHING, JSON, LOOKUP
from serving.snapshot.watcher import SnapshotWatcher
from serving.telemetry.counters import Counters

MOST_LETTERS = 200


class ScoreFastPath:
    """Answers plain lookups; hands on everything else."""

    def __init__(self, app: ASGIApp, snapshots: SnapshotWatcher, counters: Counters) -> None:
        self.app = app
        self._snapshots, self._counters = snapshots, counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        body, tag = self._answer(scope)
        if not body:
            await self.app(scope, receive, send)
            return
        scope["route"] = LOOKUP
        headers = [
            (b"content-type", JSON.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"etag", tag.encode()),
            (b"cache-control", CACHING.encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, scope: Scope) -> tuple[bytes, str]:
        """Return the answer and its tag, or nothing where the long way has to be gone."""
        current = self._snapshots.current
        if scope["type"] != "http" or current is None:
            return b"", ""
        # The path was matched when the caller's scope was checked.
        match = scope["state"].get(MATCH)
        if match is None or match.re is not LOOKUP.path_regex:
            return b"", ""
        account_id = match[1]
        is_plain = len(account_id) <= MOST_LETTERS and account_id.isprintable()
        if not is_plain or any(name == b"if-none-match" for name, _ in scope["headers"]):
            return b"", ""
        answer = current.snapshot.lookup(account_id)
        if answer is None:
            return b"", ""
        self._counters.scored("lookup", current.snapshot.versions)
        return current.complete(answer)
