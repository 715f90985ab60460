"""Whether today's accounts still look like those the models learned from.

One measure for every column: the population stability index (PSI) over bands of the reference
(see ``bands``), with a threshold of its own. Evidently's default changes its test, and with it
its strictness, with the number of rows; a company that grows would see alarms come and go.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from models.common.files import write_atomically
from models.i18n.feature_text import phrase
from pipelines.monitoring.detectors.binning import band, grows

METHOD = "PSI"
THRESHOLD = 0.2
"""PSI from which a column counts as drifted; below 0.1 is noise, 0.1-0.2 a slight shift."""
FEWEST = 200
"""Rows needed on each side: with ten bands and fewer, chance alone comes near the threshold."""

Verdict = Literal["ok", "look", "alarm"]


@dataclass(frozen=True)
class ColumnDrift:
    """One column's drift. ``value`` is None where there was nothing to compare.

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
    known_before: float = 1.0


@dataclass(frozen=True)
class DriftResult:
    """What moved between ``n_reference`` and ``n_current`` rows; see ``sentence`` first.

    ``share`` is the part of the counted columns that drifted (0 to 1); columns that grow as
    time passes are listed and not counted.
    """

    columns: tuple[ColumnDrift, ...]
    share: float
    n_reference: int
    n_current: int
    verdict: Verdict
    sentence: str
    run: Any = field(default=None, repr=False, compare=False)

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """The drifted columns, the largest drift first."""
        moved = (column for column in self.columns if column.drifted)
        return tuple(sorted(moved, key=lambda column: (-(column.value or 0), column.name)))

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values, without Evidently's own run."""
        named = {name: getattr(self, name) for name in _FIELDS}
        return {**named, "columns": [asdict(column) for column in self.columns]}


_FIELDS = ("verdict", "sentence", "share", "n_reference", "n_current")


def drift(
    reference: pd.DataFrame, current: pd.DataFrame, columns: Sequence[Mapping[str, Any]]
) -> DriftResult:
    """Compare the newest rows with the reference, column by column.

    ``columns`` are the feature table's declarations (name, unit, description, window_days,
    by_day); declared columns missing from either frame are left out. Both frames: one row per
    account and date.
    """
    known = [c for c in columns if c["name"] in reference and c["name"] in current]
    values, run = _measure(reference, current, known)
    found = tuple(_column(c, values.get(c["name"]), reference, current) for c in known)
    verdict, share, sentence = judged(found, len(reference), len(current), FEWEST)
    return DriftResult(found, share, len(reference), len(current), verdict, sentence, run)


def _column(
    column: Mapping[str, Any],
    value: float | None,
    reference: pd.DataFrame,
    current: pd.DataFrame,
) -> ColumnDrift:
    name = str(column["name"])
    return ColumnDrift(
        name=name,
        description=str(column["description"]),
        method=METHOD,
        value=value,
        threshold=THRESHOLD,
        drifted=value is not None and value >= THRESHOLD,
        grows=grows(column),
        sentence=changed(column, reference[name], current[name]),
        known_before=round(float(reference[name].notna().mean()), 4) if len(reference) else 0.0,
    )


def _measure(
    reference: pd.DataFrame, current: pd.DataFrame, columns: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, float], Any]:
    """Return each column's PSI and Evidently's run; without rows on a side there is neither."""
    if reference.empty or current.empty or not columns:
        return {}, None
    cut = {c["name"]: band(reference[c["name"]], current[c["name"]], c["unit"]) for c in columns}
    before = pd.DataFrame({name: pair[0] for name, pair in cut.items()})
    now = pd.DataFrame({name: pair[1] for name, pair in cut.items()})
    with _quiet():
        return _evidently(before, now)


def _evidently(before: pd.DataFrame, now: pd.DataFrame) -> tuple[dict[str, float], Any]:
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    names = [str(name) for name in before.columns]
    kinds = DataDefinition(categorical_columns=names)
    metrics = [ValueDrift(column=name, method="psi", threshold=THRESHOLD) for name in names]
    run = Report(metrics).run(
        Dataset.from_pandas(now, data_definition=kinds),
        Dataset.from_pandas(before, data_definition=kinds),
    )
    values = [round(float(metric["value"]), 4) for metric in run.dict()["metrics"]]
    return dict(zip(names, values, strict=True)), run


@contextmanager
def _quiet() -> Iterator[None]:
    # Evidently 0.7 warns of its own use of pandas and pydantic, on import and while it runs; none
    # of that is the reader's to mend. It would also report its use to its makers.
    os.environ.setdefault("DO_NOT_TRACK", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def write_annex(result: DriftResult, html: Path, summary: Path) -> None:
    """Write Evidently's page of every column to ``html`` and the result as JSON to ``summary``.

    Each file is written aside and moved into place. Evidently puts fresh ids into its page, so
    that file, unlike the summary, is never the same twice.
    """
    text = json.dumps(result.as_dict(), indent=1, ensure_ascii=False) + "\n"
    write_atomically(summary, text)
    with _quiet():
        page = EMPTY if result.run is None else result.run.get_html_str(as_iframe=False)
    write_atomically(html, page)


EMPTY = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Drift</title>'
    "<p>There were no rows to compare.</p></html>\n"
)


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
