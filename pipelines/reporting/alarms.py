"""What a CSM should see whatever the models say: champions, overselling, the first 90 days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from pipelines.reporting.wording import percent, plural

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.reporting.inputs import Inputs

MOST = 8
RECENT_DAYS = 91
"""A champion lost longer ago is history, no alarm."""
OVERSOLD = 0.5
"""Below this share of activated seats, selling more comes back as downsell."""
START_DAYS = 90
MINIMUM_BY = 30
"""Without a minimum of use by this day an account stands under a bad star."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Alert:
    """One account with what there is to see about it."""

    account_id: str
    name: str
    csm_id: str | None
    arr: float | None
    told: str


@dataclass(frozen=True)
class Alerts:
    """The largest accounts of one alarm; ``total`` counts all, ``known`` says the data has it."""

    total: int
    rows: tuple[Alert, ...]
    known: bool


def champions(inputs: Inputs) -> Alerts:
    """Accounts whose champion left, is about to, or is on a long leave."""
    return _alerts(inputs, "champions_count", _champion)


def oversold(inputs: Inputs) -> Alerts:
    """Accounts past their first 90 days that have activated less than half of what they pay for."""
    return _alerts(inputs, "seats_activated_share", _oversold)


def starting(inputs: Inputs) -> Alerts:
    """Accounts in their first 90 days."""
    return _alerts(inputs, "adoption_age_days", _starting)


def _champion(row: Row) -> str | None:
    lost, going, away = (
        row.get(f"champions_{what}") for what in ("days_since_lost", "going", "on_leave")
    )
    told = []
    if lost is not None and lost <= RECENT_DAYS and not row.get("has_champion_successor"):
        told.append(f"lost {plural(int(lost), 'day')} ago, no successor")
    if going:
        told.append(f"{plural(int(going), 'champion')} looking or leaving")
    if away:
        told.append(f"{plural(int(away), 'champion')} on long leave")
    left = int(row.get("champions_count") or 0)
    return f"{'; '.join(told)}; {left or 'none'} in place" if told else None


def _oversold(row: Row) -> str | None:
    share, age = row.get("seats_activated_share"), row.get("adoption_age_days")
    if share is None or share >= OVERSOLD or (age is not None and age <= START_DAYS):
        return None
    activated, licensed = row.get("seats_activated"), row.get("seats_licensed")
    of = (
        f": {activated:,.0f} of {licensed:,.0f} seats" if activated is not None and licensed else ""
    )
    return f"{percent(share)} activated{of}"


def _starting(row: Row) -> str | None:
    age = row.get("adoption_age_days")
    if age is None or age > START_DAYS:
        return None
    active = row.get("usage_active_users_28d")
    if active is None:
        return f"day {age:.0f}"
    if active:
        return f"day {age:.0f}, {active:,.0f} active in the last 28 days"
    late = ", under a bad star" if age > MINIMUM_BY else ""
    return f"day {age:.0f}, no use yet{late}"


def _alerts(inputs: Inputs, column: str, tell: Callable[[Row], str | None]) -> Alerts:
    """Tell every scored account's newest row, and keep the largest that have something to tell."""
    frame = inputs.newest
    if column not in frame or not _any(frame[column]):
        return Alerts(0, (), known=False)
    scores = {one.account_id: one for one in inputs.scores}
    found = []
    for row in frame.to_dict("records"):
        one = scores.get(str(row["account_id"]))
        told = tell({str(name): _plain(value) for name, value in row.items()}) if one else None
        if one and told:
            found.append(Alert(one.account_id, one.name, one.csm_id, one.arr, told))
    found.sort(key=lambda alert: (-(alert.arr or 0), alert.account_id))
    return Alerts(len(found), tuple(found[:MOST]), known=True)


def _any(column: pd.Series) -> bool:
    """Say whether a column holds anything: a company without contacts has no champions at all."""
    return bool(column.fillna(0).ne(0).any())


def _plain(value: Any) -> Any:
    return None if value is None or (isinstance(value, float) and isnan(value)) else value
