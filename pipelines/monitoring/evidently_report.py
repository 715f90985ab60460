"""The annex of the monitoring: Evidently's page of every column, and the figures behind it as JSON.

It judges nothing itself. Verdict and text, each column's population stability index (PSI), its
threshold and whether it drifted are those of the monitoring; Evidently draws how the values lie,
over the same bands of the reference (see ``binning``).
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from models.common.files import write_atomically
from models.i18n.feature_text import phrase
from models.i18n.number_format import PLAIN
from pipelines.monitoring.detectors.binning import band
from pipelines.monitoring.detectors.feature_drift import ColumnDrift, FeatureDrift
from pipelines.monitoring.texts import CATALOGUES, verdict_text
from pipelines.monitoring.verdict import Kind, Light, Verdict

METHOD = "PSI"
LANGUAGE = "en"
"""Evidently's page knows one language only."""


@dataclass(frozen=True)
class ColumnFigures:
    """One column's drift. ``value`` is its PSI, None where there was nothing to compare.

    ``known_before`` is the share of the reference rows with a value (0 to 1).
    """

    name: str
    description: str
    method: str
    value: float | None
    threshold: float
    drifted: bool
    grows: bool
    sentence: str
    known_before: float


@dataclass(frozen=True)
class DriftSummary:
    """What moved between ``n_reference`` and ``n_current`` rows, under the monitoring's verdict.

    ``verdict`` is its light, ``kind`` what kind of week it was, ``sentence`` says so and what to
    do. ``share`` is the part of the counted columns that drifted (0 to 1); columns that grow as
    time passes are listed and not counted.
    """

    verdict: Light
    kind: Kind
    sentence: str
    share: float
    n_reference: int
    n_current: int
    columns: tuple[ColumnFigures, ...]


def drift_summary(
    verdict: Verdict,
    compared: FeatureDrift,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    declared: Sequence[Mapping[str, Any]],
) -> DriftSummary:
    """Return the figures of every column that the monitoring compared.

    ``declared`` are the feature table's declarations (name, unit, description, window_days,
    by_day). Both frames: one row per account and date.
    """
    declarations = {str(column["name"]): column for column in declared}
    is_comparable = not reference.empty and not current.empty
    columns = tuple(
        ColumnFigures(
            name=column.name,
            description=str(declarations[column.name]["description"]),
            method=METHOD,
            value=round(column.psi, 4) if is_comparable else None,
            threshold=round(column.threshold, 4),
            drifted=column.drifted,
            grows=column.grows,
            sentence=changed(
                declarations[column.name], reference[column.name], current[column.name]
            ),
            known_before=round(column.completeness[0], 4) if is_comparable else 0.0,
        )
        for column in compared.columns
    )
    counted = [column for column in columns if not column.grows]
    drifted = sum(column.drifted for column in counted)
    return DriftSummary(
        verdict=verdict.light,
        kind=verdict.kind,
        sentence=" ".join(verdict_text(verdict, CATALOGUES[LANGUAGE])),
        share=round(drifted / len(counted), 4) if counted else 0.0,
        n_reference=len(reference),
        n_current=len(current),
        columns=columns,
    )


def write_summary(figures: DriftSummary, path: Path) -> None:
    """Write the figures as JSON: the same figures, the same bytes."""
    text = json.dumps(asdict(figures), indent=1, ensure_ascii=False)
    write_atomically(path, text + "\n")


def write_page(
    figures: DriftSummary,
    compared: FeatureDrift,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    declared: Sequence[Mapping[str, Any]],
    path: Path,
) -> None:
    """Write Evidently's page of every column, with the verdict on top.

    Evidently puts fresh ids into its page, so that it is never the same twice.
    """
    page = EMPTY
    if compared.columns and not reference.empty and not current.empty:
        units = {str(column["name"]): str(column["unit"]) for column in declared}
        pairs = {
            column.name: band(reference[column.name], current[column.name], units[column.name])
            for column in compared.columns
        }
        before, now = (
            pd.DataFrame({name: pair[side] for name, pair in pairs.items()}) for side in (0, 1)
        )
        with _quiet():
            page = _evidently(compared.columns, before, now)
    verdict = f"<body>\n<h1>{escape(figures.sentence)}</h1>"
    write_atomically(path, page.replace("<body>", verdict, 1))


EMPTY = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Drift</title>'
    "<body><p>There were no rows to compare.</p></body></html>\n"
)


def _evidently(drifts: Sequence[ColumnDrift], before: pd.DataFrame, now: pd.DataFrame) -> str:
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    method = _register_test(drifts)
    kinds = DataDefinition(categorical_columns=[column.name for column in drifts])
    metrics = [
        ValueDrift(column=column.name, method=method, threshold=column.threshold)
        for column in drifts
    ]
    run = Report(metrics).run(
        Dataset.from_pandas(now, data_definition=kinds),
        Dataset.from_pandas(before, data_definition=kinds),
    )
    return str(run.get_html_str(as_iframe=False))


def _register_test(drifts: Sequence[ColumnDrift]) -> str:
    """Register a test that says of each column what the monitoring says, and return its name.

    Evidently's own index smooths otherwise and knows nothing of columns that grow by nature: its
    page could call a column drifted that is none here. Tests of one's own are registered in the
    part of Evidently that its new metrics are built on.
    """
    from evidently.legacy.calculations.stattests import StatTest, register_stattest
    from evidently.legacy.core import ColumnType

    columns = {column.name: column for column in drifts}

    def judged(
        reference: pd.Series, _now: pd.Series, _type: ColumnType, _threshold: float
    ) -> tuple[float, bool]:
        column = columns[str(reference.name)]
        return column.psi, column.drifted

    name = "monitoring"
    register_stattest(StatTest(name, METHOD, [ColumnType.Categorical]), judged)
    return name


@contextmanager
def _quiet() -> Iterator[None]:
    # Evidently 0.7 warns of its own use of pandas and pydantic, on import and while it runs; none
    # of that is the reader's to mend. It would also report its use to its makers.
    os.environ.setdefault("DO_NOT_TRACK", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def title(column: Mapping[str, Any]) -> str:
    """Return a column's description with its time window or milestone."""
    text = str(column["description"])
    if column.get("window_days"):
        return f"{text}, last {column['window_days']} days"
    return f"{text}, by day {column['by_day']}" if column.get("by_day") else text


def changed(column: Mapping[str, Any], before: pd.Series, now: pd.Series) -> str:
    """Return how a column's values differ, as one sentence."""
    if now.isna().all():
        if before.isna().all():
            return f"{title(column)}: not known for any account now and before."
        share = PLAIN.percent(before.notna().mean())
        return f"{title(column)}: not known for any account now, known for {share} before."
    if before.isna().all():
        return f"{title(column)}: not known for any account before, known now."
    gap = _gap(before, now)
    return (
        f"{title(column)}: {_PHRASES.get(str(column['unit']), _number)(column, before, now)}{gap}."
    )


def _gap(before: pd.Series, now: pd.Series) -> str:
    was, is_ = before.isna().mean(), now.isna().mean()
    text = f"; not known for {PLAIN.percent(is_)} of the accounts now, {PLAIN.percent(was)} before"
    return text if abs(is_ - was) >= 0.05 else ""


def _number(column: Mapping[str, Any], before: pd.Series, now: pd.Series) -> str:
    unit = str(column["unit"])
    for middle, name in ((0.5, "typically"), (0.9, "in the top tenth from")):
        was, is_ = (phrase(unit, float(s.quantile(middle)), "").strip() for s in (before, now))
        if was != is_:
            return f"{name} {is_} now, {was} before"
    return f"typically {phrase(unit, float(now.median()), '').strip()}, as before"


def _flag(_column: Mapping[str, Any], before: pd.Series, now: pd.Series) -> str:
    return f"true for {PLAIN.percent(now.mean())} now, {PLAIN.percent(before.mean())} before"


def _category(_column: Mapping[str, Any], before: pd.Series, now: pd.Series) -> str:
    was, is_ = before.value_counts(normalize=True), now.value_counts(normalize=True)
    moved = is_.sub(was, fill_value=0).sort_index()
    name = str(moved.abs().idxmax())
    return (
        f"“{name}” {PLAIN.percent(is_.get(name, 0))} now, {PLAIN.percent(was.get(name, 0))} before"
    )


_PHRASES = {"flag": _flag, "category": _category}
