"""``expansion scorings``: lists the scorings; verbs of its own take one back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.console import run
from pipelines.cli.options import DEFAULT, Config, Json
from pipelines.cli.show import scorings as show
from pipelines.config.settings import load

if TYPE_CHECKING:
    from pipelines.common.progress import Progress
    from pipelines.scoring.scorings import ScoringsResult, WithdrawalResult

app = typer.Typer()
Id = Annotated[str, typer.Argument(help="The id, as `expansion scorings` lists it.")]


@app.callback(invoke_without_command=True)
def listed(context: typer.Context, config: Config = DEFAULT, as_json: Json = False) -> None:
    """List every scoring, the newest first, or take one back.

    Each with its date, when it was made, release, accounts, and whether it is valid, withdrawn (by
    whom and why) or of the future.
    """
    if context.invoked_subcommand is not None:
        if config != DEFAULT or as_json:
            verb = f"expansion scorings {context.invoked_subcommand}"
            raise typer.BadParameter(f"write --config and --json after the verb: {verb} ...")
        return

    def work(_progress: Progress) -> ScoringsResult:
        from pipelines.scoring.scorings import listed as all_scorings

        return all_scorings(load(config))

    run(work, show.listed, as_json=as_json)


@app.command()
def withdraw(
    scoring_id: Id,
    reason: Annotated[str, typer.Option(help="Why, for the list and the audit log.")],
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Take a scoring back: the one before counts again in the API, pages, report, CRM, webhooks.

    Running servers follow within seconds. The forecast of the same date and data goes with it.
    """

    def work(_progress: Progress) -> WithdrawalResult:
        from pipelines.scoring.scorings import withdraw as withdrawn

        return withdrawn(load(config), scoring_id, reason)

    run(work, show.withdrawn, as_json=as_json)


@app.command()
def restore(scoring_id: Id, config: Config = DEFAULT, as_json: Json = False) -> None:
    """Let a withdrawn scoring count again."""

    def work(_progress: Progress) -> WithdrawalResult:
        from pipelines.scoring.scorings import restore as restored

        return restored(load(config), scoring_id)

    run(work, show.restored, as_json=as_json)
