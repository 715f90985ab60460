"""How the score store's schema reads at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.cli.console import line, next_step

if TYPE_CHECKING:
    from models.store.database import SchemaState, SchemaUpgrade


def upgraded(result: SchemaUpgrade) -> None:
    """Print which schema the store had and which it has now."""
    if result.before is None:
        line(f"{result.store} was empty and has schema {result.schema} now.")
    elif result.before == result.schema:
        line(f"{result.store} has schema {result.schema} already; nothing to do.")
    else:
        line(f"{result.store}: upgraded from schema {result.before} to {result.schema}.")
    next_step("serve - servers that ran before need a restart")


def state(result: SchemaState) -> None:
    """Print which schema the store has, and what to do where it is not the newest."""
    schema = "no schema yet" if result.schema is None else f"schema {result.schema}"
    line(f"{result.store} has {schema}; this version knows schema {result.newest}.")
    if result.is_newer:
        line("Update this installation: it neither reads nor writes a newer schema.")
        next_step("store status - after the update")
    elif result.schema != result.newest:
        next_step("store upgrade")
    else:
        next_step("scorings - what it holds")
