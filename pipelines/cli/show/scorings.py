"""How scorings read at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.cli.console import line, next_step, table

if TYPE_CHECKING:
    from models.store.scores import ScoringState
    from pipelines.scoring.scorings import ScoringsResult, WithdrawalResult


def listed(result: ScoringsResult) -> None:
    """Print every scoring with its state, the newest first."""
    if not result.scorings:
        line("No scorings yet.")
        next_step("score")
        return
    header = ("scoring", "as of", "made (UTC)", "release", "accounts", "state")
    table("", header, [_row(state, result.newest) for state in result.scorings])
    if result.problem:
        line(f"{result.problem[0].upper()}{result.problem[1:]}.", "yellow")
    next_step("scorings withdraw SCORING --reason REASON - takes one back")


def _row(state: ScoringState, newest: str | None) -> tuple[str, ...]:
    scoring = state.scoring
    return (
        scoring.scoring_id,
        str(scoring.as_of),
        f"{scoring.created_at:%Y-%m-%d %H:%M}",
        scoring.release_id or "none",
        f"{scoring.accounts:,}",
        _state(state, is_newest=scoring.scoring_id == newest),
    )


def _state(state: ScoringState, *, is_newest: bool) -> str:
    if withdrawal := state.withdrawal:
        return f"withdrawn {withdrawal.at:%Y-%m-%d} by {withdrawal.by}: {withdrawal.reason}"
    if state.is_of_the_future:
        return "of the future: never the newest"
    return "valid, in use" if is_newest else "valid"


def withdrawn(result: WithdrawalResult) -> None:
    """Print that a scoring was taken back, and what counts now."""
    line(f"Withdrawn: {result.scoring.scoring.scoring_id}.", "bold")
    _in_use(result)
    next_step(
        "score - where none is left" if result.newest is None else "report",
        f"scorings restore {result.scoring.scoring.scoring_id} - to undo this",
    )


def restored(result: WithdrawalResult) -> None:
    """Print that a scoring counts again."""
    line(f"Restored: {result.scoring.scoring.scoring_id}.", "bold")
    _in_use(result)
    next_step("report")


def _in_use(result: WithdrawalResult) -> None:
    if result.newest is None:
        line("No valid scoring is left: servers answer that there are no scores.", "yellow")
        return
    line(
        f"In use: {result.newest}. Running servers follow within seconds; report, export and "
        "webhooks with their next run."
    )
