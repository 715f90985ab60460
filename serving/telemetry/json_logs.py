"""Logs: a JSON object a line, without secrets."""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

SECRETS = (
    (re.compile(r"exp_([0-9a-f]{12})_[A-Za-z0-9_-]+"), r"exp_\1_***"),
    (re.compile(r"(://[^:/@\s]*):[^@\s]*@"), r"\1:***@"),
)
"""API keys, and passwords in addresses of databases."""
TRACE_ID: ContextVar[str] = ContextVar("trace_id", default="")
"""The trace that the request at hand belongs to; empty where requests are not traced."""


class JsonLines(logging.Formatter):
    """Formats a record with its facts, given as ``extra={"facts": {...}}``, as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if trace_id := TRACE_ID.get():
            line["trace_id"] = trace_id
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return without_secrets(json.dumps(line, default=str))


def without_secrets(text: str) -> str:
    """Return ``text`` with keys and passwords blotted out.

    >>> without_secrets("postgresql://me:secret@host/db")
    'postgresql://me:***@host/db'
    """
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


def install(level: str) -> None:
    """Write what is at least of ``level`` (``warning``, ``info``, ``debug``) to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
