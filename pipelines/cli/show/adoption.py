"""How the adoption journey reads at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.cli.console import line, next_step, table

if TYPE_CHECKING:
    from models.statistics.cohort_comparison import Comparison
    from models.statistics.interval import Interval
    from pipelines.scoring.adoption_effect import JourneyResult

HEADER = ("by day", "milestone", "outcome", "reached", "not reached", "% if reached",
          "% if not", "difference", "adjusted", "")  # fmt: skip


def journey(result: JourneyResult, by: str = "all") -> None:
    """Print the comparisons of one cohort, such as ``all``, and where the rest lies."""
    comparisons = [comparison for comparison in result.comparisons if comparison.cohort == by]
    cohorts = sorted({comparison.cohort for comparison in result.comparisons})
    if not comparisons:
        line(f"There is no cohort {by!r}. Available: {', '.join(cohorts)}", "red")
        return
    line(f"{result.accounts:,} accounts, each followed for a year.", "bold")
    title = "Share with the outcome in the year after, in % (95 % interval); difference in points"
    table(title, HEADER, _rows(comparisons))
    line()
    line(result.note, "bold")
    line(f"Cohorts, for --cohort: {', '.join(cohort for cohort in cohorts if cohort != by)}")
    for path in result.files:
        line(f"→ {path}")
    next_step("report")


def _rows(comparisons: Sequence[Comparison]) -> list[tuple[str, ...]]:
    return [
        (
            str(comparison.day),
            comparison.step.replace("_", " "),
            comparison.outcome.replace("_", "-"),
            str(comparison.reached),
            str(comparison.open),
            _share(comparison.share_reached),
            _share(comparison.share_open),
            _points(comparison.difference),
            _points(comparison.adjusted),
            "few" if comparison.few else "",
        )
        for comparison in comparisons
    ]


def _share(interval: Interval) -> str:
    return f"{100 * interval.value:.0f} ({100 * interval.low:.0f} to {100 * interval.high:.0f})"


def _points(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    return f"{100 * interval.value:+.0f} ({100 * interval.low:+.0f} to {100 * interval.high:+.0f})"
