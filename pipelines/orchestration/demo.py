"""``demo``: the whole way on a simulated company, from its tables to a ranked list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from features.errors import DataError
from models.common.clock import utc_now
from pipelines.common.progress import Progress

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


@dataclass(frozen=True)
class DemoResult:
    """What the demo made: the next-best accounts, and where to look next."""

    company: str
    currency: str
    as_of: str
    accounts: int
    columns: list[dict[str, str]]
    top: list[dict[str, Any]]
    report: str
    verdicts: dict[str, str]


STEPS = ("simulate", "check", "build", "train", "score", "monitor", "report")


def demo(settings: Settings, *, accounts: int, progress: Progress) -> DemoResult:
    """Simulate a company into the settings' data folder and go every step once.

    Raises
    ------
    DataError
        When a step says no; the steps before it stay done.
    """
    from pipelines.build.build import build
    from pipelines.ingest.check import check
    from pipelines.lifecycle.train import train
    from pipelines.monitoring.monitor import monitor
    from pipelines.report.report import report
    from pipelines.scoring.score import score
    from pipelines.synthetic import simulate

    at = [partial(_show, progress, number, name) for number, name in enumerate(STEPS)]
    simulate(
        settings.data.folder,
        accounts=accounts,
        months=36,
        seed=7,
        end=newest_monday(),
        progress=at[0],
    )
    at[1]("tables against the contract", 0.0)
    if not check(settings).ok:
        raise DataError("the demo company violates the contract; run `expansion check`")
    build(settings, at[2])
    trained = train(settings, progress=at[3])
    scored = score(settings, at[4])
    monitor(settings, at[5])
    page = report(settings, at[6])
    return DemoResult(
        company=settings.company.name,
        currency=settings.company.currency,
        as_of=str(scored.as_of),
        accounts=scored.accounts,
        columns=scored.columns,
        top=scored.top,
        report=str(page.path),
        verdicts={result.target: result.verdict for result in trained.targets},
    )


def newest_monday() -> date:
    """Return the newest Monday, so that the demo's data is as fresh as a company's would be."""
    today = utc_now().date()
    return today - timedelta(days=today.weekday())


def _show(progress: Progress, number: int, name: str, step: str, share: float) -> None:
    """Show how far the step is as a share of all steps."""
    progress(f"{name}: {step}", (number + share) / len(STEPS))
