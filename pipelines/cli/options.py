"""Options that most verbs take."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

DAY = "YYYY-MM-DD"
DEFAULT = Path("expansion.toml")


def day(text: str) -> datetime:
    """Return the day that an option names; wrong usage when it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        told = f"{text!r} is no day; write it as {DAY}, such as 2026-03-31"
        raise typer.BadParameter(told) from None


Config = Annotated[Path, typer.Option("--config", help="The company's settings (TOML).")]
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on stdout.")]
Language = Annotated[
    Literal["en", "de"] | None,
    typer.Option("--language", help="What people read; [company] language when not given."),
]
Week = Annotated[
    datetime | None,
    typer.Option(parser=day, metavar=DAY, help="A former day, if not the newest."),
]
