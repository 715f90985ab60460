"""Verbs of a week: watch, report, deliver, export, notify, and all in one."""

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
    from pipelines.monitoring.watch import WatchResult
    from pipelines.orchestration.weekly import WeeklyResult
    from pipelines.report.report import ReportResult


app = typer.Typer()


@app.command()
def watch(
    week: Week = None,
    train: Annotated[
        bool, typer.Option("--train", help="Train challengers where the verdict asks for them.")
    ] = False,
    language: Language = None,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Judge the week: whether data is broken, customers changed, or a model got worse.

    Exit codes of its own: 4 the customers changed, 5 a model got worse, 6 the data is broken.
    """

    def work(progress: Progress) -> WatchResult:
        from pipelines.monitoring.watch import watch as watched

        on = week.date() if week else None
        return watched(load(config), progress, on=on, train=train)

    def show(result: WatchResult) -> None:
        monitoring.watched(result, language or load(config).company.language)

    run(work, show, as_json=as_json, code=lambda result: result.verdict.exit_code)


@app.command()
def report(
    week: Week = None, language: Language = None, config: Config = DEFAULT, as_json: Json = False
) -> None:
    """Write the weekly page for CS leadership, of the newest week or a former one."""

    def work(progress: Progress) -> ReportResult:
        from pipelines.report.report import report as written

        on = week.date() if week else None
        return written(load(config), progress, on=on, language=language or "")

    run(work, results.reported, as_json=as_json)


@app.command()
def deliver(
    week: Week = None,
    again: Annotated[bool, typer.Option(help="Also to those who have it.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only tell who would get it.")] = False,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Hand the weekly report to folders, mail and chat, once to each place."""

    def work(_report: Progress) -> DeliverResult:
        from pipelines.delivery.deliver import deliver as delivered

        on = week.date() if week else None
        return delivered(load(config), on=on, again=again, dry_run=dry_run)

    run(work, partial(delivery.delivered, dry_run=dry_run), as_json=as_json)


@app.command()
def weekly(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Do a week's work: check, build, score, forecast, watch, report, and tell others.

    Run again, it goes on where it ended. Exits with 0 once all ran, whatever the watch found.
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
        Path | None, typer.Option(help="Folder of the files, if another; what is in it goes.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=day, metavar=DAY, help="Only what changed since the scoring of this day."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Only tell what would be written.")] = False,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Write the newest scoring as files that a CRM takes, and which accounts it would refuse."""

    def work(report: Progress) -> ExportResult:
        from pipelines.delivery.crm.export import export as exported
        from pipelines.delivery.crm.fields import known_format

        start = since.date() if since else None
        chosen = known_format(form)
        return exported(load(config), chosen, out, start, dry_run=dry_run, progress=report)

    run(work, delivery.exported, as_json=as_json)


@app.command()
def notify(
    wait: Annotated[
        float, typer.Option(min=0, max=86_400, help="Go on for what falls due within so many s.")
    ] = 30,
    again: Annotated[
        str, typer.Option(metavar="ENDPOINT", help="Send this endpoint also what was given up.")
    ] = "",
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Tell other systems which plays have changed, by signed webhooks; try again what fails."""

    def work(_report: Progress) -> NotifyResult:
        from pipelines.delivery.notify import notify as notified

        return notified(load(config), wait, again)

    run(work, delivery.notified, as_json=as_json, code=lambda result: int(not result.ok))
