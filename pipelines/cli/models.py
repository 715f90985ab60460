"""Verbs over models: train, list, promote, roll back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from features.labels.targets import TARGETS
from pipelines.cli.console import next_step, run
from pipelines.cli.options import DAY, DEFAULT, Config, Json, day
from pipelines.cli.show import promotions as show_promoted
from pipelines.cli.show import results
from pipelines.common.progress import Progress
from pipelines.config.settings import load

if TYPE_CHECKING:
    from pipelines.lifecycle.promote import PromotionResult
    from pipelines.lifecycle.train import TrainResult


app = typer.Typer()
A_TARGET = f"One of {', '.join(TARGETS)}, or a label of the company's own."

Targets = Annotated[
    list[str] | None, typer.Option("--target", help="Only this target; can be repeated.")
]


@app.command()
def train(
    config: Config = DEFAULT,
    target: Targets = None,
    tune: Annotated[
        int, typer.Option(min=0, help="Number of parameter sets to try for each target.")
    ] = 0,
    table: Annotated[
        Path | None,
        typer.Option(help="Train on this CSV or Parquet file; --target is its outcome."),
    ] = None,
    account: Annotated[
        str, typer.Option("--id", help="With --table: the account column.")
    ] = "account_id",
    as_of: Annotated[str, typer.Option("--as-of", help="With --table: the date column.")] = "as_of",
    horizon: Annotated[
        int, typer.Option(min=1, help="With --table: days until the outcome is known.")
    ] = 91,
    trust: Annotated[
        list[str] | None,
        typer.Option(help="With --table: a column that looks like a leak and is none."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge, fit and register one model per target; publish those with skill.

    Exits with 1 where nothing is usable: no target has a model, nor a baseline clear of chance.
    """
    if trust and table is None:
        raise typer.BadParameter("--trust needs --table; else set [train] trusted")

    def work(report: Progress) -> TrainResult:
        from pipelines.lifecycle.train import train as trained

        if table is None:
            return trained(load(config), targets=target, tune=tune, progress=report)
        from pipelines.lifecycle.external_table import column_roles, train_table

        roles = column_roles(target or (), account, as_of, horizon)
        trusted = trust or ()
        return train_table(load(config), table, roles, tune=tune, trusted=trusted, progress=report)

    run(work, results.trained, as_json=as_json, code=lambda result: int(not result.is_usable))


@app.command()
def models(config: Config = DEFAULT, as_json: Json = False) -> None:
    """List all registered model versions with their metrics and aliases."""

    def work(_report: Progress) -> list[dict[str, Any]]:
        from pipelines.lifecycle.promote import registered

        return registered(load(config))

    run(work, results.registered, as_json=as_json)


@app.command()
def promote(
    target: Annotated[str, typer.Argument(help=A_TARGET)],
    version: Annotated[str, typer.Option(help="A version or an alias.")] = "challenger",
    force: Annotated[bool, typer.Option(help="Promote even if a check fails.")] = False,
    why: Annotated[str, typer.Option(help="The reason, for the log.")] = "",
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Make a version the champion and publish it for serving, if it passes all checks."""

    def work(_report: Progress) -> PromotionResult:
        from pipelines.lifecycle.promote import promote as promoted

        return promoted(load(config), target, version, force=force, why=why)

    run(work, _promoted, as_json=as_json, code=lambda result: int(not result.promoted))


def _promoted(result: PromotionResult) -> None:
    show_promoted.promoted(result)
    if result.promoted:
        next_step("score - with this version", f"rollback {result.target} - to undo this")
    else:
        next_step("train - another challenger, with newer data")


@app.command()
def rollback(
    target: Annotated[str, typer.Argument(help=A_TARGET)],
    why: Annotated[str, typer.Option(help="The reason, for the log.")] = "",
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Make the previous champion the champion again and publish it."""

    def work(_report: Progress) -> PromotionResult:
        from pipelines.lifecycle.promote import rollback as rolled_back

        return rolled_back(load(config), target, why=why)

    run(work, _promoted, as_json=as_json)


@app.command()
def promotions(
    on: Annotated[
        datetime | None,
        typer.Option(parser=day, metavar=DAY, help="Only versions in use on this date (UTC)."),
    ] = None,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """List which version was in use when, who promoted it and why."""

    def work(_report: Progress) -> list[dict[str, Any]]:
        from pipelines.lifecycle.promotion_log import listed, log

        return listed(log(load(config).mlflow.home).read(), on.date() if on else None)

    def show(result: list[dict[str, Any]]) -> None:
        show_promoted.log(result)
        next_step("rollback TARGET - back to the version before" if result else "models")

    run(work, show, as_json=as_json)
