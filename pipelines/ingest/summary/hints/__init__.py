"""Hints: what keeps the contract and still looks like a wrong mapping, a function each.

A hint stops nothing. It names a figure, what it means for the scores, and what to do.
"""

from __future__ import annotations

from pipelines.ingest.summary.hints import (
    accounts,
    attributes,
    days,
    ends,
    feeds,
    overlaps,
    prices,
    units,
)
from pipelines.ingest.summary.hints.declaration import (
    HINTS,
    Finding,
    Hint,
    find,
    hint,
    stop_on_unknown,
)
from pipelines.ingest.summary.hints.document import document

__all__ = [
    "HINTS",
    "Finding",
    "Hint",
    "accounts",
    "attributes",
    "days",
    "document",
    "ends",
    "feeds",
    "find",
    "hint",
    "overlaps",
    "prices",
    "stop_on_unknown",
    "units",
]
