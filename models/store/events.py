"""What other systems can be told of."""

from __future__ import annotations

from typing import Literal

Event = Literal["account.play_changed", "scores.published"]
