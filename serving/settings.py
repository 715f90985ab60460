"""What the server needs to know, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from features.errors import UsageError

STORE = "EXPANSION_STORE_URL"
RELEASES = "EXPANSION_RELEASE_FOLDER"


class ServingSettings(BaseModel):
    """Where scores and releases lie, and the limits of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store_url: str = Field(description="SQLAlchemy URL of the score store.")
    release_folder: Path = Field(description="Folder of the releases.")
    refresh_seconds: float = Field(
        default=5.0, gt=0, description="How often a new release is looked for."
    )
    most_body_bytes: int = Field(default=262_144, gt=0, description="Largest request body.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ServingSettings:
        """Return the settings that the environment variables name.

        Raises
        ------
        UsageError
            Naming every variable that is not set.
        """
        missing = [name for name in (STORE, RELEASES) if not environment.get(name)]
        if missing:
            raise UsageError([f"{name} is not set" for name in missing])
        return cls(store_url=environment[STORE], release_folder=Path(environment[RELEASES]))
