"""How changes of probabilities and their causes read at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.i18n.number_format import PLAIN
from pipelines.cli.console import line, next_step, table

if TYPE_CHECKING:
    from pipelines.scoring.score_changes import AccountMove, MovedResult, TargetMove

HEADER = ("before", "now", "data", "model", "calibration")


def moved(result: MovedResult) -> None:
    """Print what moved, target by target, then the accounts that moved most and why."""
    line(f"Change in probability from {result.since} to {result.until}", "bold")
    line("data, model and calibration: what each contributed, in percentage points")
    if result.added or result.removed:
        line(f"{result.added:,} new accounts, {result.removed:,} no longer scored; not compared")
    rows = [
        (move.target, f"{move.accounts:,}", *_figures(move), _versions(move))
        for move in result.targets
    ]
    table("Average of all accounts", ("target", "accounts", *HEADER, "version"), rows)
    line()
    table(
        "Largest changes",
        ("account", "target", *HEADER),
        [(move.account_id, move.target, *_figures(move)) for move in result.accounts],
    )
    for notice in result.notices:
        line(f"{notice.account_id}: {notice.text}")
    for move in result.accounts:
        for cause in move.because:
            line(f"  {move.account_id} {move.target}: {cause.text}")
    next_step("report")


def _figures(move: TargetMove | AccountMove) -> tuple[str, ...]:
    contributions = (move.data, move.model, move.calibration)
    return (
        PLAIN.percent(move.before, 1),
        PLAIN.percent(move.after, 1),
        *(PLAIN.signed(100 * contribution, 1) for contribution in contributions),
    )


def _versions(move: TargetMove) -> str:
    before, after = move.versions
    return after if before == after else f"{before} → {after}"
