"""The demo company's accounts on their way through time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.arrays import Array
from pipelines.synthetic.event_log import Journal
from pipelines.synthetic.state import State
from pipelines.synthetic.traits import Traits
from pipelines.synthetic.world import World


@dataclass(frozen=True)
class Life:
    """A set of accounts on their way through time; the state changes, all else stays."""

    world: World
    traits: Traits
    state: State
    rng: np.random.Generator
    journal: Journal
    strains: Sequence[float]

    @property
    def size(self) -> int:
        """How many accounts."""
        return len(self.traits.start_day)

    def chance(self, *shape: int) -> Array:
        """Draw uniform numbers, a row an account."""
        return self.rng.random((self.size, *shape), np.float32)
