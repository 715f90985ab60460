"""Everything the weekly page is made of, read once and not changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError
from features.targets import TARGETS
from models.case import Case, Limits
from models.store import ScoreStore, Scoring, StoredScore
from pipelines.decide import limits
from pipelines.description import METADATA

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.settings import Settings

REFERENCE_DAYS = 182
"""How much of the newest time with known outcomes drift is measured against."""

Card = Mapping[str, Any]


@dataclass(frozen=True)
class Inputs:
    """The newest scoring with the feature rows, model cards and metadata that belong to it.

    ``newest`` holds one row per account of the scoring's day, ``reference`` the rows of the half
    year before it whose outcomes are known. ``cards`` maps a target to its model card; of
    ``released`` targets the card is that of the version that scored.
    """

    company: str
    scoring: Scoring
    scores: tuple[StoredScore, ...]
    meta: Mapping[str, Any]
    newest: pd.DataFrame
    reference: pd.DataFrame
    reference_dates: tuple[date, ...]
    cards: Mapping[str, Card]
    released: frozenset[str]
    limits: Limits

    def case(self, row: Mapping[Any, Any]) -> Case:
        """Return an account's own figures, with the limits that the company judges them by."""
        return Case(row, {}, {}, self.scoring.currency, self.limits)


def gather(settings: Settings) -> Inputs:
    """Read the newest scoring and all that belongs to it.

    Raises ``DataError`` when nothing has been scored yet, or the feature table is of another day.
    """
    scoring, scores = _scored(settings.store_url)
    meta, dates = _described(settings.feature_table)
    if scoring.as_of not in dates:
        raise DataError(
            f"{settings.feature_table}: holds no rows of {scoring.as_of}, the day of the newest "
            "scoring; run `expansion build` and `expansion score` on the same data"
        )
    before = reference_dates(dates, scoring.as_of, _mature_days(meta))
    cards, released = _cards(settings, scoring.release_id)
    return Inputs(
        company=settings.company.name,
        scoring=scoring,
        scores=scores,
        meta=meta,
        newest=_rows(settings.feature_table, [scoring.as_of]),
        reference=_rows(settings.feature_table, before),
        reference_dates=tuple(before),
        cards=cards,
        released=released,
        limits=limits(settings),
    )


def reference_dates(dates: list[date], as_of: date, mature_days: int) -> list[date]:
    """Return the dates of the last half year whose outcomes are known on ``as_of``, in order."""
    known = [one for one in dates if one <= as_of - timedelta(days=mature_days)]
    return [one for one in known if one > known[-1] - timedelta(days=REFERENCE_DAYS)]


def _scored(url: str) -> tuple[Scoring, tuple[StoredScore, ...]]:
    store = ScoreStore(url)
    try:
        scores = tuple(store.all())
    finally:
        store.close()
    if not scores:
        raise DataError("nothing has been scored yet; run `expansion score` before the report")
    return scores[0].scoring, scores


def _described(path: Path) -> tuple[dict[str, Any], list[date]]:
    if not path.exists():
        raise DataError(f"{path}: there is no feature table yet; run `expansion build`")
    table = pq.read_table(path, columns=["as_of"])
    meta = json.loads((table.schema.metadata or {}).get(METADATA, b"{}"))
    return meta, sorted(table["as_of"].unique().to_pylist())


def _mature_days(meta: Mapping[str, Any]) -> int:
    return max((int(t["mature_days"]) for t in meta.get("targets", ())), default=0)


def _rows(path: Path, dates: list[date]) -> pd.DataFrame:
    wanted = pa.array(dates, pa.date32())
    table = pq.read_table(path, filters=[("as_of", "in", wanted)] if dates else None)
    frame: pd.DataFrame = (table if dates else table.slice(0, 0)).to_pandas()
    return frame


def _cards(settings: Settings, release_id: str) -> tuple[dict[str, Card], frozenset[str]]:
    """Return the cards of the release that scored; of other targets those of the last training."""
    own = settings.release_folder / release_id
    folder = own if own.is_dir() else settings.release_folder / "current"
    paths = {name: folder / name / "card.json" for name in TARGETS}
    released = {name: _json(path) for name, path in paths.items() if path.exists()}
    trained = _json(settings.work / "training.json").get("targets", {})
    known = {name: {**trained, **released}[name] for name in TARGETS if name in trained | released}
    return known, frozenset(released)


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content
