"""``audit``: who asked for which account."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from models.store.audit_log import AuditLog

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


def asked(
    settings: Settings, account_id: str, key_id: str, since: datetime | None, most: int
) -> list[dict[str, Any]]:
    """Return the newest questions, of one account, with one key or since a day, as JSON-able."""
    with closing(AuditLog(settings.store_url)) as log:
        entries = log.read(account_id, key_id, since, most)
    return [{**asdict(entry), "at": entry.at.isoformat()} for entry in entries]
