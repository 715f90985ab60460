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

app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Who will use the key, such as crm.")],
    scope: Annotated[
        list[str], typer.Option(help="read, score, feedback or admin; can be repeated.")
    ] = ["read"],  # noqa: B006 (Typer reads it, nobody writes it)
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days of validity.")] = 365,
    per_minute: Annotated[
        int | None, typer.Option(min=1, help="Requests per minute; default: the server's limit.")
    ] = None,
    most_body_bytes: Annotated[
        int | None,
        typer.Option(min=1, help="Largest request body in bytes; default: the server's limit."),
    ] = None,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Create a key and print it once; only its hash is stored."""

    def work(_report: Progress) -> MadeKey:
        from pipelines.security.api_keys import create as created

        limits = {"per_minute": per_minute, "most_body_bytes": most_body_bytes}
        return created(load(config), name, scope, days, **limits)

    run(work, security.created, as_json=as_json)


@app.command("list")
def listed(config: Config = DEFAULT, as_json: Json = False) -> None:
    """List all keys with their scopes and state."""

    def work(_report: Progress) -> list[dict[str, Any]]:
        from pipelines.security.api_keys import listed as all_keys

        return all_keys(load(config))

    run(work, security.listed, as_json=as_json)


@app.command()
def revoke(
    key_id: Annotated[
        str, typer.Argument(help="The id of the key: the part between the underscores.")
    ],
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Revoke a key; servers refuse it within seconds."""

    def work(_report: Progress) -> dict[str, Any]:
        from pipelines.security.api_keys import revoke as revoked

        return revoked(load(config), key_id)

    run(work, security.revoked, as_json=as_json)
