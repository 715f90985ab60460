"""``expansion store``: a group of verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from pipelines.cli.console import run
from pipelines.cli.options import DEFAULT, Config, Json
from pipelines.cli.show import store as show
from pipelines.config.settings import load

if TYPE_CHECKING:
    from models.store.database import SchemaState, SchemaUpgrade
    from pipelines.common.progress import Progress

app = typer.Typer(
    help="Upgrade the score store's schema, or say which one it has.", no_args_is_help=True
)


@app.command()
def upgrade(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Upgrade the score store to this version's schema; all rows stay, a failure changes nothing.

    The other verbs do so by themselves when they read or write the store; servers never do.
    """

    def work(_progress: Progress) -> SchemaUpgrade:
        from models.store.database import upgrade_schema
        from pipelines.common.lock import exclusive

        settings = load(config)
        with exclusive(settings.weekly_folder / "lock"):
            return upgrade_schema(settings.store_url)

    run(work, show.upgraded, as_json=as_json)


@app.command()
def status(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Print the score store's schema and the newest one that this version knows."""

    def work(_progress: Progress) -> SchemaState:
        from models.store.database import schema_state

        return schema_state(load(config).store_url)

    run(work, show.state, as_json=as_json)
