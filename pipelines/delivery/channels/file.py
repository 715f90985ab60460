"""The page and its PDF in a folder, such as a shared drive."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from models.common.files import atomic_folder
from pipelines.delivery.attempt import DeliveryContext, PermanentFailure

if TYPE_CHECKING:
    from pipelines.config.channels import Folder
    from pipelines.delivery.weekly_report import WeeklyReport


def send(section: Folder, report: WeeklyReport, _context: DeliveryContext) -> None:
    """Copy the files of a report to ``<folder>/<day>/``, all of them at once."""
    target = section.folder / report.summary.as_of.isoformat()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_folder(target) as folder:
            for path in report.files:
                shutil.copyfile(path, folder / path.name)
    except OSError as error:
        raise PermanentFailure(f"{target}: {error.strerror or error}") from None
