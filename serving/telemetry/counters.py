"""Counts answers at the price of a dictionary's entry; ``serving.routes.metrics`` shows them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

from starlette.types import Scope

from models.inference.encoding import Row

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds up to which each bucket of the histogram reaches."""
NO_ROUTE = "none"
RECENT = 2000
"""So many posted rows are held against the training data."""

How = Literal["lookup", "batch", "row", "what-if"]
Versions = tuple[tuple[str, str | None], ...]
"""The version of each target's model."""
Answered = tuple[str, str, int]
"""A route's template, the method and the status; templates hold no account."""


@dataclass
class Latency:
    """How long answers of one kind took: a count for each bucket and one beyond, and the sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0


class Counters:
    """What one process has answered since it started.

    ``answered`` belongs to the event loop; ``scored`` is called from threads, too.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self.latencies: dict[Answered, Latency] = {}
        self.scores: Counter[tuple[How, Versions]] = Counter()
        self.rows_refused = 0
        # Features alone, without an id: of whom they are is not kept.
        self.posted: deque[tuple[str, Row]] = deque(maxlen=RECENT)
        self._lock = Lock()

    def answered(self, scope: Scope, seconds: float) -> None:
        """Count a request that was answered, or given up by who asked (status 0)."""
        self.in_flight -= 1
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        # Whoever asks for what is no route may send any word as a method.
        method = NO_ROUTE if route is NO_ROUTE else scope["method"]
        kind = (route, method, scope["state"].get("status", 0))
        latency = self.latencies.get(kind)
        if latency is None:
            latency = self.latencies[kind] = Latency()
        latency.counts[bisect_left(BOUNDS, seconds)] += 1
        latency.seconds += seconds

    def scored(self, how: How, versions: Versions, count: int = 1) -> None:
        """Count accounts or rows that were given scores of these models."""
        with self._lock:
            self.scores[how, versions] += count
