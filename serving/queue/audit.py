"""The audit log's queue: who asked for which account, on disk at once, soon in the store."""

from __future__ import annotations

import itertools
import logging
import os
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.types import Scope

from features.errors import EnvironmentFailure
from models.store.audit_log import Asked, AuditLog
from serving.queue.disk_queue import DiskQueue, Line

ACCOUNT_PATH = re.compile(r"/v1/accounts/(.+)/[^/]+")
"""The path of what is about one account; an id may hold a slash."""
ACCOUNTS = "accounts_asked"
log = logging.getLogger(__name__)


def note_accounts(request: Request, account_ids: Sequence[str]) -> None:
    """Note for which accounts a request asked, where its path does not name the account."""
    setattr(request.state, ACCOUNTS, list(account_ids))


class AuditQueue:
    """Records every request about an account, whatever was answered."""

    def __init__(self, queue: DiskQueue, store: AuditLog) -> None:
        self._queue, self._store = queue, store
        self.problems: tuple[str, ...] = ()
        # The process and the moment: ids of two processes, or of two lives of one, never meet.
        self._life = f"{time.time_ns():x}-{os.getpid():x}"
        self._numbers = itertools.count()

    def record(self, scope: Scope, key_id: str) -> None:
        """Record a request that was answered, if it was about accounts."""
        ids = _accounts(scope)
        if not ids:
            return
        line = {
            "id": f"{self._life}-{next(self._numbers):x}",
            "at": time.time(),
            "key": key_id,
            "from": (scope.get("client") or ("",))[0],
            "asked": f"{scope['method']} {_route(scope)}",
            "status": scope["state"].get("status", 0),
            "request": scope["state"]["request_id"],
            "accounts": ids,
        }
        try:
            self._queue.append(line)
        except EnvironmentFailure:
            # The log is then the only place that holds it.
            log.exception("an audit line could not be written: %s", line)

    def refresh(self) -> None:
        """Hand what was recorded to the store, or say why it has to wait."""
        self.problems = self._queue.flush(self._deliver)

    def sizes(self) -> tuple[int, int]:
        """Return the bytes that wait for the store, and those that it has refused."""
        return self._queue.sizes()

    def close(self) -> None:
        """Hand over what is left, and close."""
        self.refresh()
        self._queue.close()
        self._store.close()

    def _deliver(self, lines: Sequence[Line]) -> None:
        self._store.write([event for line in lines for event in _events(line)])


def _accounts(scope: Scope) -> list[str]:
    several = scope["state"].get(ACCOUNTS)
    if several is not None:
        return list(several)
    match = ACCOUNT_PATH.fullmatch(scope["path"])
    return [match[1][:200]] if match else []


def _route(scope: Scope) -> str:
    """Return the route's template: an id in it would be one more place to erase it from."""
    route = getattr(scope.get("route"), "path", None)
    return str(route or "a path that is no route")


def _events(line: Line) -> list[Asked]:
    event: dict[str, Any] = {
        "event_id": line["id"],
        "at": datetime.fromtimestamp(line["at"], UTC).replace(tzinfo=None),
        "key_id": line["key"],
        "address": line["from"][:60],
        "asked": line["asked"][:200],
        "status": line["status"],
        "request_id": line["request"],
    }
    return [Asked(account_id=account_id, **event) for account_id in dict.fromkeys(line["accounts"])]
