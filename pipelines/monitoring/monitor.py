"""``monitor``: whether data, customers and models changed, and what to do about it.

It reads what ``build`` and ``score`` left, writes one verdict a week, and trains a challenger where
it is told to; nothing is promoted unless the settings say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.dataset import feature_table
from models.release import bundle
from models.release.model_files import ModelFiles
from pipelines.build.as_of_table import table_on
from pipelines.common.progress import Progress, silent
from pipelines.config.company_features import trained_targets
from pipelines.lifecycle.deploy import current
from pipelines.monitoring.evidently_report import drift_summary, write_page, write_summary
from pipelines.monitoring.verdict import Verdict, history, write
from pipelines.monitoring.week import Week, judge

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

PAGE, SUMMARY = "evidently.html", "drift.json"


@dataclass(frozen=True)
class Challenger:
    """A version that was trained because of a verdict; ``reasons`` is why it was not promoted."""

    target: str
    version: str | None
    promoted: bool
    reasons: Sequence[str]


@dataclass(frozen=True)
class MonitoringResult:
    """The verdict, where it lies, and what was trained because of it."""

    verdict: Verdict
    path: str
    challengers: Sequence[Challenger] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        return {
            **self.verdict.as_dict(),
            "exit_code": self.verdict.exit_code,
            "path": self.path,
            "challengers": [asdict(challenger) for challenger in self.challengers],
        }


def monitor(
    settings: Settings,
    progress: Progress | None = None,
    *,
    on: date | None = None,
    train: bool = False,
) -> MonitoringResult:
    """Write the verdict of the newest date, or of a former day.

    It lies in ``<work>/watch/<as_of>/verdict.json``, with Evidently's page of every column and its
    figures as JSON beside it. With ``train``, challengers are trained where the customers changed
    or a model underperforms, and promoted if ``[monitoring] promote`` is on and they pass the
    gate.

    Raises
    ------
    DataError
        When there is no feature table, or it does not reach the day that is asked for.
    """
    report = progress or silent
    week = _week(settings, on)
    report("checking feeds, accounts and models", 0.1)
    verdict = judge(week)
    report("writing the Evidently report", 0.5)
    path = write(verdict, settings.monitoring_folder)
    _write_drift_report(week, verdict, path.parent)
    report("training challengers", 0.7)
    return MonitoringResult(verdict, str(path), _challengers(settings, verdict) if train else ())


def targets_to_retrain(verdict: Verdict, targets: Sequence[str]) -> list[str]:
    """Return the targets whose models should be trained again; none on broken data."""
    if verdict.kind == "model_worse":
        worse = {finding.about for finding in verdict.findings if finding.kind == "model_worse"}
        return [name for name in targets if name in worse]
    return list(targets) if verdict.kind == "customers_changed" else []


def _challengers(settings: Settings, verdict: Verdict) -> list[Challenger]:
    wanted = targets_to_retrain(verdict, trained_targets(settings))
    if not wanted:
        return []
    from pipelines.lifecycle.train import train as trained

    models = trained(settings, targets=wanted).targets
    return [_challenger(settings, model.target, model.version) for model in models]


def _challenger(settings: Settings, target: str, version: str | None) -> Challenger:
    if version is None:
        return Challenger(target, None, False, ["too little history or too few outcomes to train"])
    if not settings.monitoring.promote:
        return Challenger(target, version, False, ["[monitoring] promote is false"])
    from pipelines.lifecycle.promote import promote

    promotion = promote(settings, target, version, why="monitoring called for it")
    return Challenger(target, version, promotion.promoted, promotion.reasons)


def _week(settings: Settings, on: date | None) -> Week:
    table = table_on(settings, on) if on else feature_table.read(settings.feature_table)
    as_of: date = table.frame["as_of"].max()
    past = history(settings.monitoring_folder, as_of)
    return Week(settings.tables_folder, table, _models(settings), past, as_of)


def _models(settings: Settings) -> dict[str, ModelFiles]:
    path = current(settings)
    if path is None:
        return {}
    return {name: ModelFiles.read(path / name) for name in bundle.verify(path).models}


def _write_drift_report(week: Week, verdict: Verdict, folder: Path) -> None:
    rows = (week.reference, week.rows, week.table.features)
    figures = drift_summary(verdict, week.columns, *rows)
    write_summary(figures, folder / SUMMARY)
    write_page(figures, week.columns, *rows, folder / PAGE)
