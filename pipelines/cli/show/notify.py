"""How the sending of webhooks reads at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from pipelines.delivery.notify import NotifyResult


def notified(result: NotifyResult) -> None:
    """Print what was new, what was sent, and whom to look after."""
    if not result.endpoints:
        line("There are no [[webhooks]] in the settings: nobody is told.")
        return
    line(f"{result.new:,} new messages", "bold")
    head = ("endpoint", "sent", "failed", "waiting", "given up", "last answer")
    rows = [
        (one.name, one.sent, one.failed, one.waiting, one.given_up, one.last)
        for one in result.endpoints
    ]
    table("", head, rows)
    for one in result.endpoints:
        if one.is_off:
            line(f"{one.name} has answered 410: it wants no messages, and gets none.", "red")
        if one.is_off or one.given_up:
            line(f"→ expansion notify --again {one.name}")
