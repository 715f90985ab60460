"""What a person sees of a week's run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from pipelines.orchestration.weekly import WeeklyResult


def ran(result: WeeklyResult) -> None:
    """Print the steps with their time and what they had to say."""
    rows = [
        (one.name, f"{one.seconds:,.1f}", _told(one.told, place < result.taken_over))
        for place, one in enumerate(result.steps)
    ]
    table(f"The week of {result.as_of}", ("step", "s", ""), rows)
    if result.missed:
        line(f"Made up for: {', '.join(result.missed)}.")
    if result.taken_over == len(result.steps):
        line("Nothing is new since the last run; nothing was done again.")
    line(f"\u2192 {result.path}")


def _told(text: str, before: bool) -> str:
    return f"{text} (by a former run)" if before else text
