"""What the server needs to know, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import UsageError

PREFIX = "EXPANSION_"
STORE = "EXPANSION_STORE_URL"
RELEASES = "EXPANSION_RELEASE_FOLDER"


class ServingSettings(BaseModel):
    """Where scores and releases lie, who may ask, and the limits of a request.

    Each field is read from the environment variable of its name, such as ``EXPANSION_KEYS``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    store_url: str = Field(description="SQLAlchemy URL of the score store.")
    release_folder: Path = Field(description="Folder of the releases.")
    refresh_seconds: float = Field(
        default=5.0, gt=0, description="How often a new release is looked for."
    )
    most_body_bytes: int = Field(default=262_144, gt=0, description="Largest request body.")
    keys: Literal["required", "off"] = Field(
        default="required", description="Whether a caller needs a key; off answers everybody."
    )
    docs: Literal["on", "off"] = Field(
        default="on", description="Whether /docs, /redoc and /openapi.json are answered."
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ServingSettings:
        """Return the settings that the environment variables name; an empty one counts as unset.

        Raises
        ------
        UsageError
            Naming every variable that is not set, or whose value is not understood.
        """
        names = {field: f"{PREFIX}{field.upper()}" for field in cls.model_fields}
        given = {field: environment[name] for field, name in names.items() if environment.get(name)}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise UsageError([_told(names, one) for one in error.errors()]) from None


def _told(names: Mapping[str, str], error: Mapping[str, object]) -> str:
    place = error["loc"]
    name = names[str(place[0])] if isinstance(place, tuple) else PREFIX
    if error["type"] == "missing":
        return f"{name} is not set"
    # The value is left out: an address may hold a password.
    return f"{name}: {error['msg']}"
