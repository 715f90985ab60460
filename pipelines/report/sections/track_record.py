"""Last quarter's scores against what happened since: outcomes and money, expected and come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from models.store.scores import ScoreStore, StoredScore
from pipelines.build.compute import horizon_of, labels_at
from pipelines.ingest.tables import read_manifest

if TYPE_CHECKING:
    from pipelines.config.settings import Settings
    from pipelines.report.inputs import Inputs


@dataclass(frozen=True)
class Outcome:
    """One target: accounts expected to have it, by the sum of their chances, and those that do.

    ``accounts`` are those of which it is known by now.
    """

    target: str
    accounts: int
    expected: float
    came: float


@dataclass(frozen=True)
class Kept:
    """What the scoring of ``as_of`` expected within its horizon, and what came.

    ``expansion`` and ``loss`` are (expected, come) in ARR; ``None`` where no amount is known.
    """

    as_of: date
    outcomes: tuple[Outcome, ...]
    expansion: tuple[float, float] | None
    loss: tuple[float, float] | None


def knowable_from(inputs: Inputs) -> date | None:
    """Return the day from which the oldest scoring can be checked."""
    known = [*(one.as_of for one in inputs.past), inputs.scoring.as_of]
    return min(known) + timedelta(days=_mature_days(inputs))


def kept(settings: Settings, inputs: Inputs) -> Kept | None:
    """Check the newest scoring all of whose outcomes are known by the week of the report."""
    last = inputs.scoring.as_of - timedelta(days=_mature_days(inputs))
    found = next((one for one in inputs.past if one.as_of <= last), None)
    if found is None:
        return None
    with closing(ScoreStore(settings.store_url)) as store, store.open_scoring(found.as_of) as whole:
        scores = list(whole.rows) if whole else []
    came = _outcomes(settings, found.as_of)
    return Kept(
        as_of=found.as_of,
        outcomes=tuple(
            _outcome(name, scores, came, inputs) for name in found.models if name in inputs.targets
        ),
        expansion=_money(scores, came, inputs, "+"),
        loss=_money(scores, came, inputs, "-"),
    )


def _mature_days(inputs: Inputs) -> int:
    return max((int(one["mature_days"]) for one in inputs.meta.get("targets", ())), default=0)


def _outcomes(settings: Settings, as_of: date) -> pd.DataFrame:
    """Return what became of the accounts of a day, by account."""
    through = date.fromisoformat(read_manifest(settings).data_through)
    found = labels_at(settings, [as_of], horizon_of(settings, through)).to_pandas()
    by_account: pd.DataFrame = found.set_index(found["account_id"].astype(str))
    return by_account


def _columns(inputs: Inputs, target: str) -> Mapping[str, Any]:
    return next(one for one in inputs.meta["targets"] if one["name"] == target)


def _outcome(
    target: str, scores: Sequence[StoredScore], came: pd.DataFrame, inputs: Inputs
) -> Outcome:
    label = came[_columns(inputs, target)["column"]].dropna()
    known = [one for one in scores if one.account_id in label.index]
    return Outcome(
        target=target,
        accounts=len(known),
        expected=sum(one.probabilities.get(target, 0.0) for one in known),
        came=float(label.reindex([one.account_id for one in known]).sum()),
    )


def _money(
    scores: Sequence[StoredScore], came: pd.DataFrame, inputs: Inputs, direction: str
) -> tuple[float, float] | None:
    """Return expected and come ARR of the targets of a direction, over the accounts scored."""
    amounts = [
        _columns(inputs, name)["amount_column"]
        for name in inputs.scoring.models
        if name in inputs.targets and inputs.targets[name].direction == direction
    ]
    if not amounts or not all(amounts):
        return None
    field = "expected_expansion_arr" if direction == "+" else "arr_at_risk"
    known = [one for one in scores if one.account_id in came.index]
    expected = sum(getattr(one, field) or 0.0 for one in known)
    rows = came.loc[[one.account_id for one in known], amounts]
    return float(expected), float(rows.fillna(0.0).abs().to_numpy().sum())
