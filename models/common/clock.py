"""The time, in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

ZONES = timedelta(days=1)
"""By so much a place's date may be ahead of UTC's."""


def utc_now() -> datetime:
    """Return the time now, with UTC as its time zone."""
    return datetime.now(UTC)


def latest_today() -> date:
    """Return the latest date that is today somewhere: what lies after it has not happened yet."""
    return utc_now().date() + ZONES


def stored_now() -> datetime:
    """Return the time now as the store holds it: in UTC, without a time zone, to the second."""
    return naive_utc(utc_now()).replace(microsecond=0)


def naive_utc(moment: datetime) -> datetime:
    """Return a moment as the store holds it: in UTC, without a time zone.

    A moment without a time zone is taken for UTC.
    """
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
