"""Forecast which accounts will grow, shrink or leave, and why. One verb per job, safe to repeat.

Exit codes: 0 done, 1 data or checks failed, 2 wrong usage, 3 environment failed; `monitor` adds
4 customer behaviour changed, 5 model underperforming, 6 data quality issue.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from models.common.software_version import software_version
from pipelines.cli import data, keys, models, scores, scorings, server, store, weekly

app = typer.Typer(
    help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"expansion {software_version()}")
        raise typer.Exit


@app.callback(help=__doc__)
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Take what comes before a verb."""


for verbs in (data.app, models.app, scores.app, weekly.app, server.app):
    app.add_typer(verbs)
app.add_typer(scorings.app, name="scorings")
app.add_typer(keys.app, name="keys")
app.add_typer(store.app, name="store")


def main() -> None:
    """Run the command line."""
    # Both libraries would send usage statistics home; nothing of a company leaves its machines.
    os.environ.setdefault("DO_NOT_TRACK", "true")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    app()
