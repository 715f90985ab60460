"""The inputs of the weekly page, read once and not changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError
from models.dataset.feature_table import Label, labels_of
from models.i18n.messages import Catalogue
from models.plays.context import Case, Limits
from models.release.card import Card, NotTrained
from models.store.forecasts import ForecastStore
from models.store.scores import ScoreStore, Scoring, StoredScore
from pipelines.build.as_of_table import table_on
from pipelines.build.metadata import METADATA
from pipelines.monitoring.verdict import Verdict, history, read
from pipelines.scoring.scorings import warn_of_clock

if TYPE_CHECKING:
    import pandas as pd

    from models.store.scores import StoredScore
    from pipelines.config.settings import Settings


SHOWN_WEEKS = 26
"""Weeks of verdicts that are drawn."""


@dataclass(frozen=True)
class ScoredAccounts:
    """A scoring with its accounts."""

    scoring: Scoring
    scores: tuple[StoredScore, ...]


@dataclass(frozen=True)
class Inputs:
    """A scoring with the feature rows, model cards, forecast and verdicts that belong to it.

    ``earlier`` is the scoring before it, ``past`` all before it without their accounts.
    ``newest`` holds one feature row per account of its day. ``cards`` maps a target to its model
    card, or ``not_trained`` to why there is none; of ``released`` targets the card is that of the
    version that scored. ``forecast`` is the document of the day, or of the newest day before.
    ``verdicts`` are those up to the week, the newest first.
    """

    company: str
    language: str
    is_newest: bool
    scoring: Scoring
    scores: tuple[StoredScore, ...]
    earlier: ScoredAccounts | None
    past: tuple[Scoring, ...]
    meta: Mapping[str, Any]
    newest: pd.DataFrame
    cards: Mapping[str, Card]
    not_trained: Mapping[str, NotTrained]
    released: frozenset[str]
    forecast: Mapping[str, Any] | None
    verdicts: tuple[Verdict, ...]
    limits: Limits

    @cached_property
    def targets(self) -> Mapping[str, Label]:
        """The labels of the feature table by name, in the order in which they are shown."""
        return labels_of(self.meta)

    def directed(self, direction: str) -> list[str]:
        """Return the targets that gain ARR, lose it, or count as neither; leading ones first."""
        labels = [label for label in self.targets.values() if label.direction == direction]
        return [label.name for label in sorted(labels, key=lambda label: not label.is_leading)]

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of the week itself."""
        of_week = (verdict for verdict in self.verdicts if verdict.as_of == self.scoring.as_of)
        return next(of_week, None)

    def case(self, row: Mapping[Any, Any], words: Catalogue) -> Case:
        """Return an account's own figures, with the limits that the company judges them by."""
        return Case(row, {}, {}, self.scoring.currency, self.limits, words)


def gather(settings: Settings, week: date | None = None) -> Inputs:
    """Read the newest scoring, or that of the week in which ``week`` lies, and all that belongs.

    Raises
    ------
    DataError
        When nothing has been scored yet, nothing in that week, or the feature table ends before it.
    """
    warn_of_clock(settings)
    with closing(ScoreStore(settings.store_url)) as store:
        scorings = store.scorings()
        scoring = _scoring_of(scorings, week)
        past = tuple(before for before in scorings if before.as_of < scoring.as_of)
        scores = _with_reasons(store, scoring, _scores(store, scoring), settings.report.top)
        earlier = ScoredAccounts(past[0], _scores(store, past[0])) if past else None
    meta, dates = _metadata_and_dates(settings.feature_table)
    stored, released = _cards(settings, scoring.release_id, labels_of(meta))
    current = read(settings.monitoring_folder, scoring.as_of)
    before = history(settings.monitoring_folder, scoring.as_of)
    return Inputs(
        company=settings.company.name,
        language=settings.company.language,
        is_newest=scoring == scorings[0],
        scoring=scoring,
        scores=scores,
        earlier=earlier,
        past=past,
        meta=meta,
        newest=_feature_rows(settings, scoring.as_of, dates),
        cards={name: Card.from_json(card) for name, card in stored.items() if "metrics" in card},
        not_trained={
            name: NotTrained(str(card["verdict"]), str(card["why"]))
            for name, card in stored.items()
            if "metrics" not in card
        },
        released=released,
        forecast=_forecast(settings, scoring.as_of),
        verdicts=tuple([*([current] if current else []), *before][:SHOWN_WEEKS]),
        limits=settings.decide.limits,
    )


def _scoring_of(scorings: Sequence[Scoring], week: date | None) -> Scoring:
    """Return the newest scoring, or the newest of the seven days that end with ``week``."""
    if not scorings:
        raise DataError("nothing has been scored yet; run `expansion score` before the report")
    if week is None:
        return scorings[0]
    start = week - timedelta(days=7)
    scoring = next((scoring for scoring in scorings if start < scoring.as_of <= week), None)
    if scoring is None:
        days = ", ".join(dict.fromkeys(str(scoring.as_of) for scoring in scorings[:12]))
        raise DataError(
            f"--week {week}: nothing was scored then; the newest scorings are of {days}"
        )
    return scoring


def _scores(store: ScoreStore, scoring: Scoring) -> tuple[StoredScore, ...]:
    """Return the accounts of a scoring without their reasons: those would fill the memory."""
    with store.open_scoring(scoring_id=scoring.scoring_id, with_reasons=False) as stored:
        return tuple(stored.rows) if stored else ()


def _with_reasons(
    store: ScoreStore, scoring: Scoring, scores: tuple[StoredScore, ...], top: int
) -> tuple[StoredScore, ...]:
    """Return the accounts, those that the page lists as best or at risk with their reasons."""
    shown = [score.account_id for score in (*best(scores, top), *most_at_risk(scores))]
    reasons = store.reasons(scoring.scoring_id, shown)
    return tuple(
        replace(score, reasons=reasons[score.account_id]) if score.account_id in reasons else score
        for score in scores
    )


def _metadata_and_dates(path: Path) -> tuple[dict[str, Any], list[date]]:
    if not path.exists():
        raise DataError(f"{path}: there is no feature table yet; run `expansion build`")
    table = pq.read_table(path, columns=["as_of"])
    meta = json.loads((table.schema.metadata or {}).get(METADATA, b"{}"))
    return meta, sorted(table["as_of"].unique().to_pylist())


def _feature_rows(settings: Settings, as_of: date, dates: Sequence[date]) -> pd.DataFrame:
    """Return the rows of a day; those that were not built are computed as they were known then."""
    path = settings.feature_table
    if as_of > dates[-1]:
        raise DataError(
            f"{path}: ends on {dates[-1]}, before the scoring of {as_of}; run `expansion "
            "build` and `expansion score` on the same data"
        )
    if as_of not in dates:
        return table_on(settings, as_of).newest()
    wanted = pa.array([as_of], pa.date32())
    frame: pd.DataFrame = pq.read_table(path, filters=[("as_of", "in", wanted)]).to_pandas()
    return frame


def _forecast(settings: Settings, as_of: date) -> Mapping[str, Any] | None:
    with closing(ForecastStore(settings.store_url)) as store:
        forecasts = [forecast for forecast in store.history() if forecast.as_of <= as_of]
    newest = max(forecasts, key=lambda forecast: forecast.as_of, default=None)
    return newest.document if newest else None


def _cards(
    settings: Settings, release_id: str | None, targets: Iterable[str]
) -> tuple[dict[str, dict[str, Any]], frozenset[str]]:
    """Return the cards of the release that scored, if any; of others those of the last training.

    Of a target that no model could be trained for, the last training holds no more than why.
    """
    names, folder = list(targets), settings.release_folder / (release_id or "")
    if not folder.is_dir():
        folder = settings.release_folder / "current"
    paths = {name: folder / name / "card.json" for name in names if release_id is not None}
    released = {name: _json(path) for name, path in paths.items() if path.exists()}
    trained = _json(settings.work / "training.json").get("targets", {})
    cards = {**trained, **released}
    return {name: cards[name] for name in names if name in cards}, frozenset(released)


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


RISKS = 10
"""Accounts at risk on the page."""


def best(scores: Sequence[StoredScore], count: int) -> list[StoredScore]:
    """Return the accounts of highest rank; none whose end is known."""
    undecided = (score for score in scores if not score.is_decided)
    return sorted(undecided, key=lambda score: score.rank)[:count]


def most_at_risk(scores: Sequence[StoredScore]) -> list[StoredScore]:
    """Return the accounts with the most ARR at risk; those that leave are apart, in ``leaving``."""
    return _by_risk(score for score in scores if not score.is_decided)[:RISKS]


def leaving(scores: Sequence[StoredScore]) -> list[StoredScore]:
    """Return the accounts whose end is known, the most ARR lost by notice first."""
    return _by_risk(score for score in scores if score.is_decided)


def _by_risk(scores: Iterable[StoredScore]) -> list[StoredScore]:
    at_risk = [score for score in scores if score.arr_at_risk]
    return sorted(at_risk, key=lambda score: (-(score.arr_at_risk or 0.0), score.account_id))
