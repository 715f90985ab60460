"""What drifted, in words that a CS leader can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from models.i18n.feature_text import phrase

if TYPE_CHECKING:
    from pipelines.monitoring.evidently_report import ColumnDrift

LOOK, ALARM = 0.05, 0.25
"""Shares of drifted columns from which to look, and from which not to act on the numbers."""
STRANGE, BROKEN = 0.5, 2.0
"""PSI of one column from which the same holds, however still the others are: ARR that is suddenly
in cents, or a table that came empty, moves few columns and spoils every amount on the page."""
USUAL = 0.5
"""Share of known values that a column needs in the reference to be called broken: growth over a
year, say, becomes known account by account while a young company's data grows older."""

NAMED = 3
"""Columns that the verdict's sentence names."""

Verdict = Literal["ok", "look", "alarm"]


def grows(column: Mapping[str, Any]) -> bool:
    """Say whether a column grows as time passes (age, days since, tenure): drift by nature."""
    name = str(column["name"])
    return column["unit"] == "days" and any(part in name for part in ("age_", "since", "tenure"))


def title(column: Mapping[str, Any]) -> str:
    """Return a column's description with its time window or milestone."""
    text = str(column["description"])
    if column.get("window_days"):
        return f"{text}, last {column['window_days']} days"
    return f"{text}, by day {column['by_day']}" if column.get("by_day") else text


def changed(column: Mapping[str, Any], before: pd.Series, now: pd.Series) -> str:
    """Return how a column's values differ, as one sentence."""
    if now.isna().all():
        return f"{title(column)}: not known for any account now{_unknown_before(before)}."
    if before.isna().all():
        return f"{title(column)}: not known for any account before, known now."
    gap = _gap(before, now)
    return f"{title(column)}: {_TELL.get(str(column['unit']), _number)(column, before, now)}{gap}."


def _unknown_before(before: pd.Series) -> str:
    return (
        " and before"
        if before.isna().all()
        else f", known for {_percent(before.notna().mean())} before"
    )


def _gap(before: pd.Series, now: pd.Series) -> str:
    was, is_ = before.isna().mean(), now.isna().mean()
    told = f"; not known for {_percent(is_)} of the accounts now, {_percent(was)} before"
    return told if abs(is_ - was) >= 0.05 else ""


def _number(column: Mapping[str, Any], before: pd.Series, now: pd.Series) -> str:
    unit = str(column["unit"])
    for middle, name in ((0.5, "typically"), (0.9, "in the top tenth from")):
        was, is_ = (phrase(unit, float(s.quantile(middle)), "").strip() for s in (before, now))
        if was != is_:
            return f"{name} {is_} now, {was} before"
    return f"typically {phrase(unit, float(now.median()), '').strip()}, as before"


def _flag(_column: Mapping[str, Any], before: pd.Series, now: pd.Series) -> str:
    return f"true for {_percent(now.mean())} now, {_percent(before.mean())} before"


def _category(_column: Mapping[str, Any], before: pd.Series, now: pd.Series) -> str:
    was, is_ = before.value_counts(normalize=True), now.value_counts(normalize=True)
    moved = is_.sub(was, fill_value=0).sort_index()
    name = str(moved.abs().idxmax())
    return f"“{name}” {_percent(is_.get(name, 0))} now, {_percent(was.get(name, 0))} before"


_TELL = {"flag": _flag, "category": _category}


def _percent(share: float) -> str:
    return f"{100 * float(share):.0f} %"


def judged(
    columns: Sequence[ColumnDrift], n_reference: int, n_current: int, fewest: int
) -> tuple[Verdict, float, str]:
    """Return the verdict, the share of counted columns that drifted, and a sentence on both."""
    counted = [column for column in columns if not column.grows and column.value is not None]
    drifted = sum(column.drifted for column in counted)
    share = round(drifted / len(counted), 4) if counted else 0.0
    if min(n_reference, n_current) < fewest or not counted:
        return "look", share, _too_few(n_reference, n_current, fewest)
    told = f"{drifted} of {len(counted)} columns moved clearly against the half year before"
    usual = [column for column in counted if column.known_before >= USUAL]
    verdict = _verdict(share, max((column.value or 0 for column in usual), default=0.0))
    return verdict, share, f"{told}{_unrecognisable(usual)}{_ADVICE[verdict]}"


def _verdict(share: float, largest: float) -> Verdict:
    if share >= ALARM or largest >= BROKEN:
        return "alarm"
    return "look" if share >= LOOK or largest >= STRANGE else "ok"


def _unrecognisable(columns: Sequence[ColumnDrift]) -> str:
    """Name the columns that nobody would recognise, the strangest first."""
    broken = [column for column in columns if (column.value or 0) >= BROKEN]
    names = [f"“{c.description}”" for c in sorted(broken, key=lambda c: -(c.value or 0))]
    named = list(dict.fromkeys(names))[:NAMED]
    return f"; unlike anything before: {', '.join(named)}" if named else ""


_ADVICE: dict[Verdict, str] = {
    "alarm": ": check the data feeds before anybody acts on these numbers.",
    "look": ": read which before relying on single scores.",
    "ok": "; the accounts look like those the models learned from.",
}


def _too_few(n_reference: int, n_current: int, fewest: int) -> str:
    return (
        f"Too few rows to tell drift from chance: {n_current:,} now against {n_reference:,} "
        f"before, {fewest:,} are needed on each side."
    )
