"""Options that most verbs take."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

DAY = "YYYY-MM-DD"
DEFAULT = Path("expansion.toml")


def day(text: str) -> datetime:
    """Return the date that an option names; wrong usage when it is not one."""
    try:
        return datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        message = f"{text!r} is not a date; write it as {DAY}, such as 2026-03-31"
        raise typer.BadParameter(message) from None


chosen_config: ContextVar[Path] = ContextVar("chosen_config", default=DEFAULT)
"""The settings that the verb was called with, for what it proposes to call next."""


def _choose(config: Path) -> Path:
    chosen_config.set(config)
    return config


Config = Annotated[
    Path, typer.Option("--config", callback=_choose, help="The company's settings (TOML).")
]
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on stdout.")]
Language = Annotated[
    Literal["en", "de"] | None,
    typer.Option("--language", help="Language of the texts; default: [company] language."),
]
Week = Annotated[
    datetime | None,
    typer.Option(parser=day, metavar=DAY, help="A past date; default: the newest."),
]
