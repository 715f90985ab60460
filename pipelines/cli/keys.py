"""``expansion keys``: a group of verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.console import run
from pipelines.cli.options import DEFAULT, Config, Json
from pipelines.cli.show import security
from pipelines.common.progress import Progress
from pipelines.config.settings import load

if TYPE_CHECKING:
    from pipelines.security.api_keys import MadeKey

app = typer.Typer(
    help="Make, list and revoke the keys with which the API is asked.", no_args_is_help=True
)


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Who will use it, such as crm.")],
    scope: Annotated[
        list[str], typer.Option(help="read, score, feedback or admin; may be given repeatedly.")
    ] = ["read"],  # noqa: B006 (Typer reads it, nobody writes it)
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is valid.")] = 365,
    per_minute: Annotated[
        int | None, typer.Option(min=1, help="Requests a minute, if not the server's limit.")
    ] = None,
    most_body_bytes: Annotated[
        int | None, typer.Option(min=1, help="Largest request body, if not the server's limit.")
    ] = None,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Make a key and print it once; only its hash is stored."""

    def work(_report: Progress) -> MadeKey:
        from pipelines.security.api_keys import create as created

        limits = {"per_minute": per_minute, "most_body_bytes": most_body_bytes}
        return created(load(config), name, scope, days, **limits)

    run(work, security.created, as_json=as_json)


@app.command("list")
def listed(config: Config = DEFAULT, as_json: Json = False) -> None:
    """List every key with its scopes and whether it is still valid."""

    def work(_report: Progress) -> list[dict[str, Any]]:
        from pipelines.security.api_keys import listed as all_keys

        return all_keys(load(config))

    run(work, security.listed, as_json=as_json)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The part between the underscores of a key.")],
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Revoke a key; servers refuse it within seconds."""

    def work(_report: Progress) -> dict[str, Any]:
        from pipelines.security.api_keys import revoke as revoked

        return revoked(load(config), key_id)

    run(work, security.revoked, as_json=as_json)
