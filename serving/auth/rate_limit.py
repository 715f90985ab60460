"""How often a key may ask: a bucket of tokens that fills evenly, in memory, for each process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException


@dataclass
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """Lets a caller ask ``per_minute`` times a minute, evenly or all at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key_id: str, per_minute: int) -> float:
        """Take a token; return 0, or the seconds until there is one again."""
        now = self._clock()
        bucket = self._buckets.setdefault(key_id, _Bucket(per_minute, now))
        filled = bucket.tokens + (now - bucket.at) * per_minute / 60
        bucket.tokens, bucket.at = min(float(per_minute), filled), now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) * 60 / per_minute
        bucket.tokens -= 1
        return 0.0

    def check(self, key_id: str, per_minute: int) -> None:
        """Take a token, or raise the ``HTTPException`` 429 that says when to come again."""
        if wait := self.take(key_id, per_minute):
            # A CRM may not show headers to who wrote its code: the text says it, too.
            seconds = math.ceil(wait)
            raise HTTPException(
                429,
                f"Rate limit of {per_minute} requests a minute exceeded. Try again in {seconds} s.",
                {"Retry-After": str(seconds)},
            )
