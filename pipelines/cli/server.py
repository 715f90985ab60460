"""Verbs around the server: serve, audit, erase."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.console import run
from pipelines.cli.options import DAY, DEFAULT, Config, Json, day
from pipelines.cli.show import security
from pipelines.common.progress import Progress
from pipelines.config.settings import Settings, load

if TYPE_CHECKING:
    from models.store.erased_ids import Kind
    from pipelines.security.erase import Erasure


app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    config: Config = DEFAULT,
) -> None:
    """Serve scores over HTTP; the API reference is at /docs."""

    def work(_report: Progress) -> Settings:
        return load(config)

    run(work, partial(_serve, host=host, port=port), as_json=False)


def _serve(settings: Settings, *, host: str, port: int) -> None:
    # A process of its own: the server must not carry the pipelines' libraries. The store's URL may
    # hold a password, and a command line can be read by everybody on the machine.
    environment = {
        "EXPANSION_STORE_URL": settings.store_url,
        "EXPANSION_RELEASE_FOLDER": str(settings.release_folder),
        "EXPANSION_LANGUAGE": settings.company.language,
    }
    command = [sys.executable, "-m", "serving", "--host", host, "--port", str(port)]
    os.execve(sys.executable, command, {**os.environ, **environment})  # noqa: S606


@app.command()
def audit(
    account: Annotated[str, typer.Option(help="Only this account.")] = "",
    key: Annotated[str, typer.Option(help="Only this API key, by its id.")] = "",
    since: Annotated[
        datetime | None, typer.Option(parser=day, metavar=DAY, help="Only since this date (UTC).")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Number of entries, newest first.")] = 100,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """List who requested which account from the API, when, and the response status."""

    def work(_report: Progress) -> list[dict[str, Any]]:
        from pipelines.security.audit import asked

        return asked(load(config), account, key, since, top)

    run(work, security.audited, as_json=as_json)


@app.command()
def erase(
    account: Annotated[str, typer.Option(help="The account to erase, by its id.")] = "",
    contact: Annotated[str, typer.Option(help="The contact to erase, by their id.")] = "",
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Erase an account or a contact everywhere and prove that nothing remains."""
    if bool(account) == bool(contact):
        raise typer.BadParameter("give either --account ID or --contact ID")

    def work(report: Progress) -> Erasure:
        from pipelines.security.erase import erase as erase_everywhere

        kind: Kind = "account" if account else "contact"
        return erase_everywhere(load(config), kind, account or contact, report)

    run(work, security.erased, as_json=as_json, code=lambda result: int(not result.ok))
