"""Last quarter's scores against what happened since: outcomes and ARR, forecast and actual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from models.inference.totals import total
from models.store.scores import ScoreStore, StoredScore
from pipelines.build.compute import horizon_of, labels_at
from pipelines.ingest.tables import read_manifest

if TYPE_CHECKING:
    from pipelines.config.settings import Settings
    from pipelines.report.inputs import Inputs


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
class TrackRecord:
    """What the scoring of ``as_of`` expected within its horizon, and the actuals.

    ``expansion`` and ``loss`` are (expected, actual) in ARR; ``None`` where no amount is known.
    """

    as_of: date
    outcomes: tuple[Outcome, ...]
    expansion: tuple[float, float] | None
    loss: tuple[float, float] | None


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
    return TrackRecord(
        as_of=scoring.as_of,
        outcomes=tuple(
            _outcome(name, scores, actuals, inputs)
            for name in scoring.models
            if name in inputs.targets
        ),
        expansion=_arr(scores, actuals, inputs, "+"),
        loss=_arr(scores, actuals, inputs, "-"),
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


def _arr(
    scores: Sequence[StoredScore], actuals: pd.DataFrame, inputs: Inputs, direction: str
) -> tuple[float, float] | None:
    """Return expected and actual ARR of the targets of a direction, over the accounts scored."""
    amounts = [
        _columns(inputs, name)["amount_column"]
        for name in inputs.scoring.models
        if name in inputs.targets and inputs.targets[name].direction == direction
    ]
    if not amounts or not all(amounts):
        return None
    # What was contracted was no forecast, and no label has it.
    mature = [
        score for score in scores if score.account_id in actuals.index and not score.is_decided
    ]
    sums = total(mature, inputs.scoring.models, inputs.targets)
    expected = sums.expansion if direction == "+" else sums.expected_loss
    if expected is None:
        return None
    rows = actuals.loc[[score.account_id for score in mature], amounts]
    return expected, float(rows.fillna(0.0).abs().to_numpy().sum())
