"""Last quarter's scores against what happened since: outcomes and ARR, forecast and actual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models.inference.expected_arr import GAIN, LOSS
from models.inference.total_interval import Span
from models.inference.totals import total
from models.statistics import metrics
from models.statistics.bootstrap import Draws, point_estimate
from models.statistics.interval import Interval
from models.store.scores import ScoreStore, StoredScore
from pipelines.build.compute import horizon_of, labels_at
from pipelines.ingest.tables import read_manifest

if TYPE_CHECKING:
    from pipelines.config.settings import Settings
    from pipelines.report.inputs import Inputs

SEED = 7
"""Draws the resamples of accounts."""


@dataclass(frozen=True)
class Outcome:
    """One target: outcomes expected, as the sum of the probabilities, and actual ones.

    ``accounts`` counts those whose outcome is known by now.
    """

    target: str
    accounts: int
    expected: float
    actual: float


@dataclass(frozen=True)
class ListRecord:
    """What the accounts on the CSMs' lists held of the ARR that came or went within the horizon.

    ``key`` is ``expansion`` or ``loss``. ``listed`` is the share of the listed accounts, ``by_arr``
    that of as many with the most ARR, ``lead`` the difference with its 95 % interval, paired.
    """

    key: str
    accounts: int
    listed: float
    by_arr: float
    lead: Interval


@dataclass(frozen=True)
class TrackRecord:
    """What the scoring of ``as_of`` expected within its horizon, and the actuals.

    ``expansion`` and ``loss`` are (expected, actual) in ARR; ``None`` where no amount is known. The
    spans are 80 % intervals of what was expected.
    """

    as_of: date
    outcomes: tuple[Outcome, ...]
    expansion: tuple[float, float] | None
    loss: tuple[float, float] | None
    expansion_span: Span | None = None
    loss_span: Span | None = None
    lists: tuple[ListRecord, ...] = ()


def checkable_from(inputs: Inputs) -> date | None:
    """Return the day from which the oldest scoring can be checked."""
    days = [*(scoring.as_of for scoring in inputs.past), inputs.scoring.as_of]
    return min(days) + timedelta(days=_mature_days(inputs))


def track_record(settings: Settings, inputs: Inputs) -> TrackRecord | None:
    """Check the newest scoring all of whose outcomes are known by the week of the report."""
    last = inputs.scoring.as_of - timedelta(days=_mature_days(inputs))
    scoring = next((past for past in inputs.past if past.as_of <= last), None)
    if scoring is None:
        return None
    with (
        closing(ScoreStore(settings.store_url)) as store,
        store.open_scoring(scoring.as_of) as stored,
    ):
        scores = list(stored.rows) if stored else []
    actuals = _actuals(settings, scoring.as_of)
    # What was contracted was no forecast, and no label has it.
    mature = [
        score for score in scores if score.account_id in actuals.index and not score.is_decided
    ]
    sums = total(mature, scoring.models, inputs.targets, scoring.errors)
    gained, lost = (_arr(mature, actuals, inputs, direction) for direction in (GAIN, LOSS))
    by_notice = sums.lost_by_notice or 0.0
    return TrackRecord(
        as_of=scoring.as_of,
        outcomes=tuple(
            _outcome(name, scores, actuals, inputs)
            for name in scoring.models
            if name in inputs.targets
        ),
        expansion=_pair(sums.expansion, gained),
        loss=_pair(sums.expected_loss, lost),
        expansion_span=sums.expansion_span,
        loss_span=sums.at_risk_span and sums.at_risk_span.moved(-by_notice),
        lists=tuple(list_records(mature, {"expansion": gained, "loss": lost})),
    )


def _mature_days(inputs: Inputs) -> int:
    return max((int(target["mature_days"]) for target in inputs.meta.get("targets", ())), default=0)


def _actuals(settings: Settings, as_of: date) -> pd.DataFrame:
    """Return the labels of a day, by account."""
    through = date.fromisoformat(read_manifest(settings).data_through)
    labels = labels_at(settings, [as_of], horizon_of(settings, through)).to_pandas()
    by_account: pd.DataFrame = labels.set_index(labels["account_id"].astype(str))
    return by_account


def _columns(inputs: Inputs, target: str) -> Mapping[str, Any]:
    return next(label for label in inputs.meta["targets"] if label["name"] == target)


def _outcome(
    target: str, scores: Sequence[StoredScore], actuals: pd.DataFrame, inputs: Inputs
) -> Outcome:
    label = actuals[_columns(inputs, target)["column"]].dropna()
    mature = [score for score in scores if score.account_id in label.index and not score.is_decided]
    return Outcome(
        target=target,
        accounts=len(mature),
        expected=sum(score.probabilities.get(target, 0.0) for score in mature),
        actual=float(label.reindex([score.account_id for score in mature]).sum()),
    )


def _pair(expected: float | None, actual: np.ndarray | None) -> tuple[float, float] | None:
    return None if expected is None or actual is None else (expected, float(actual.sum()))


def _arr(
    scores: Sequence[StoredScore], actuals: pd.DataFrame, inputs: Inputs, direction: str
) -> np.ndarray | None:
    """Return the actual ARR of each account by the targets of a direction, shape (accounts,)."""
    amounts = [
        _columns(inputs, name)["amount_column"]
        for name in inputs.scoring.models
        if name in inputs.targets and inputs.targets[name].direction == direction
    ]
    if not amounts or not all(amounts):
        return None
    rows = actuals.loc[[score.account_id for score in scores], amounts]
    return np.asarray(rows.fillna(0.0).abs().to_numpy(float).sum(axis=1))


def list_records(
    scores: Sequence[StoredScore], actual: Mapping[str, np.ndarray | None]
) -> Iterator[ListRecord]:
    """Yield what the lists held, where they held some accounts and not all."""
    listed = np.array(
        [score.decision is not None and score.decision.standing == "listed" for score in scores],
        float,
    )
    accounts = int(listed.sum())
    if not 0 < accounts < len(scores):
        return
    arr = np.array([score.arr or 0.0 for score in scores])
    largest = np.zeros(len(scores))
    largest[np.argsort(-arr, kind="stable")[:accounts]] = 1.0
    draws = Draws(pd.Series([score.account_id for score in scores]), SEED)
    for key, amount in actual.items():
        if amount is None or not amount.any():
            continue
        held, by_arr = (
            point_estimate(metrics.captured, chosen, amount) for chosen in (listed, largest)
        )
        lead = draws.difference(listed, largest, amount, metrics.captured)
        yield ListRecord(key, accounts, held, by_arr, lead)
