"""How a weekly run, deliveries, exports and webhooks read at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.cli.console import line, next_step, table
from pipelines.common.counting import counted

if TYPE_CHECKING:
    from pipelines.delivery.crm.export import ExportResult
    from pipelines.delivery.deliver import DeliverResult
    from pipelines.delivery.notify import NotifyResult
    from pipelines.orchestration.weekly import WeeklyResult

REUSED = " (reused from an earlier run)"


def ran(result: WeeklyResult) -> None:
    """Print the steps with their time and result."""
    rows = [
        (
            step.name,
            f"{step.seconds:,.1f}",
            step.summary + (REUSED if place < result.taken_over else ""),
        )
        for place, step in enumerate(result.steps)
    ]
    table(f"Weekly run of {result.as_of}", ("step", "seconds", "result"), rows)
    if result.missed:
        line(f"Missed weeks, scored and monitored now: {', '.join(result.missed)}.")
    if result.taken_over == len(result.steps):
        line("No new data since the last run: nothing to do.")
    line(f"\u2192 {result.path}")
    next_step("weekly - in a week, with new data")


def delivered(result: DeliverResult, *, dry_run: bool) -> None:
    """Print which week's report was delivered to whom, or would be."""
    state = "would be delivered" if dry_run else "delivered"
    if result.delivered:
        line(f"Report of {result.as_of} {state} to {', '.join(result.delivered)}.")
    if result.had_it:
        line(f"Already delivered to {', '.join(result.had_it)}; --again delivers it again.")
    if not result.delivered and not result.had_it:
        line("No recipients: add [[deliver]] to the settings.")
    next_step("deliver" if dry_run or not (result.delivered or result.had_it) else "notify")


MOST_PROBLEMS = 10


def exported(result: ExportResult) -> None:
    """Print what was exported or would be, its first rows and the accounts left out."""
    state = "would be exported" if result.is_dry_run else "exported"
    line(f"{result.written:,} of {result.accounts:,} accounts {state} as {result.form}", "bold")
    if result.since:
        line(f"{result.unchanged:,} unchanged since {result.since}")
    line(f"{result.folder}: {_files(result.files)}")
    if result.first:
        line()
        rows = [[name, *(row[name] for row in result.first)] for name in result.first[0]]
        header = ("field", *("first", "second", "third")[: len(result.first)])
        table("", header, rows)
    if result.problems:
        line()
        accounts = {problem.account_id for problem in result.problems}
        line(f"{counted(len(accounts), 'account')} cannot be exported:", "red")
        for problem in result.problems[:MOST_PROBLEMS]:
            line(f"  {problem.account_id!r}: {problem.problem}")
    again = f"export --format {result.form}"
    next_step(again if result.is_dry_run else f"{again} --since DATE - next time, after the import")


def _files(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 5 else f"{names[0]} to {names[-1]}, {len(names)} files"


def notified(result: NotifyResult) -> None:
    """Print what was new, what was sent, and which endpoints need attention."""
    if not result.endpoints:
        line("No webhooks: add [[webhooks]] to the settings.")
        next_step("notify - with [[webhooks]]")
        return
    line(f"{result.new:,} new messages", "bold")
    header = ("endpoint", "sent", "failed", "waiting", "given up", "last response")
    rows = [
        (
            endpoint.name,
            endpoint.sent,
            endpoint.failed,
            endpoint.waiting,
            endpoint.given_up,
            endpoint.last,
        )
        for endpoint in result.endpoints
    ]
    table("", header, rows)
    for endpoint in result.endpoints:
        if endpoint.is_off:
            line(f"{endpoint.name} answered 410 (gone): nothing more is sent to it.", "red")
        if endpoint.is_off or endpoint.given_up:
            next_step(f"notify --again {endpoint.name}")
    if result.ok:
        next_step("notify - after the next scoring")
