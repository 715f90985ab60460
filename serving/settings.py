"""What the server needs to know, read once."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class ServingSettings(BaseModel):
    """Where scores and releases lie, and the limits of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store_url: str = Field(description="SQLAlchemy URL of the score store.")
    release_folder: Path = Field(description="Folder of the releases.")
    refresh_seconds: float = Field(
        default=5.0, gt=0, description="How often a new release is looked for."
    )
    most_body_bytes: int = Field(default=262_144, gt=0, description="Largest request body.")
