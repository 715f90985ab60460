"""How promotion checks and the promotion log read at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from pipelines.lifecycle.promote import PromotionResult


def promoted(result: PromotionResult) -> None:
    """Print the gate's table, and which version is in use now."""
    if result.checks:
        rows = [_check(check) for check in result.checks]
        champion, challenger = f"champion {result.before or '-'}", f"version {result.version}"
        header = ("check", champion, challenger, "result")
        table(f"{result.target}: promotion checks of version {result.version}", header, rows)
        line()
    for check in result.checks:
        if check["why"]:
            line(f"{check['name']}: {check['why']}", None if check["passes"] else "red")
    if not result.promoted:
        in_use = f"version {result.before} stays" if result.before else "no version is"
        line(
            f"{result.target}: version {result.version} not promoted; {in_use} in use.", "bold red"
        )
        line("To promote it anyway: --force --why REASON. The reason is logged.")
        return
    if result.before == result.version:
        line(f"{result.target}: version {result.version} is already the champion.", "bold")
    else:
        replaced = f", replacing version {result.before}" if result.before else ""
        forced = " (forced)" if result.forced else ""
        line(f"{result.target}: version {result.version} promoted{replaced}{forced}.", "bold")
    line(f"→ {result.release}")


def _check(check: dict[str, Any]) -> tuple[str, ...]:
    result = "passed" if check["passes"] else "FAILED"
    return (check["name"], check["champion"], check["challenger"], result)


def log(result: list[dict[str, Any]]) -> None:
    """Print which version was in use from when to when, by whom and why."""
    if not result:
        line("No version was in use.")
        return
    rows = [
        (
            entry["target"],
            entry["to"],
            _minute(entry["when"]),
            _minute(entry["until"]) if entry["until"] else "now",
            entry["who"],
            f"{entry['kind']}{' (forced)' if entry['forced'] else ''}",
            entry["why"],
            entry["release"],
        )
        for entry in result
    ]
    header = (
        "target",
        "version",
        "in use from (UTC)",
        "until",
        "by",
        "action",
        "reason",
        "release",
    )
    table("", header, rows)


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")
