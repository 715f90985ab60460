"""What an earlier build computed and still holds, so that it need not be computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.build.metadata import stored

MATTERS = {
    "definitions": "the feature code has changed",
    "columns": "the set of columns has changed",
    "engine": "the engine has changed",
    "grace_days": "the grace days have changed",
}
"""What features depend on beside the data: the code, the columns asked for, what computes them."""


def unchanged(path: Path, description: Mapping[str, Any]) -> pa.Table | None:
    """Return the feature table at ``path`` if it says the same of itself; else None."""
    return _read(path) if stored(path) == description else None


def held(path: Path, description: Mapping[str, Any], columns: Sequence[str]) -> pa.Table | None:
    """Return ``columns`` of the dates whose features an earlier build computed from the same facts.

    With equal definitions, and for a date nothing known before it that was not known then, or the
    other way round, its accounts and features are the same. None when there is no such date.
    """
    dates = dates_held(stored(path), description)
    table = _read(path, columns) if dates else None
    if table is None:
        return None
    days = pa.array(map(date.fromisoformat, sorted(dates)), pa.date32())
    return table.filter(pc.is_in(table["as_of"], days))


def dates_held(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> set[str]:
    """Return the dates (ISO) at which two descriptions stand for the same features."""
    if before is None or _changed(before, now):
        return set()
    digests_before = before.get("known", {})
    return {day for day, digest in now["known"].items() if digests_before.get(day) == digest}


def why_computed(before: Mapping[str, Any] | None, now: Mapping[str, Any], *, full: bool) -> str:
    """Say why an earlier build does not hold all dates of this one."""
    if full or before is None:
        return "--full" if full else "no earlier build"
    if changed := _changed(before, now):
        return " and ".join(changed)
    digests_before = before.get("known", {})
    new = sum(day not in digests_before for day in now["known"])
    other = sum(
        day in digests_before and digests_before[day] != digest
        for day, digest in now["known"].items()
    )
    counts = ((new, "not built before"), (other, "with new data"))
    return (
        ", ".join(f"{count} {words}" for count, words in counts if count) or "the file was damaged"
    )


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what features depend on that differs; which columns are inputs is no matter here."""
    past, present = (
        {**description, "columns": _columns(description)} for description in (before, now)
    )
    return [words for key, words in MATTERS.items() if past.get(key) != present[key]]


def _columns(description: Mapping[str, Any]) -> dict[str, Any]:
    both = (*description.get("features", ()), *description.get("descriptive", ()))
    return {column["name"]: column for column in both}


def _read(path: Path, columns: Sequence[str] | None = None) -> pa.Table | None:
    """Return the table, or None where there is none, a damaged one, or one without a column."""
    try:
        return pq.read_table(path, columns=list(columns) if columns else None)
    except (OSError, ValueError, KeyError):
        return None
