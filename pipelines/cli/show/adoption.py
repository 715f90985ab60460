"""How the adoption journey reads at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from models.statistics.cohort_comparison import Comparison
    from models.statistics.interval import Interval
    from pipelines.scoring.adoption_effect import JourneyResult

HEADER = ("by day", "step", "outcome", "accounts", "not yet", "share", "share not yet",
          "difference", "adjusted", "")  # fmt: skip


def journey(result: JourneyResult, by: str = "all") -> None:
    """Print the comparisons of one cohort, such as ``all``, and where the rest lies."""
    chosen = [one for one in result.comparisons if one.cohort == by]
    known = sorted({one.cohort for one in result.comparisons})
    if not chosen:
        line(f"There is no cohort {by!r}. Known here: {', '.join(known)}", "red")
        return
    line(f"{result.accounts:,} accounts observed for a year after a day of theirs.", "bold")
    table("shares in per cent, differences in points, with 95 % intervals", HEADER, _rows(chosen))
    line()
    line(result.note, "bold")
    line(f"Cohorts, for --cohort: {', '.join(one for one in known if one != by)}")
    for path in result.files:
        line(f"→ {path}")


def _rows(found: Sequence[Comparison]) -> list[tuple[str, ...]]:
    return [
        (
            str(one.day),
            one.step.replace("_", " "),
            one.outcome.replace("_", "-"),
            str(one.reached),
            str(one.open),
            _share(one.share_reached),
            _share(one.share_open),
            _points(one.difference),
            _points(one.adjusted),
            "few" if one.few else "",
        )
        for one in found
    ]


def _share(one: Interval) -> str:
    return f"{100 * one.value:.0f} ({100 * one.low:.0f} to {100 * one.high:.0f})"


def _points(one: Interval | None) -> str:
    if one is None:
        return "-"
    return f"{100 * one.value:+.0f} ({100 * one.low:+.0f} to {100 * one.high:+.0f})"
