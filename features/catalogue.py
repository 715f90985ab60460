"""All feature groups in their order."""

from __future__ import annotations

from functools import cache

from features.adoption import adoption
from features.champions import champions
from features.commercial import commercial
from features.core import FeatureColumn, FeatureGroup
from features.seats import seats
from features.usage import usage

GROUPS: tuple[FeatureGroup, ...] = (seats, usage, adoption, champions, commercial)
"""Every group; a group that draws on another's columns comes after it."""


@cache
def columns() -> tuple[FeatureColumn, ...]:
    """Return every feature column in the order of the feature table."""
    return tuple(column for group in GROUPS for column in group.columns)
