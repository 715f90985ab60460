"""What the server needs to know, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import UsageError

PREFIX = "EXPANSION_"
STORE = "EXPANSION_STORE_URL"
RELEASES = "EXPANSION_RELEASE_FOLDER"
KEYS = "EXPANSION_KEYS"


class ServingSettings(BaseModel):
    """Where scores and releases lie, who may ask, and the limits of a request.

    Each field is read from the environment variable of its name, such as ``EXPANSION_KEYS``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    store_url: str = Field(description="SQLAlchemy URL of the score store.")
    release_folder: Path = Field(description="Folder of the releases.")
    refresh_seconds: float = Field(
        default=5.0, gt=0, description="How often new scores and releases are looked for."
    )
    cache_folder: Path | None = Field(
        default=None,
        description="Folder of the local copy of the scores, which workers may share and which "
        "outlives a restart; by default one that goes with the process.",
    )
    stale_days: int = Field(
        default=14, ge=0, description="Age in days above which scores are called stale."
    )
    most_body_bytes: int = Field(default=2_097_152, gt=0, description="Largest request body.")
    keys: Literal["required", "off"] = Field(
        default="required", description="Whether a caller needs a key; off answers everybody."
    )
    keys_seconds: float = Field(
        default=5.0, gt=0, description="How soon a new or revoked key counts."
    )
    per_minute: int = Field(
        default=6000, gt=0, description="Requests a minute of a key without a limit of its own."
    )
    spool_folder: Path | None = Field(
        default=None,
        description="Where audit and feedback wait for the store; else beside the releases.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks, parted by commas, whose X-Forwarded headers count.",
    )
    app: Literal["on", "off"] = Field(
        default="on", description="Whether the portfolio pages are served under /app."
    )
    app_secret: str = Field(
        default="",
        description="What signs the sessions of the pages, the same on every machine; else a file "
        "beside the spools.",
    )
    proxy_user_header: str = Field(
        default="",
        description="Header in which a trusted proxy names who has signed in to it, for the pages.",
    )
    proxy_scopes: str = Field(
        default="read,score,feedback",
        description="Scopes, parted by commas, of those whom a trusted proxy names.",
    )
    language: Literal["en", "de"] = Field(
        default="en",
        description="Language of plays and reasons, as `[company] language` has them written.",
    )
    log: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="What is logged; info has a line for every request."
    )
    metrics: Literal["keys", "open", "off"] = Field(
        default="keys", description="Whether /metrics needs a key, is open to all, or is not there."
    )
    docs: Literal["on", "off"] = Field(
        default="on", description="Whether /docs, /redoc and /openapi.json are answered."
    )

    def queue_folder(self, kind: str) -> Path:
        """Return the folder in which lines of a kind wait; two stores never share one."""
        base = self.spool_folder or self.release_folder.absolute().with_name("spool")
        return base / sha256(self.store_url.encode()).hexdigest()[:12] / kind

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ServingSettings:
        """Return the settings that the environment variables name; an empty one counts as unset.

        Raises
        ------
        UsageError
            Naming every variable that is not set, or whose value is not understood.
        """
        names = {field: f"{PREFIX}{field.upper()}" for field in cls.model_fields}
        values = {
            field: environment[name] for field, name in names.items() if environment.get(name)
        }
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise UsageError([_explain(names, error) for error in error.errors()]) from None


def _explain(names: Mapping[str, str], error: Mapping[str, object]) -> str:
    place = error["loc"]
    name = names[str(place[0])] if isinstance(place, tuple) else PREFIX
    if error["type"] == "missing":
        return f"{name} is not set"
    # The value is left out: an address may hold a password.
    return f"{name}: {error['msg']}"
