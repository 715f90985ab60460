"""When a finding is worth anybody's time: at once where data broke, else when it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from pipelines.monitoring.verdict import ORDER, Finding, Verdict

PATIENCE = 3
"""Weeks in a row before a change of the customers is told as one; a week alone is a rumour."""
GAP = timedelta(days=14)
"""A finding that was not there for so long is a new one."""


def settled(
    findings: Sequence[Finding], past: Sequence[Verdict], as_of: date
) -> tuple[Finding, ...]:
    """Return the findings with how long they have lasted, the worst first.

    One of the kind ``customers_changed`` has no light of its own until it has lasted
    ``PATIENCE`` weeks. ``past`` holds the verdicts of the weeks before, the newest first.
    """
    lasting = [_lasting(one, past, as_of) for one in findings]
    return tuple(
        sorted(lasting, key=lambda o: (o.light == "ok", -ORDER.index(o.kind), o.code, o.about))
    )


def _lasting(one: Finding, past: Sequence[Verdict], as_of: date) -> Finding:
    since = _since(one, past, as_of)
    weeks = (as_of - since).days // 7 + 1
    waits = one.kind == "customers_changed" and weeks < PATIENCE
    return replace(one, since=since, weeks=weeks, light="ok" if waits else one.light)


def _since(one: Finding, past: Sequence[Verdict], as_of: date) -> date:
    for verdict in past:
        if verdict.as_of < as_of - GAP:
            break
        for other in verdict.findings:
            if (other.code, other.about) == (one.code, one.about):
                return other.since
    return as_of
