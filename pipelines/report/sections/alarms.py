"""What a CSM should see whatever the models say: champions, overselling, the first 90 days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from models.i18n.messages import Catalogue
from models.plays.context import Case
from pipelines.report.sections import signals
from pipelines.report.sections.signals import Told

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.report.inputs import Inputs

MOST = 8


@dataclass(frozen=True)
class Alert:
    """One account with what there is to see about it."""

    account_id: str
    name: str
    csm_id: str | None
    arr: float | None
    told: str
    urgent: bool


@dataclass(frozen=True)
class Alerts:
    """The first accounts of one alarm, urgent ones before others and then by ARR.

    ``total`` counts all, ``urgent`` those that come first; ``known`` says the data has it.
    """

    total: int
    rows: tuple[Alert, ...]
    known: bool
    urgent: int = 0


def champions(inputs: Inputs, words: Catalogue) -> Alerts:
    """Accounts whose champion left, is about to, or is on a long leave."""
    return _alerts(inputs, words, "champions_count", signals.champion)


def oversold(inputs: Inputs, words: Catalogue) -> Alerts:
    """Accounts past their first 90 days that have activated less than half of what they pay for."""
    return _alerts(inputs, words, "seats_activated_share", signals.oversold)


def starting(inputs: Inputs, words: Catalogue) -> Alerts:
    """Accounts in their first 90 days against the journey, those behind first."""
    outcome = "adoption_days_to_first_outcome"
    reached = outcome in inputs.newest and bool(inputs.newest[outcome].notna().any())
    return _alerts(inputs, words, "adoption_age_days", partial(signals.starting, outcomes=reached))


def _alerts(
    inputs: Inputs, words: Catalogue, column: str, tell: Callable[[Case], Told | None]
) -> Alerts:
    """Tell every scored account's newest row, and keep the first that have something to tell."""
    frame = inputs.newest
    if column not in frame or not _any(frame[column]):
        return Alerts(0, (), known=False)
    scores = {one.account_id: one for one in inputs.scores}
    found = []
    names = [name for name in signals.COLUMNS if name in frame]
    for values in frame[names].itertuples(index=False, name=None):
        row = dict(zip(names, values, strict=True))
        one = scores.get(str(row["account_id"]))
        told = tell(inputs.case(row, words)) if one else None
        if one and told:
            found.append(Alert(one.account_id, one.name, one.csm_id, one.arr, *told))
    found.sort(key=lambda alert: (not alert.urgent, -(alert.arr or 0), alert.account_id))
    urgent = sum(alert.urgent for alert in found)
    return Alerts(len(found), tuple(found[:MOST]), known=True, urgent=urgent)


def _any(column: pd.Series) -> bool:
    """Say whether a column holds anything: a company without contacts has no champions at all."""
    return bool(column.fillna(0).ne(0).any())
