"""How the gate's answer and the log of promotions read at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from pipelines.lifecycle.promote import PromotionResult


def promoted(result: PromotionResult) -> None:
    """Print the gate's table, and which version is in use now."""
    if result.checks:
        rows = [_check(one) for one in result.checks]
        header = ("check", f"champion {result.before or '-'}", f"version {result.version}", "")
        table(f"{result.target}: may version {result.version} be used?", header, rows)
        line()
    for one in result.checks:
        if one["why"]:
            line(f"{one['name']}: {one['why']}", None if one["passes"] else "red")
    if not result.promoted:
        kept = f"{result.before} stays" if result.before else "no version is"
        line(f"{result.target}: version {result.version} is refused; {kept} in use.", "bold red")
        line("To use it all the same: --force --why REASON, which the log keeps.")
        return
    if result.before == result.version:
        line(f"{result.target}: version {result.version} is the champion already.", "bold")
    else:
        instead = f" in place of {result.before}" if result.before else ""
        forced = " by force" if result.forced else ""
        line(f"{result.target}: version {result.version} is the champion{instead}{forced}.", "bold")
    line(f"→ {result.release}")


def _check(one: dict[str, Any]) -> tuple[str, ...]:
    said = "passes" if one["passes"] else "REFUSED"
    return (one["name"], one["champion"], one["challenger"], said)


def log(result: list[dict[str, Any]]) -> None:
    """Print which version was in use from when to when, by whom and why."""
    if not result:
        line("No version was in use.")
        return
    rows = [
        (
            one["target"],
            one["to"],
            _minute(one["when"]),
            _minute(one["until"]) if one["until"] else "now",
            one["who"],
            f"{one['kind']}{' by force' if one['forced'] else ''}",
            one["why"],
            one["release"],
        )
        for one in result
    ]
    header = ("target", "version", "in use from (UTC)", "until", "who", "how", "why", "release")
    table("", header, rows)


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")
