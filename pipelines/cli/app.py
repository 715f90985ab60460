"""The one command line: a verb a job, each restartable.

Exit codes: 0 done, 1 the data or a gate says no, 2 wrong usage, 3 the environment failed; `watch`
adds 4 the customers changed, 5 a model got worse, 6 the data is broken.
"""

from __future__ import annotations

import logging
import os
import sys

import typer

from pipelines.cli import data, keys, models, scores, server, weekly

app = typer.Typer(
    help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)

for verbs in (data.app, models.app, scores.app, weekly.app, server.app):
    app.add_typer(verbs)
app.add_typer(keys.app, name="keys")


def main() -> None:
    """Run the command line."""
    # Both libraries would send usage statistics home; nothing of a company leaves its machines.
    os.environ.setdefault("DO_NOT_TRACK", "true")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    app()
