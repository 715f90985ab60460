"""Does monitoring see what breaks, name it rightly, and else keep quiet?

A demo company is simulated; its models are trained a year before the end of the data, and every
Monday of that year is watched: these are the quiet weeks. Then each fault is put into the tables
from some week on, and the weeks after it are watched until one speaks.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from pipelines.monitoring.verdict import Finding, Verdict
from tests.drills.monitoring.company import Company, company, recomputed
from tests.drills.monitoring.faults import FAULTS, Fault, spoil

END = date(2026, 11, 23)
WEEKS = 50


def main() -> None:
    """Run the drills on one company a seed and print a table of each."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills.monitoring", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11])
    parser.add_argument("--accounts", type=int, default=2500)
    parser.add_argument("--only", default="", help="Faults whose name holds this text.")
    asked = parser.parse_args()
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory(prefix="drills-") as folder:
            start = time.monotonic()
            home = company(
                Path(folder) / "home", seed, accounts=asked.accounts, weeks=WEEKS, end=END
            )
            quiet = list(watched(home, home.mondays, [], home.settings.tables_folder, home))
            told(seed, home, quiet)
            for fault in FAULTS:
                if asked.only in fault.name:
                    print(row(fault, home, quiet, Path(folder)), flush=True)
            print(f"\n{time.monotonic() - start:.0f} s\n")


def watched(
    home: Company, mondays: Sequence[date], past: Sequence[Verdict], tables: Path, rows: Company
) -> Iterator[Verdict]:
    """Yield the verdict of one Monday after the other, each knowing those before."""
    verdicts = list(past)
    for monday in mondays:
        verdicts.append(home.week(monday, verdicts, tables, rows.table.frame))
        yield verdicts[-1]


def told(seed: int, home: Company, quiet: Sequence[Verdict]) -> None:
    """Print the quiet weeks and the head of the table of faults."""
    loud = [one for one in quiet if one.light != "ok"]
    print(f"seed {seed}: {len(home.models)} models, {len(quiet)} quiet weeks, {len(loud)} alarms")
    for one in loud:
        print(f"  {one.as_of}: {one.kind}: {'; '.join(map(_named, _counted(one)))}")
    print("\n| fault | seen | told as | by |\n|---|---|---|---|")


def row(fault: Fault, home: Company, quiet: Sequence[Verdict], folder: Path) -> str:
    """Return a row of the table: in which week after it began a fault is seen, and as what."""
    since, mondays = _time(fault, home)
    tables = folder / "spoiled" / "tables"
    spoil(fault, home.settings.tables_folder, tables, since)
    dates = [one for one in {*home.usual, *mondays} if fault.repeats or one in mondays]
    spoiled = Company(
        home.settings,
        type(home.table)(
            recomputed(home, tables, sorted(dates)), home.table.features, home.table.labels,
            home.table.meta,
        ),
        home.models, home.usual, home.mondays,
    )  # fmt: skip
    past = [] if fault.repeats else [one for one in quiet if one.as_of <= since]
    for number, one in enumerate(watched(home, mondays, past, tables, spoiled), start=1):
        if one.light != "ok":
            right = "" if one.kind in fault.meant else " (**wrong**)"
            found = "; ".join(map(_named, _counted(one)[:3]))
            return f"| {fault.name} | week {number} | {one.kind}{right} | {found} |"
    right = "" if "fine" in fault.meant else " (**missed**)"
    return f"| {fault.name} | not in {len(mondays)} weeks{right} | fine | |"


def _time(fault: Fault, home: Company) -> tuple[date, list[date]]:
    """Return the day a fault begins, and the Mondays that are watched after it."""
    if fault.repeats:
        year = [one for one in home.mondays if date(2026, 8, 3) < one <= date(2026, 11, 2)]
        return year[0], year
    since = home.mondays[-fault.weeks - 1]
    return since, [one for one in home.mondays if one > since]


def _counted(verdict: Verdict) -> list[Finding]:
    return [one for one in verdict.findings if one.light != "ok"]


def _named(finding: Finding) -> str:
    told = ", ".join(f"{name} {value}" for name, value in finding.values.items())
    return f"{finding.code} {finding.about} ({told})"


if __name__ == "__main__":
    main()
