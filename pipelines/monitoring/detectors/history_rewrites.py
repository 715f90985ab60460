"""Whether the past was rewritten: rows known for long that went, doubled, or changed their size.

Nothing that was known when monitoring last ran should look otherwise now. What the last verdict
noted of it, its ``figures``, is compared with the same figures of today's tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from math import exp, log
from pathlib import Path

from pipelines.monitoring.detectors.feed_health import factor
from pipelines.monitoring.detectors.feed_statistics import levels_before, rows_before
from pipelines.monitoring.verdict import Code, Finding, Verdict

ROWS, LEVEL = "rows", "level"
LOST, CAME = 0.95, 1.05
"""Ratios of row counts from which it is more than a correction; erasing a person is one."""
SCALED = 1.2


def figures(folder: Path, before: date) -> dict[str, float]:
    """Return what a verdict notes of the rows that were known before a day."""
    rows = {f"{ROWS} {name}": float(count) for name, count in rows_before(folder, before).items()}
    levels = levels_before(folder, before).items()
    return {**rows, **{f"{LEVEL} {name}": round(value, 6) for name, value in levels}}


def findings(folder: Path, last: Verdict | None, as_of: date) -> Iterator[Finding]:
    """Yield what of the rows known before the last monitoring is not as it was then."""
    if last is None:
        return
    now = figures(folder, last.as_of)
    for name, was in sorted(last.figures.items()):
        kind, _, about = name.partition(" ")
        if was is not None and kind == ROWS:
            yield from _rows(about, was, now.get(name, 0.0), as_of)
        elif was is not None and kind == LEVEL and name in now:
            yield from _level(about, now[name] - was, as_of)


def _rows(about: str, was: float, now: float, as_of: date) -> Iterator[Finding]:
    values: Mapping[str, int] = {"now": int(now), "usual": int(was)}
    if was and now == 0:
        yield Finding("data_broken", "alarm", "table_empty", about, values, as_of)
    elif was and not LOST < now / was < CAME:
        code: Code = "table_shrank" if now < was else "table_swelled"
        yield Finding("data_broken", "alarm", code, about, values, as_of)


def _level(about: str, moved: float, as_of: date) -> Iterator[Finding]:
    if abs(moved) >= log(SCALED):
        values = {"factor": factor(exp(moved))}
        yield Finding("data_broken", "alarm", "history_scaled", about, values, as_of)
