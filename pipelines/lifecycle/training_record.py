"""What the newest training left to know, for those who do not train."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from models.lifecycle.fallback import Fallback

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

MEMORY = "training.json"
"""The newest training's outcomes, and the digest of what it depended on."""


def has_trained(settings: Settings) -> bool:
    """Say whether a training has found out what can be used, and what is lacking."""
    return (settings.work / MEMORY).exists()


def fallbacks(settings: Settings) -> dict[str, Fallback]:
    """Return by target what ranks accounts while no model is in use, as of the newest training."""
    if not has_trained(settings):
        return {}
    stored = json.loads((settings.work / MEMORY).read_text("utf-8"))
    return {
        outcome["target"]: Fallback.from_dict(outcome["fallback"])
        for outcome in stored.get("outcomes", ())
        if outcome.get("fallback")
    }
