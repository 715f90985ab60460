"""Times are in UTC, with and without saying so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from models.common.clock import naive_utc, utc_now


def test_now_is_in_utc() -> None:
    assert utc_now().tzinfo is UTC
    assert abs(utc_now() - datetime.now(timezone(timedelta(hours=5)))) < timedelta(minutes=1)


def test_a_moment_of_another_zone_is_turned_into_utc() -> None:
    east = datetime(2026, 8, 3, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert naive_utc(east) == datetime(2026, 8, 2, 23, 30)  # noqa: DTZ001
    assert naive_utc(naive_utc(east)) == naive_utc(east)
