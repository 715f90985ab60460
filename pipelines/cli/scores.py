"""Verbs over scores: score, what moved, forecast, journey."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.console import run
from pipelines.cli.options import DEFAULT, Config, Json
from pipelines.cli.show import adoption, results, score_changes
from pipelines.cli.show import forecast as show_forecast
from pipelines.common.progress import Progress
from pipelines.config.settings import load

if TYPE_CHECKING:
    from pipelines.scoring.adoption_effect import JourneyResult
    from pipelines.scoring.nrr_forecast import ForecastResult
    from pipelines.scoring.score import ScoreResult
    from pipelines.scoring.score_changes import MovedResult


app = typer.Typer()


@app.command()
def score(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Score all current accounts, with drivers and plays, into the score store."""

    def work(report: Progress) -> ScoreResult:
        from pipelines.scoring.score import score as scored

        return scored(load(config), report)

    run(work, results.scored, as_json=as_json)


@app.command()
def moved(
    config: Config = DEFAULT,
    since: Annotated[
        str, typer.Option(help="Compare with the newest scoring on or before this date.")
    ] = "",
    account: Annotated[str, typer.Option(help="Only this account.")] = "",
    top: Annotated[int, typer.Option(min=1, help="Number of changes to show, largest first.")] = 10,
    as_json: Json = False,
) -> None:
    """Show why probabilities changed since the last scoring: data, model or calibration."""

    def work(_report: Progress) -> MovedResult:
        from pipelines.scoring.score_changes import explain_moves

        return explain_moves(load(config), since, account, top)

    run(work, score_changes.moved, as_json=as_json)


@app.command()
def forecast(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Forecast NRR and GRR of today's accounts in 12 months, with a backtest."""

    def work(report: Progress) -> ForecastResult:
        from pipelines.scoring.nrr_forecast import forecast_base

        return forecast_base(load(config), report)

    run(work, show_forecast.forecasted, as_json=as_json)


@app.command()
def journey(
    config: Config = DEFAULT,
    cohort: Annotated[
        str, typer.Option(help="Half-year in which accounts started, such as '2024 H1'.")
    ] = "all",
    out: Annotated[
        Path | None, typer.Option(help="Folder for table and plot; default: <work>/journey.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare outcomes of accounts that reached a milestone in time with those that did not."""

    def work(report: Progress) -> JourneyResult:
        from pipelines.scoring.adoption_effect import analyse

        return analyse(load(config), out, report)

    run(work, partial(adoption.journey, by=cohort), as_json=as_json)
