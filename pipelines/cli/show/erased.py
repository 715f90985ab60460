"""How an erasure, and the audit log, read at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from pipelines.security.erase import Erasure


def erased(result: Erasure) -> None:
    """Print the proof: every place that was looked at, what went, and what is left."""
    rows = [(one.place, f"{one.removed:,}", f"{one.found:,}") for one in result.places]
    table("", ("place", "removed", "found afterwards"), rows)
    line()
    total = sum(one.removed for one in result.places)
    if result.ok:
        line(
            f"The {result.kind} {result.identifier!r} is erased: {total:,} rows removed or made "
            f"nameless, and nothing of ours in {len(result.places)} places names it any more.",
            "green",
        )
    else:
        line(
            f"The {result.kind} {result.identifier!r} is still named; see above. A server that was "
            "writing hands over within seconds: run it again.",
            "red",
        )
    for place in result.unsearched:
        line(f"{place} could not be searched; nothing of ours writes ids there.", "yellow")
    line(f"The sources in {result.sources} are yours: remove it there, too. Until then they are")
    line("read without it.")


def audited(result: list[dict[str, Any]]) -> None:
    """Print who asked for which account, the newest first."""
    if not result:
        line("Nobody asked.")
        return
    header = ("when (UTC)", "account", "key", "from", "asked", "status", "request")
    rows = [
        (
            one["at"][:19].replace("T", " "),
            one["account_id"],
            one["key_id"] or "none needed",
            one["address"],
            one["asked"],
            one["status"],
            one["request_id"],
        )
        for one in result
    ]
    table("", header, rows)
