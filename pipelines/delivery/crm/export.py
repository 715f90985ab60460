"""``export``: the newest scoring as files that a CRM takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import DataError, UsageError
from models.common.files import atomic_folder
from models.store.scores import ScoreStore
from pipelines.common.progress import Progress, silent
from pipelines.config.company_features import targets
from pipelines.delivery.crm import fields as export_fields
from pipelines.delivery.crm import files
from pipelines.delivery.crm.fields import VOLATILE, Format, Reader, Row
from pipelines.delivery.crm.limits import RowProblem, problems
from pipelines.scoring.scorings import warn_of_clock

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

SHOWN = 3


@dataclass(frozen=True)
class ExportResult:
    """What was written, or would be; ``first`` are accounts by the CRM's names of the fields.

    ``unchanged`` accounts are as they were on the day of ``since``, and left out.
    """

    form: Format
    scoring_id: str
    since: str | None
    accounts: int
    unchanged: int
    written: int
    folder: str
    files: list[str]
    first: list[dict[str, str]]
    problems: list[RowProblem]
    is_dry_run: bool


def export(
    settings: Settings,
    form: Format,
    out: Path | None = None,
    since: date | None = None,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ExportResult:
    """Write the newest scoring for a CRM, and beside it the accounts that it would refuse.

    Parameters
    ----------
    settings
        The company; ``[export]`` says which fields, and how the CRM calls them.
    form
        For which CRM.
    out
        The folder to write; what is in it goes. By default one of the scoring's own.
    since
        Only accounts that have changed since the newest scoring on or before this day.
    dry_run
        Write nothing.
    progress
        Told how far it is.

    Raises
    ------
    DataError
        When there is no scoring yet, or none on or before ``since``.
    UsageError
        When ``[export]`` names a field that is none, or a name that the CRM cannot have, or
        ``out`` holds what is not of an export.
    """
    report = progress or silent
    declared = targets(settings)
    names = export_fields.names(settings.export, form, declared)
    fields = export_fields.exported_fields(settings.export, declared)
    available = export_fields.available_fields(declared)
    readers = {name: available[name] for name in fields}
    if out:
        _refuse_foreign(out)
    warn_of_clock(settings)
    with closing(ScoreStore(settings.store_url)) as store:
        report("reading", 0.1)
        scoring_id, rows = _read(store, readers)
        _, before = _read(store, readers, since) if since else ("", [])
    wrong = problems(rows, form)
    refused = {problem.account_id for problem in wrong}
    new = _changed(rows, dict(before), fields)
    good = [row for row in new if row[0] not in refused]
    report("writing", 0.5)
    contents = files.files(good, names, form, settings.export.most_text)
    name = f"{scoring_id}-{form}" + (f"-since-{since}" if since else "")
    folder = out or settings.export_folder / name
    return ExportResult(
        form=form,
        scoring_id=scoring_id,
        since=since.isoformat() if since else None,
        accounts=len(rows),
        unchanged=len(rows) - len(new),
        written=len(good),
        folder=str(folder),
        files=_written(folder, [*contents, *_errors(wrong)], dry_run=dry_run),
        first=[_as_shown(row, names, settings.export.most_text) for row in good[:SHOWN]],
        problems=wrong,
        is_dry_run=dry_run,
    )


def _refuse_foreign(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: is not a folder")
    foreign = [path.name for path in out.glob("*") if not files.is_export_file(path.name)]
    if foreign:
        listed = ", ".join(sorted(foreign)[:3])
        raise UsageError(
            f"--out {out}: contains {listed}, which would be deleted; name an empty folder"
        )


def _read(
    store: ScoreStore, readers: Mapping[str, Reader], on: date | None = None
) -> tuple[str, list[Row]]:
    with store.open_scoring(on) as scored:
        if scored is None:
            when = f" on or before {on}" if on else ""
            raise DataError(f"nothing was scored{when}; run `expansion score` first")
        return scored.scoring.scoring_id, [
            export_fields.row(score, readers.values()) for score in scored.rows
        ]


def _changed(
    rows: Sequence[Row], former: Mapping[str, Sequence[object]], fields: Sequence[str]
) -> list[Row]:
    """Return the rows that say something else than before, beyond that time has passed."""
    lasting = [place for place, name in enumerate(fields) if name not in VOLATILE]

    def is_new(account: str, values: Sequence[object]) -> bool:
        before = former.get(account)
        return before is None or any(values[place] != before[place] for place in lasting)

    return [row for row in rows if is_new(*row)]


def _errors(wrong: Sequence[RowProblem]) -> list[tuple[str, bytes]]:
    rows = [(row.account_id, row.problem) for row in wrong]
    return [(files.ERRORS, files.errors(rows))] if rows else []


def _written(folder: Path, contents: Sequence[tuple[str, bytes]], *, dry_run: bool) -> list[str]:
    if not dry_run:
        with atomic_folder(folder) as other:
            for name, content in contents:
                (other / name).write_bytes(content)
    return [name for name, _ in contents]


def _as_shown(row: Row, names: Sequence[str], most_text: int) -> dict[str, str]:
    account, values = row
    shown = [account, *(files.shown(value, most_text) for value in values)]
    return dict(zip(names, shown, strict=True))
