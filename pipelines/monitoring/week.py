"""One week's verdict, from tables, rows and models as they were known on a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import pandas as pd

from models.dataset.contracted import undecided
from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.release.golden_rows import matrix_probabilities
from models.release.model_files import ModelFiles
from pipelines.monitoring.alert_policy import with_duration
from pipelines.monitoring.detectors import (
    calibration_drift,
    contract_ends,
    feature_drift,
    feed_health,
    history_rewrites,
    price_drift,
    score_drift,
)
from pipelines.monitoring.detectors.false_alarm_rate import false_alarms
from pipelines.monitoring.detectors.feed_statistics import Feed, feeds
from pipelines.monitoring.verdict import FalseAlarms, Finding, Verdict, overall

SEED = 7


@dataclass(frozen=True)
class Week:
    """What a verdict is made of.

    ``table`` holds the rows of the dates up to ``as_of``, ``models`` those in use, ``past`` the
    verdicts of the weeks before, the newest first.
    """

    folder: Path
    table: FeatureTable
    models: Mapping[str, ModelFiles]
    past: Sequence[Verdict]
    as_of: date

    @property
    def rows(self) -> pd.DataFrame:
        """The rows of the week."""
        return self.table.frame[self.table.frame["as_of"] == self.as_of]

    @property
    def scored(self) -> pd.DataFrame:
        """The rows of the week that have probabilities: those whose outcome is open."""
        return undecided(self.table, self.rows)

    @cached_property
    def columns(self) -> feature_drift.FeatureDrift:
        """How far each column has moved, and how far it usually does."""
        return feature_drift.compare(
            self.table.frame, self.table.features, self.weights, self.as_of, self.mature_days
        )

    @property
    def reference(self) -> pd.DataFrame:
        """The rows that those of the week are compared with."""
        frame = self.table.frame
        days = feature_drift.reference_dates(
            sorted(frame["as_of"].unique()), self.as_of, self.mature_days
        )
        return frame[frame["as_of"].isin(days)]

    @property
    def mature_days(self) -> int:
        """Days until the outcome of every target is known."""
        return max(label.mature_days for label in self.table.labels.values())

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each feature by stem, averaged over the models."""
        weights: dict[str, float] = {}
        for files in self.models.values():
            for weight in files.card.importance.weights:
                share = weight.share / len(self.models)
                weights[weight.feature] = weights.get(weight.feature, 0.0) + share
        return weights


def judge(week: Week, *, simulate: bool = True) -> Verdict:
    """Return the verdict of a week; without ``simulate`` the rate of false alarms is left out."""
    feed_weeks = list(feeds(week.folder, week.as_of))
    compared = week.columns
    accuracy = _accuracy(week)
    figures = _figures(week, compared, accuracy)
    new = (
        *(finding for feed in feed_weeks for finding in feed_health.findings(feed, week.as_of)),
        *price_drift.findings(week.folder, week.as_of),
        *contract_ends.findings(week.folder, week.as_of),
        *history_rewrites.findings(week.folder, week.past[0] if week.past else None, week.as_of),
        *feature_drift.findings(compared, week.as_of),
        *score_drift.findings(figures, week.past, week.as_of),
        *calibration_drift.findings(accuracy, week.as_of),
        *_too_few(compared, week.as_of),
    )
    findings = with_duration(new, week.past, week.as_of)
    kind, light = overall(findings)
    return Verdict(
        as_of=week.as_of,
        kind=kind,
        light=light,
        findings=findings,
        false_alarms=_false_alarms(week, compared, feed_weeks) if simulate else None,
        not_knowable_before=_comparable_from(week, accuracy),
        figures=figures,
    )


def _accuracy(week: Week) -> dict[str, calibration_drift.ForecastAccuracy]:
    labels = week.table.labels
    measured = {
        name: calibration_drift.measure(files, week.table, labels[name], week.as_of)
        for name, files in week.models.items()
    }
    return {name: accuracy for name, accuracy in measured.items() if accuracy is not None}


def _comparable_from(
    week: Week, accuracy: Mapping[str, calibration_drift.ForecastAccuracy]
) -> dict[str, date]:
    """Return from when actuals can be compared with the forecast, where they cannot be yet."""
    return {
        name: calibration_drift.comparable_from(files, week.table.labels[name])
        for name, files in week.models.items()
        if name not in accuracy
    }


def _figures(
    week: Week,
    compared: feature_drift.FeatureDrift,
    accuracy: Mapping[str, calibration_drift.ForecastAccuracy],
) -> dict[str, float | None]:
    rows = week.rows
    probabilities = {
        name: matrix_probabilities(files, matrix(week.scored, tuple(files.features)))
        for name, files in week.models.items()
    }
    versions = {name: str(files.card.version) for name, files in week.models.items()}
    drifted = [column for column in compared.columns if column.drifted]
    return {
        "accounts": float(len(rows)),
        "columns moved": float(len(drifted)),
        "weight moved": round(compared.drifted_weight, 4),
        "largest psi": round(
            max((column.psi for column in compared.columns if not column.grows), default=0), 4
        ),
        **score_drift.figures(probabilities, versions),
        **calibration_drift.figures(accuracy),
        **history_rewrites.figures(week.folder, week.as_of),
    }


def _too_few(compared: feature_drift.FeatureDrift, as_of: date) -> Iterator[Finding]:
    if not compared.has_enough_rows:
        values = {"newest": compared.newest, "reference": compared.reference}
        least = {"least": feature_drift.FEWEST_ROWS}
        yield Finding("too_few", "look", "too_few_accounts", "features", values | least, as_of)


def _false_alarms(
    week: Week, compared: feature_drift.FeatureDrift, feed_weeks: Sequence[Feed]
) -> FalseAlarms:
    units = {str(feature["name"]): str(feature["unit"]) for feature in week.table.features}
    return false_alarms(week.reference, units, compared.columns, compared.newest, feed_weeks, SEED)
