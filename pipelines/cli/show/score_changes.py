"""How the parts of a change read at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.i18n.number_format import PLAIN
from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from pipelines.scoring.score_changes import AccountMove, MovedResult, TargetMove

HEADER = ("before", "now", "by its data", "by the model", "by calibration")


def moved(result: MovedResult) -> None:
    """Print what moved, target by target, then the accounts that moved most and why."""
    line(f"From {result.since} to {result.until}, in percentage points.", "bold")
    if result.came or result.left:
        line(f"{result.came:,} accounts came, {result.left:,} left; the others are compared.")
    rows = [
        (one.target, f"{one.accounts:,}", *_figures(one), _versions(one)) for one in result.targets
    ]
    table("Mean of all accounts", ("target", "accounts", *HEADER, "version"), rows)
    line()
    table(
        "Largest changes",
        ("account", "target", *HEADER),
        [(one.account_id, one.target, *_figures(one)) for one in result.accounts],
    )
    for one in result.accounts:
        for reason in one.because:
            line(f"  {one.account_id} {one.target}: {reason.text}")


def _figures(one: TargetMove | AccountMove) -> tuple[str, ...]:
    parts = (one.data, one.model, one.calibration)
    return (
        PLAIN.percent(one.before, 1),
        PLAIN.percent(one.after, 1),
        *(PLAIN.signed(100 * part, 1) for part in parts),
    )


def _versions(one: TargetMove) -> str:
    before, after = one.versions
    return after if before == after else f"{before} → {after}"
