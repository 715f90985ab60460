"""How long a change must last before it counts, week by week."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pipelines.monitoring.alert_policy import with_duration
from pipelines.monitoring.verdict import Finding, Verdict, overall

FIRST = date(2026, 6, 1)


def weeks(seen: str, kind: str) -> list[str]:
    """Return each week's kind; in ``seen`` a week with the finding is x, one without is a dot."""
    past: list[Verdict] = []
    told = []
    for number, mark in enumerate(seen):
        day = FIRST + timedelta(days=7 * number)
        light = "look" if kind == "customers_changed" else "alarm"
        found = [Finding(kind, light, "prices_moved", "prices", {}, day)] if mark == "x" else []  # type: ignore[arg-type]
        findings = with_duration(found, past, day)
        verdict = Verdict(day, *overall(findings), findings)
        past.insert(0, verdict)
        told.append("!" if verdict.light != "ok" else ".")
    return told


@pytest.mark.parametrize(
    ("kind", "seen", "told"),
    [
        ("customers_changed", "xx....", "......"),
        ("customers_changed", "xxx...", "..!..."),
        ("customers_changed", "xxxxxx", "..!!!!"),
        ("customers_changed", "xx.xx.", "...!!."),  # one week between is no new beginning
        ("customers_changed", "xx..xx", "......"),  # two are
        ("data_broken", "x.....", "!....."),
        ("model_worse", ".x.x..", ".!.!.."),
    ],
)
def test_customers_must_have_changed_for_three_weeks_the_rest_counts_at_once(
    kind: str, seen: str, told: str
) -> None:
    assert "".join(weeks(seen, kind)) == told
