"""The one command line: a verb a job, each restartable.

Exit codes: 0 done, 1 the data or a gate says no, 2 wrong usage, 3 the environment failed; `watch`
adds 4 the customers changed, 5 a model got worse, 6 the data is broken.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli import keys
from pipelines.cli.console import Report, run
from pipelines.cli.options import DAY, DEFAULT, Config, Json, Language, Week, day
from pipelines.cli.show import adoption, delivery, erased, monitoring, results, score_changes
from pipelines.cli.show import deliver as show_deliver
from pipelines.cli.show import export as show_export
from pipelines.cli.show import forecast as show_forecast
from pipelines.cli.show import notify as show_notify
from pipelines.cli.show import promotions as show_promoted
from pipelines.config.settings import Settings, load

if TYPE_CHECKING:
    from features.provenance.row import Explanation
    from models.store.erased_ids import Kind
    from pipelines.build.build import BuildResult
    from pipelines.cli.documents import Documents
    from pipelines.delivery.crm.export import ExportResult
    from pipelines.delivery.deliver import DeliverResult
    from pipelines.delivery.notify import NotifyResult
    from pipelines.ingest.check import CheckReport
    from pipelines.lifecycle.promote import PromotionResult
    from pipelines.lifecycle.train import TrainResult
    from pipelines.monitoring.watch import WatchResult
    from pipelines.orchestration.demo import DemoResult
    from pipelines.orchestration.weekly import WeeklyResult
    from pipelines.report.report import ReportResult
    from pipelines.scoring.adoption_effect import JourneyResult
    from pipelines.scoring.nrr_forecast import ForecastResult
    from pipelines.scoring.score import ScoreResult
    from pipelines.scoring.score_changes import MovedResult
    from pipelines.security.erase import Erasure
    from pipelines.synthetic import SimulationSummary

app = typer.Typer(
    help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)

Data = Annotated[Path | None, typer.Option("--data", help="Where the sources lie, if elsewhere.")]
Targets = Annotated[
    list[str] | None, typer.Option("--target", help="Only this target; may be given repeatedly.")
]
app.add_typer(keys.app, name="keys")


def main() -> None:
    """Run the command line."""
    # Both libraries would send usage statistics home; nothing of a company leaves its machines.
    os.environ.setdefault("DO_NOT_TRACK", "true")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    app()


@app.command()
def simulate(
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write to, if not where the settings look for data."),
    ] = None,
    accounts: Annotated[int, typer.Option(min=1, help="How many accounts.")] = 1000,
    months: Annotated[int, typer.Option(min=1, help="How many months of history.")] = 36,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 7,
    end: Annotated[
        datetime | None,
        typer.Option(
            parser=day, metavar=DAY, help="First day after the data; else the last Monday."
        ),
    ] = None,
    swing: Annotated[
        float, typer.Option(min=0, help="How far good and bad quarters move all accounts alike.")
    ] = 0.0,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Write a demo company: its tables, and apart from them the true probabilities."""

    def work(report: Report) -> SimulationSummary:
        from pipelines.orchestration.demo import newest_monday
        from pipelines.synthetic import simulate as simulated
        from pipelines.synthetic.world import World

        folder = out or load(config).data.folder
        return simulated(
            folder,
            accounts=accounts,
            months=months,
            seed=seed,
            end=end.date() if end else newest_monday(),
            world=World(swing=swing),
            progress=report,
        )

    run(work, results.simulation, as_json=as_json)


@app.command()
def check(config: Config = DEFAULT, data: Data = None, as_json: Json = False) -> None:
    """Read all tables through the mapping and report every violation of the contract at once."""

    def work(_report: Report) -> CheckReport:
        from pipelines.ingest.check import check as checked

        return checked(load(config, data_folder=data))

    run(work, results.violations, as_json=as_json, code=lambda found: int(not found.ok))


@app.command()
def build(
    config: Config = DEFAULT,
    data: Data = None,
    explain: Annotated[
        str | None,
        typer.Option(metavar="ACCOUNT", help="Only print what made this account's row."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(parser=day, metavar=DAY, help="With --explain: the day; else the newest."),
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option("--feature", help="With --explain: only this one, with every row of it."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Compute every date, also those that hold as they are.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write one Parquet of accounts, dates, features and targets, or explain a row of it."""
    if explain is not None:
        _explain(config, data, explain, as_of, feature or [], as_json=as_json)
        return
    if as_of or feature:
        raise typer.BadParameter("--as-of and --feature go with --explain ACCOUNT")

    def work(report: Report) -> BuildResult:
        from pipelines.build.build import build as built

        return built(load(config, data_folder=data), report, full=full)

    run(work, results.built, as_json=as_json)


def _explain(
    config: Path,
    data: Path | None,
    account_id: str,
    as_of: datetime | None,
    features: list[str],
    *,
    as_json: bool,
) -> None:
    def work(report: Report) -> Explanation:
        from pipelines.build.explain import explain as explained

        day = as_of.date() if as_of else None
        return explained(load(config, data_folder=data), account_id, day, features, report)

    def shown(result: Explanation) -> None:
        from pipelines.cli.show.provenance import explained as show_explained

        show_explained(result, whole=bool(features))

    run(work, shown, as_json=as_json)


@app.command()
def train(
    config: Config = DEFAULT,
    target: Targets = None,
    tune: Annotated[
        int, typer.Option(min=0, help="Try so many sets of parameters for each target.")
    ] = 0,
    table: Annotated[
        Path | None,
        typer.Option(help="Learn from this CSV or Parquet file instead; --target is its outcome."),
    ] = None,
    account: Annotated[str, typer.Option("--id", help="The file's account column.")] = "account_id",
    as_of: Annotated[str, typer.Option("--as-of", help="The file's date column.")] = "as_of",
    horizon: Annotated[
        int, typer.Option(min=1, help="Days after the date until the file's outcome is known.")
    ] = 91,
    as_json: Json = False,
) -> None:
    """Train, calibrate, evaluate and register one model a target; publish what has skill."""

    def work(report: Report) -> TrainResult:
        from pipelines.lifecycle.train import train as trained

        if table is None:
            return trained(load(config), targets=target, tune=tune, progress=report)
        from pipelines.lifecycle.external_table import asked, train_table

        roles = asked(target or (), account, as_of, horizon)
        return train_table(load(config), table, roles, tune=tune, progress=report)

    run(work, results.trained, as_json=as_json)


@app.command()
def models(config: Config = DEFAULT, as_json: Json = False) -> None:
    """List every registered version with its figures and aliases."""

    def work(_report: Report) -> list[dict[str, Any]]:
        from pipelines.lifecycle.promote import registered

        return registered(load(config))

    run(work, results.registered, as_json=as_json)


@app.command()
def promote(
    target: Annotated[str, typer.Argument(help="upsell, cross_sell, downsell or churn.")],
    version: Annotated[str, typer.Option(help="A version, or an alias.")] = "challenger",
    force: Annotated[bool, typer.Option(help="Promote although the gate refuses.")] = False,
    why: Annotated[str, typer.Option(help="The reason, kept in the log.")] = "",
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Make a version the champion and publish it for serving, if the gate lets it pass."""

    def work(_report: Report) -> PromotionResult:
        from pipelines.lifecycle.promote import promote as promoted

        return promoted(load(config), target, version, force=force, why=why)

    run(work, show_promoted.promoted, as_json=as_json, code=lambda result: int(not result.promoted))


@app.command()
def rollback(
    target: Annotated[str, typer.Argument(help="upsell, cross_sell, downsell or churn.")],
    why: Annotated[str, typer.Option(help="The reason, kept in the log.")] = "",
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Make the champion before this one the champion again and publish it."""

    def work(_report: Report) -> PromotionResult:
        from pipelines.lifecycle.promote import rollback as rolled_back

        return rolled_back(load(config), target, why=why)

    run(work, show_promoted.promoted, as_json=as_json)


@app.command()
def promotions(
    on: Annotated[
        datetime | None,
        typer.Option(parser=day, metavar=DAY, help="Only what was in use on that day (UTC)."),
    ] = None,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Tell which version was in use from when to when, who put it there and why."""

    def work(_report: Report) -> list[dict[str, Any]]:
        from pipelines.lifecycle.promotion_log import listed

        return listed(load(config), on.date() if on else None)

    run(work, show_promoted.log, as_json=as_json)


@app.command()
def score(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Score the newest accounts with reasons and write them to the score store."""

    def work(report: Report) -> ScoreResult:
        from pipelines.scoring.score import score as scored

        return scored(load(config), report)

    run(work, results.scored, as_json=as_json)


@app.command()
def moved(
    config: Config = DEFAULT,
    since: Annotated[
        str, typer.Option(help="Compare with the newest scoring on or before this day.")
    ] = "",
    account: Annotated[str, typer.Option(help="Only this account.")] = "",
    top: Annotated[int, typer.Option(min=1, help="So many of the largest changes.")] = 10,
    as_json: Json = False,
) -> None:
    """Say why probabilities moved since the last scoring: data, model or calibration."""

    def work(_report: Report) -> MovedResult:
        from pipelines.scoring.score_changes import explain_moves

        return explain_moves(load(config), since, account, top)

    run(work, score_changes.moved, as_json=as_json)


@app.command()
def forecast(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Forecast NRR and GRR of today's accounts in twelve months, with its record in the past."""

    def work(report: Report) -> ForecastResult:
        from pipelines.scoring.nrr_forecast import forecast_base

        return forecast_base(load(config), report)

    run(work, show_forecast.forecasted, as_json=as_json)


@app.command()
def journey(
    config: Config = DEFAULT,
    cohort: Annotated[
        str, typer.Option(help="Print this half-year of starts, such as '2024 H1'.")
    ] = "all",
    out: Annotated[Path | None, typer.Option(help="Folder of table and plot, if another.")] = None,
    as_json: Json = False,
) -> None:
    """Compare who had reached a step of the journey by a day with who had not, a year on."""

    def work(report: Report) -> JourneyResult:
        from pipelines.scoring.adoption_effect import analyse

        return analyse(load(config), out, report)

    run(work, partial(adoption.journey, by=cohort), as_json=as_json)


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

    def work(progress: Report) -> WatchResult:
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

    def work(progress: Report) -> ReportResult:
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

    def work(_report: Report) -> DeliverResult:
        from pipelines.delivery.deliver import deliver as delivered

        on = week.date() if week else None
        return delivered(load(config), on=on, again=again, dry_run=dry_run)

    run(work, partial(show_deliver.delivered, dry_run=dry_run), as_json=as_json)


@app.command()
def weekly(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Do a week's work: check, build, score, forecast, watch, report, and tell others.

    Run again, it goes on where it ended. Exits with 0 once all ran, whatever the watch found.
    """

    def work(report: Report) -> WeeklyResult:
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

    def work(report: Report) -> ExportResult:
        from pipelines.delivery.crm.export import export as exported
        from pipelines.delivery.crm.fields import known_format

        start = since.date() if since else None
        chosen = known_format(form)
        return exported(load(config), chosen, out, start, dry_run=dry_run, progress=report)

    run(work, show_export.exported, as_json=as_json)


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

    def work(_report: Report) -> NotifyResult:
        from pipelines.delivery.notify import notify as notified

        return notified(load(config), wait, again)

    run(work, show_notify.notified, as_json=as_json, code=lambda result: int(not result.ok))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    config: Config = DEFAULT,
) -> None:
    """Answer over HTTP from the published scores; the API's pages are under /docs."""

    def work(_report: Report) -> Settings:
        return load(config)

    run(work, partial(_serve, host=host, port=port), as_json=False)


def _serve(settings: Settings, *, host: str, port: int) -> None:
    # A process of its own: the server must not carry the pipelines' libraries. The store's URL may
    # hold a password, and a command line can be read by everybody on the machine.
    known = {
        "EXPANSION_STORE_URL": settings.store_url,
        "EXPANSION_RELEASE_FOLDER": str(settings.release_folder),
        "EXPANSION_LANGUAGE": settings.company.language,
    }
    command = [sys.executable, "-m", "serving", "--host", host, "--port", str(port)]
    os.execve(sys.executable, command, {**os.environ, **known})  # noqa: S606


@app.command()
def audit(
    account: Annotated[str, typer.Option(help="Only this account.")] = "",
    key: Annotated[str, typer.Option(help="Only this key, by its id.")] = "",
    since: Annotated[
        datetime | None, typer.Option(parser=day, metavar=DAY, help="Only since this day (UTC).")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="So many of the newest.")] = 100,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Tell who asked the API for which account, when, and what they were answered."""

    def work(_report: Report) -> list[dict[str, Any]]:
        from pipelines.security.audit import asked

        return asked(load(config), account, key, since, top)

    run(work, erased.audited, as_json=as_json)


@app.command()
def erase(
    account: Annotated[str, typer.Option(help="The account to erase, by its id.")] = "",
    contact: Annotated[str, typer.Option(help="The person to erase, by their id.")] = "",
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Remove an account or a person from all that is ours, and show that they are gone."""
    if bool(account) == bool(contact):
        raise typer.BadParameter("name one: --account ID or --contact ID")

    def work(report: Report) -> Erasure:
        from pipelines.security.erase import erase as erased

        kind: Kind = "account" if account else "contact"
        return erased(load(config), kind, account or contact, report)

    run(work, erased.erased, as_json=as_json, code=lambda result: int(not result.ok))


@app.command()
def catalogue(
    write: Annotated[bool, typer.Option(help="Write the generated documents under docs/.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the company's catalogue into this folder.")
    ] = None,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Show every feature of a company, or write the generated documents anew."""

    def work(_report: Report) -> Documents:
        from pipelines.cli.documents import listed, written, written_for

        settings = load(config)
        if write:
            return written(Path("docs"), app)
        return written_for(settings, out) if out else listed(settings)

    run(work, results.catalogue, as_json=as_json)


@app.command()
def demo(
    accounts: Annotated[int, typer.Option(min=100, help="How many accounts.")] = 1000,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Go the whole way on a simulated company: simulate, check, build, train, score, report."""

    def work(report: Report) -> DemoResult:
        from pipelines.orchestration.demo import demo as demonstrated

        return demonstrated(load(config), accounts=accounts, progress=report)

    run(work, results.demonstrated, as_json=as_json)
