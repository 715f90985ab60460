"""What a person sees of a week's run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from pipelines.delivery.crm.export import ExportResult
    from pipelines.delivery.deliver import DeliverResult
    from pipelines.delivery.notify import NotifyResult
    from pipelines.orchestration.weekly import WeeklyResult


def ran(result: WeeklyResult) -> None:
    """Print the steps with their time and what they had to say."""
    rows = [
        (one.name, f"{one.seconds:,.1f}", _told(one.told, place < result.taken_over))
        for place, one in enumerate(result.steps)
    ]
    table(f"The week of {result.as_of}", ("step", "s", ""), rows)
    if result.missed:
        line(f"Made up for: {', '.join(result.missed)}.")
    if result.taken_over == len(result.steps):
        line("Nothing is new since the last run; nothing was done again.")
    line(f"\u2192 {result.path}")


def _told(text: str, before: bool) -> str:
    return f"{text} (by a former run)" if before else text


def delivered(result: DeliverResult, *, dry_run: bool) -> None:
    """Print which week went where, or would go."""
    what = "would go to" if dry_run else "went to"
    if result.delivered:
        line(f"The report of {result.as_of} {what} {', '.join(result.delivered)}.")
    if result.had_it:
        line(f"It went to {', '.join(result.had_it)} before; --again sends it once more.")
    if not result.delivered and not result.had_it:
        line("Nobody gets the report: there is no [[deliver]] in the settings.")


MOST_PROBLEMS = 10


def exported(result: ExportResult) -> None:
    """Print what was written or would be, its first rows and who could not go."""
    what = "would be written" if result.is_dry_run else "written"
    line(f"{result.written:,} of {result.accounts:,} accounts {what}, as {result.form}", "bold")
    if result.since:
        line(f"{result.unchanged:,} have not changed since {result.since}")
    line(f"{result.folder}: {_files(result.files)}")
    if result.first:
        line()
        rows = [[name, *(row[name] for row in result.first)] for name in result.first[0]]
        head = ("field", *("first", "second", "third")[: len(result.first)])
        table("", head, rows)
    if result.problems:
        line()
        line(f"{len({one.account_id for one in result.problems}):,} accounts cannot go:", "red")
        for one in result.problems[:MOST_PROBLEMS]:
            line(f"  {one.account_id!r}: {one.problem}")


def _files(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 5 else f"{names[0]} to {names[-1]}, {len(names)} files"


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
