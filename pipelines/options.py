"""Options that most verbs take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Option("--config", help="The company's settings (TOML).")]
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on stdout.")]
DEFAULT = Path("expansion.toml")
