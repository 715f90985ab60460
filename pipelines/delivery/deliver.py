"""``deliver``: the weekly report to everybody who reads it, once to each recipient.

What was delivered is recorded at once, so that no recipient gets the same week twice. A process
that is killed between sending and writing sends once more; a mail then has the same Message-ID.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import EnvironmentFailure, UsageError
from models.common.files import write_atomically
from pipelines.common.lock import exclusive
from pipelines.delivery.attempt import DeliveryContext, PermanentFailure, TransientFailure
from pipelines.delivery.send import send_with_retries
from pipelines.delivery.weekly_report import WeeklyReport, newest_report
from pipelines.scoring.scorings import invalid

if TYPE_CHECKING:
    from pipelines.config.channels import Channel
    from pipelines.config.settings import Settings


@dataclass(frozen=True)
class DeliverResult:
    """Which week went where: recipients that have it now, and those that had it before."""

    as_of: str
    delivered: Sequence[str]
    had_it: Sequence[str]


def deliver(
    settings: Settings,
    *,
    on: date | None = None,
    again: bool = False,
    dry_run: bool = False,
    context: DeliveryContext | None = None,
) -> DeliverResult:
    """Hand the newest report, or that on or before a day, to every recipient in ``[[deliver]]``.

    ``again`` also hands it to those that have it; ``dry_run`` only tells who would get it.

    Raises
    ------
    UsageError
        When an environment variable that holds a password or an address is not set.
    DataError
        When there is no report.
    EnvironmentFailure
        When some recipients could not be reached or refused it, after all others have it.
    """
    context = context or DeliveryContext()
    _refuse_unset(settings, context.environment)
    report = newest_report(settings.report_folder, on, invalid(settings))
    with exclusive(settings.delivered_folder / "lock", "a delivery"):
        log = _DeliveryLog(settings.delivered_folder / f"{report.summary.as_of}.json")
        had = [
            section.name
            for section in settings.deliver
            if section.name in log.digests and not again
        ]
        wanted = [section for section in settings.deliver if section.name not in had]
        if not dry_run:
            _send_all(wanted, report, log, context)
    return DeliverResult(str(report.summary.as_of), [section.name for section in wanted], had)


def _send_all(
    sections: Sequence[Channel], report: WeeklyReport, log: _DeliveryLog, context: DeliveryContext
) -> None:
    """Send the report to one recipient after the other; name those that failed at the end."""
    problems: list[str] = []
    for section in sections:
        try:
            send_with_retries(section, report, context)
            log.record(section.name, report.digest)
        except (PermanentFailure, TransientFailure) as error:
            problems.append(f"[[deliver]] {section.name!r}: {error}; run `expansion deliver` again")
    if problems:
        raise EnvironmentFailure(problems)


class _DeliveryLog:
    """Who has a week's report, by the digest of what they got."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.digests: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def record(self, name: str, digest: str) -> None:
        self.digests[name] = digest
        write_atomically(self._path, json.dumps(self.digests, indent=1, sort_keys=True) + "\n")


def _refuse_unset(settings: Settings, environment: Mapping[str, str]) -> None:
    problems = [
        f"the environment variable {section.secret_from} of [[deliver]] {section.name!r} is not set"
        for section in settings.deliver
        if section.secret_from and not environment.get(section.secret_from)
    ]
    if problems:
        raise UsageError(problems)
