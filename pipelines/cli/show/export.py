"""How an export reads at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from pipelines.delivery.crm.export import ExportResult

MOST_PROBLEMS = 10


def exported(result: ExportResult) -> None:
    """Print what was written or would be, its first rows and who could not go."""
    what = "would be written" if result.is_dry_run else "written"
    line(f"{result.written:,} of {result.accounts:,} accounts {what}, as {result.form}", "bold")
    if result.since:
        line(f"{result.unchanged:,} have not changed since {result.since}")
    line(f"{result.folder}: {_files(result.files)}")
    if result.first:
        line()
        rows = [[name, *(row[name] for row in result.first)] for name in result.first[0]]
        head = ("field", *("first", "second", "third")[: len(result.first)])
        table("", head, rows)
    if result.problems:
        line()
        line(f"{len({one.account_id for one in result.problems}):,} accounts cannot go:", "red")
        for one in result.problems[:MOST_PROBLEMS]:
            line(f"  {one.account_id!r}: {one.problem}")


def _files(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 5 else f"{names[0]} to {names[-1]}, {len(names)} files"
