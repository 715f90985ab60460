"""Where long computations run: beside the event loop, in pieces, so that short ones need not wait.

A request holds one place in the queue at a time, however much it computes: between two of its
pieces every other request has a turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class ComputeExecutor:
    """A thread for what computes: one, as a worker has one core."""

    def __init__(self, threads: int = 1) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="scorer")

    async def run(
        self, work: Callable[[Sequence[Piece]], list[Result]], pieces: Sequence[Piece], size: int
    ) -> list[Result]:
        """Return the results of ``work`` over ``pieces``, ``size`` of them at a time."""
        loop = asyncio.get_running_loop()
        results: list[Result] = []
        for start in range(0, len(pieces), size):
            batch = pieces[start : start + size]
            results += await loop.run_in_executor(self._pool, work, batch)
        return results

    def close(self) -> None:
        """Let the threads end; what is queued is given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
