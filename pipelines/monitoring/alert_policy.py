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


def with_duration(
    findings: Sequence[Finding], past: Sequence[Verdict], as_of: date
) -> tuple[Finding, ...]:
    """Return the findings with how long they have lasted, the worst first.

    One of the kind ``customers_changed`` has no light of its own until it has lasted
    ``PATIENCE`` weeks. ``past`` holds the verdicts of the weeks before, the newest first.
    """
    lasting = [_lasting(finding, past, as_of) for finding in findings]
    return tuple(
        sorted(lasting, key=lambda o: (o.light == "ok", -ORDER.index(o.kind), o.code, o.about))
    )


def _lasting(finding: Finding, past: Sequence[Verdict], as_of: date) -> Finding:
    since = _since(finding, past, as_of)
    weeks = (as_of - since).days // 7 + 1
    waits = finding.kind == "customers_changed" and weeks < PATIENCE
    return replace(finding, since=since, weeks=weeks, light="ok" if waits else finding.light)


def _since(finding: Finding, past: Sequence[Verdict], as_of: date) -> date:
    for verdict in past:
        if verdict.as_of < as_of - GAP:
            break
        for other in verdict.findings:
            if (other.code, other.about) == (finding.code, finding.about):
                return other.since
    return as_of
