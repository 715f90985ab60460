"""What a declaration must keep to, and the sentences that refuse one which does not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from features.contract import TABLES
from features.declaration.sentences import sentence_problems
from features.declaration.units import UNITS
from features.labels.targets import TARGETS

if TYPE_CHECKING:
    from features.declaration.feature import Feature

PLAIN = re.compile(r"[a-z][a-z0-9_]*")
RESERVED = ("account_id", "as_of", "started_on", "known_at", "name", "csm_id")
"""What every row carries beside its features; none of it may be learned by heart."""


def group_problems(name: str, meaning: str, owner: str) -> list[str]:
    """List every rule that a group breaks, each with what to do."""
    rules = (
        (not PLAIN.fullmatch(name), "needs a name of lower-case letters, digits and _"),
        (not meaning.strip(), "has no meaning; say in a sentence what its features tell"),
        (not owner.strip(), "has no owner; name the team that answers for its features"),
    )
    return [f"group {name!r} {sentence}" for broken, sentence in rules if broken]


def source_problems(group: str, sources: Sequence[str]) -> list[str]:
    """Say which tables a set of rows names that the contract does not have."""
    unknown = [source for source in sources if source not in TABLES]
    if unknown:
        contract = ", ".join(TABLES)
        return [f"group {group}: unknown source {', '.join(unknown)}; the contract has {contract}"]
    return [] if sources else [f'group {group}: rows() needs its tables, as rows("usage_daily")']


def feature_problems(feature: Feature, taken: set[str]) -> list[str]:
    """List every rule that a feature breaks, each with what to do; ``taken`` are known names."""
    where = f"feature {feature.group}.{feature.name}"
    rules = (
        *_name(feature, taken),
        *_meaning(feature),
        *sentence_problems(feature),
        *_variants(feature),
        *_monotone(feature),
    )
    return [f"{where} {sentence}" for broken, sentence in rules if broken]


def _name(feature: Feature, taken: set[str]) -> Iterator[tuple[bool, str]]:
    name, is_flag = feature.name, feature.name.startswith(("is_", "has_"))
    yield not PLAIN.fullmatch(name), "needs a name of lower-case letters, digits and _; rename it"
    yield name in taken, "is declared twice; rename or remove one of the two"
    yield "_next_" in name, "has '_next_' in its name, which marks labels; rename it"
    yield name in RESERVED, "is called like a column that every row carries; rename it"
    yield name in TARGETS, "is called like a target; rename it"
    yield (
        feature.unit == "flag" and not is_flag,
        "says yes or no; let its name begin with is_, has_",
    )
    yield (
        is_flag and feature.unit in set(UNITS) - {"flag"},
        "is called like a flag; use unit='flag'",
    )


def _meaning(feature: Feature) -> Iterator[tuple[bool, str]]:
    low, high = feature.expected
    absent, units = feature.absent, ", ".join(UNITS)
    yield not feature.description, "has no docstring; write what it measures in its first line"
    yield (
        feature.unit not in UNITS,
        f"has the unknown unit {feature.unit!r}; use one of {units}",
    )
    empty = low is not None and high is not None and low > high
    yield empty, f"expects {low} to {high}, where nothing lies; swap the two"
    yield (
        absent is not None and feature.unit == "category",
        f"is a name, and absent={absent} a number; leave `absent` out",
    )
    outside = absent is not None and not _within(absent, low, high)
    yield outside and not empty, f"gives absent={absent}, outside what it expects; mend one of both"


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or low <= value) and (high is None or value <= high)


def _variants(feature: Feature) -> Iterator[tuple[bool, str]]:
    uneven = [window for window in feature.windows if window <= 0 or window % 7]
    early = [day for day in feature.by_days if day <= 0]
    yield (
        bool(uneven),
        f"has windows {uneven} that are no multiples of seven days; weekdays would "
        "weigh unequally, so use 7, 28, 91, 182 or 364",
    )
    yield bool(early), f"has by_days {early}; count from 1, the first day after the start"
    both = bool(feature.windows and feature.by_days)
    yield both, "has both windows and by_days; declare two features"
    counts = Counter((*feature.windows, *feature.by_days))
    twice = [days for days, times in counts.items() if times > 1]
    yield bool(twice) and not both, f"names {twice} twice; a column each is enough"
    blind = feature.rows is None and bool(feature.windows) and not feature.takes_window
    yield blind, "has windows, but its function takes no `window`: all columns would be the same"
    yield (
        feature.rows is None and bool(feature.by_days),
        "combines columns, which know no days since the start; combine the `_by_day_` columns",
    )


def _monotone(feature: Feature) -> Iterator[tuple[bool, str]]:
    unknown = [name for name in feature.monotone if name not in TARGETS]
    yield (
        bool(unknown),
        f"is monotone for the unknown target {', '.join(unknown)}; there are {', '.join(TARGETS)}",
    )
    odd = [f"{name}={way!r}" for name, way in feature.monotone.items() if way not in (1, -1)]
    yield bool(odd), f"has the direction {', '.join(odd)}; use +1 for rising, -1 for falling"
