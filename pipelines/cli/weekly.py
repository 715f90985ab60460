"""Verbs of a week: monitor, report, deliver, export, notify, and all in one."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.console import run
from pipelines.cli.options import DAY, DEFAULT, Config, Json, Language, Week, day
from pipelines.cli.show import delivery, monitoring, results
from pipelines.common.progress import Progress
from pipelines.config.settings import load

if TYPE_CHECKING:
    from pipelines.delivery.crm.export import ExportResult
    from pipelines.delivery.deliver import DeliverResult
    from pipelines.delivery.notify import NotifyResult
    from pipelines.monitoring.monitor import MonitoringResult
    from pipelines.orchestration.weekly import WeeklyResult
    from pipelines.report.report import ReportResult


app = typer.Typer()


@app.command()
def monitor(
    week: Week = None,
    train: Annotated[
        bool, typer.Option("--train", help="Train challengers where the result calls for it.")
    ] = False,
    language: Language = None,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Check the week for data quality issues, changed customers and underperforming models.

    Exit codes of its own: 4 customer behaviour changed, 5 model underperforming, 6 data quality
    issue.
    """

    def work(progress: Progress) -> MonitoringResult:
        from pipelines.monitoring.monitor import monitor as run_monitoring

        on = week.date() if week else None
        return run_monitoring(load(config), progress, on=on, train=train)

    def show(result: MonitoringResult) -> None:
        monitoring.monitored(result, language or load(config).company.language)

    run(work, show, as_json=as_json, code=lambda result: result.verdict.exit_code)


app.command("watch", hidden=True)(monitor)  # what the verb was called before


@app.command()
def report(
    week: Week = None, language: Language = None, config: Config = DEFAULT, as_json: Json = False
) -> None:
    """Write the weekly report for CS leadership, of the newest or a past week."""

    def work(progress: Progress) -> ReportResult:
        from pipelines.report.report import report as written

        on = week.date() if week else None
        return written(load(config), progress, on=on, language=language or "")

    run(work, results.reported, as_json=as_json)


@app.command()
def deliver(
    week: Week = None,
    again: Annotated[bool, typer.Option(help="Also to recipients that already have it.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only list the recipients.")] = False,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Deliver the weekly report to folders, mail and chat, once to each recipient."""

    def work(_report: Progress) -> DeliverResult:
        from pipelines.delivery.deliver import deliver as delivered

        on = week.date() if week else None
        return delivered(load(config), on=on, again=again, dry_run=dry_run)

    run(work, partial(delivery.delivered, dry_run=dry_run), as_json=as_json)


@app.command()
def weekly(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Run all weekly steps: check, build, score, forecast, monitor, report, deliver, notify.

    A repeated run resumes where the last one stopped. Exits with 0 once all steps have run,
    whatever monitoring found.
    """

    def work(report: Progress) -> WeeklyResult:
        from pipelines.orchestration.weekly import weekly as ran

        return ran(load(config), report)

    run(work, delivery.ran, as_json=as_json)


@app.command()
def export(
    form: Annotated[
        str, typer.Option("--format", help="salesforce-bulk, hubspot-batch or csv.")
    ] = "csv",
    out: Annotated[
        Path | None, typer.Option(help="Output folder; its old content is deleted.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(parser=day, metavar=DAY, help="Only changes since the scoring of this date."),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Only show what would be exported.")] = False,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Export the newest scores as files for a CRM, and list accounts it would reject."""

    def work(report: Progress) -> ExportResult:
        from pipelines.delivery.crm.export import export as exported
        from pipelines.delivery.crm.fields import parse_format

        start = since.date() if since else None
        chosen = parse_format(form)
        return exported(load(config), chosen, out, start, dry_run=dry_run, progress=report)

    run(work, delivery.exported, as_json=as_json)


@app.command()
def notify(
    wait: Annotated[
        float, typer.Option(min=0, max=86_400, help="Seconds to wait for retries that fall due.")
    ] = 30,
    again: Annotated[
        str,
        typer.Option(metavar="ENDPOINT", help="Also resend what was given up for this endpoint."),
    ] = "",
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Send signed webhooks for changed plays to other systems, with retries."""

    def work(_report: Progress) -> NotifyResult:
        from pipelines.delivery.notify import notify as notified

        return notified(load(config), wait, again)

    run(work, delivery.notified, as_json=as_json, code=lambda result: int(not result.ok))
