"""A week names the hints that the week before did not have."""

from __future__ import annotations

from pathlib import Path

from pipelines.ingest.summary.hints import Hint
from pipelines.orchestration.weekly import new_hints
from tests.pipelines.small import company


def hint(name: str, place: str) -> Hint:
    return Hint(name, place, "3 of 4 rows.", "It means something.", "do it", "docs/hints.md", ())


def test_a_week_names_the_hints_that_are_new(tmp_path: Path) -> None:
    settings = company(tmp_path)
    first, second = hint("never_ends", "tickets.closed_on"), hint("same_name", "accounts.name")
    assert new_hints(settings, [first]) == (
        "; new hints, see `expansion check`: never_ends (tickets.closed_on)"
    )
    assert new_hints(settings, [first]) == ""
    assert new_hints(settings, [first, second]) == (
        "; new hints, see `expansion check`: same_name (accounts.name)"
    )
    assert new_hints(settings, [second]) == ""
    assert new_hints(settings, [first, second]) == (
        "; new hints, see `expansion check`: never_ends (tickets.closed_on)"
    )
