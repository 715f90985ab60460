"""Which version of this software runs."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "expansion-propensity"
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def software_version() -> str:
    """Return the version of the checkout that runs, or of what is installed outside of one."""
    if PROJECT.exists():
        project = tomllib.loads(PROJECT.read_text("utf-8")).get("project", {})
        if project.get("name") == DISTRIBUTION:
            return str(project["version"])
    return metadata.version(DISTRIBUTION)
