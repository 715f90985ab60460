"""Verbs over the company's data: simulate, check, build, catalogue, and the demo."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.console import run
from pipelines.cli.options import DAY, DEFAULT, Config, Json, day
from pipelines.cli.show import results
from pipelines.common.progress import Progress
from pipelines.config.settings import load

if TYPE_CHECKING:
    from features.provenance.row import Explanation
    from pipelines.build.build import BuildResult
    from pipelines.cli.documents import Documents
    from pipelines.ingest.check import CheckReport
    from pipelines.orchestration.demo import DemoResult
    from pipelines.synthetic import SimulationSummary


app = typer.Typer()

Data = Annotated[
    Path | None, typer.Option("--data", help="Folder of the source files; default: [data] folder.")
]


@app.command()
def simulate(
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write to; default: [data] folder."),
    ] = None,
    accounts: Annotated[int, typer.Option(min=1, help="Number of accounts.")] = 1000,
    months: Annotated[int, typer.Option(min=1, help="Months of history.")] = 36,
    seed: Annotated[int, typer.Option(help="Random seed; the same seed gives the same data.")] = 7,
    end: Annotated[
        datetime | None,
        typer.Option(
            parser=day, metavar=DAY, help="First day after the data; default: the latest Monday."
        ),
    ] = None,
    swing: Annotated[
        float,
        typer.Option(min=0, help="Strength of good and bad quarters that affect all accounts."),
    ] = 0.0,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Simulate a demo company: its tables and, separately, the true probabilities."""

    def work(report: Progress) -> SimulationSummary:
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
    """Check all source tables against the data contract and report every violation at once."""

    def work(_report: Progress) -> CheckReport:
        from pipelines.ingest.check import check as checked

        return checked(load(config, data_folder=data))

    run(work, results.violations, as_json=as_json, code=lambda report: int(not report.ok))


@app.command()
def build(
    config: Config = DEFAULT,
    data: Data = None,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="ACCOUNT",
            help="Only explain this account's row: labels, features, source rows.",
        ),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            parser=day, metavar=DAY, help="With --explain: the date; default: the newest."
        ),
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option(
            "--feature", help="With --explain: only this feature, with all its source rows."
        ),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Compute every date anew, instead of reusing unchanged ones."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Build the feature table: one Parquet file of features and labels by account and date."""
    if explain is not None:
        _explain(config, data, explain, as_of, feature or [], as_json=as_json)
        return
    if as_of or feature:
        raise typer.BadParameter("--as-of and --feature need --explain ACCOUNT")

    def work(report: Progress) -> BuildResult:
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
    def work(report: Progress) -> Explanation:
        from pipelines.build.explain import explain as explained

        day = as_of.date() if as_of else None
        return explained(load(config, data_folder=data), account_id, day, features, report)

    def shown(result: Explanation) -> None:
        from pipelines.cli.show.provenance import explained as show_explained

        show_explained(result, every_row=bool(features))

    run(work, shown, as_json=as_json)


@app.command()
def catalogue(
    context: typer.Context,
    write: Annotated[bool, typer.Option(help="Write the generated documents under docs/.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the company's feature catalogue into this folder.")
    ] = None,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """List every feature of the company, or regenerate the documents that come from the code."""

    def work(_report: Progress) -> Documents:
        from pipelines.cli.documents import listed, written, written_for

        settings = load(config)
        if write:
            return written(Path("docs"), context.find_root().command)
        return written_for(settings, out) if out else listed(settings)

    run(work, results.catalogue, as_json=as_json)


@app.command()
def demo(
    accounts: Annotated[int, typer.Option(min=100, help="Number of accounts.")] = 1000,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Run all steps for a simulated company, from its tables to the report."""

    def work(report: Progress) -> DemoResult:
        from pipelines.orchestration.demo import demo as demonstrated

        return demonstrated(load(config), accounts=accounts, progress=report)

    run(work, results.demonstrated, as_json=as_json)
