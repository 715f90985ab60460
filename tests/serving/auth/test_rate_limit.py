"""A bucket of tokens: a burst at once, then evenly, and each key for itself."""

from __future__ import annotations

from itertools import count

import pytest

from serving.auth.rate_limit import RateLimit


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(limit: RateLimit, key: str, per_minute: int) -> int:
    """Say how many tokens can be taken at once."""
    return next(number for number in count() if limit.take(key, per_minute))


def test_a_minute_s_worth_may_come_at_once() -> None:
    assert taken(RateLimit(Clock()), "a", 60) == 60


def test_tokens_come_back_evenly_and_never_more_than_a_minute_s_worth() -> None:
    clock = Clock()
    limit = RateLimit(clock)
    taken(limit, "a", 60)
    clock.now += 10.5
    assert taken(limit, "a", 60) == 10
    clock.now += 3600
    assert taken(limit, "a", 60) == 60


@pytest.mark.parametrize("per_minute", [1, 7, 60, 6000])
def test_who_waits_as_long_as_told_gets_in(per_minute: int) -> None:
    clock = Clock()
    limit = RateLimit(clock)
    taken(limit, "a", per_minute)
    wait = limit.take("a", per_minute)
    clock.now += wait * 0.9
    assert limit.take("a", per_minute) > 0
    clock.now += wait * 0.1 + 1e-6
    assert limit.take("a", per_minute) == 0


def test_each_key_has_its_own() -> None:
    limit = RateLimit(Clock())
    taken(limit, "a", 5)
    assert taken(limit, "b", 5) == 5
