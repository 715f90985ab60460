"""What a person sees of a delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.cli.console import line

if TYPE_CHECKING:
    from pipelines.delivery.deliver import DeliverResult


def delivered(result: DeliverResult, *, dry_run: bool) -> None:
    """Print which week went where, or would go."""
    what = "would go to" if dry_run else "went to"
    if result.delivered:
        line(f"The report of {result.as_of} {what} {', '.join(result.delivered)}.")
    if result.had_it:
        line(f"It went to {', '.join(result.had_it)} before; --again sends it once more.")
    if not result.delivered and not result.had_it:
        line("Nobody gets the report: there is no [[deliver]] in the settings.")
