"""What is kept of every week: the courses that people with access, tickets and usage follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.arrays import Array
from pipelines.synthetic.state import State
from pipelines.synthetic.world import ADD_ONS, NEVER


@dataclass(frozen=True)
class History:
    """(n, weeks) arrays; ``ripe`` and ``held`` (n, weeks, add-ons); ``end_day`` (n,)."""

    activated: Array
    engagement: Array
    trouble: Array
    ripe: Array
    held: Array
    end_day: Array

    @classmethod
    def empty(cls, n: int, weeks: int) -> History:
        """Return room for ``n`` accounts."""
        return cls(
            activated=np.zeros((n, weeks), np.int32),
            engagement=np.zeros((n, weeks), np.float32),
            trouble=np.zeros((n, weeks), bool),
            ripe=np.zeros((n, weeks, len(ADD_ONS)), bool),
            held=np.zeros((n, weeks, len(ADD_ONS)), np.float32),
            end_day=np.full(n, NEVER, np.int32),
        )

    def keep(self, state: State, week: int) -> None:
        """Keep a week as it is before it closes."""
        running = state.running
        self.activated[:, week] = state.activated * running
        self.engagement[:, week] = state.engagement
        self.trouble[:, week] = state.trouble & running
        self.ripe[:, week] = state.ripe
        self.held[:, week] = state.held * running[:, None]
        self.end_day[:] = state.end_day
