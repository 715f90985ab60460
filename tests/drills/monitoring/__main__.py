"""Does monitoring see what breaks, name it rightly, and else keep quiet?

Demo companies of several sizes are simulated; their models, where any has skill, are trained a year
before the end of the data, and every Monday of that year is monitored: these are the healthy weeks.
Then each fault is put into the tables from some week on, and the weeks after it are monitored until
one raises an alarm. At the end a table gives, by size and fault, after how many weeks it was
detected, and how many healthy weeks raised an alarm.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.monitoring.verdict import Finding, Verdict
from tests.drills.monitoring.company import Company, company, recomputed
from tests.drills.monitoring.faults import FAULTS, Fault, spoil

END = date(2026, 11, 23)
WEEKS = 50


def main() -> None:
    """Run the drills on one company a size and seed, print a table of each and one of all."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills.monitoring", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11])
    parser.add_argument("--accounts", type=int, nargs="+", default=[2500])
    parser.add_argument("--only", default="", help="Faults whose name holds this text.")
    asked = parser.parse_args()
    drills = [
        drill(seed, accounts, asked.only) for accounts in asked.accounts for seed in asked.seeds
    ]
    print(summary(drills))


@dataclass(frozen=True)
class Drill:
    """What one company showed: its healthy weeks, alarms in them, and weeks until detection."""

    accounts: int
    healthy_weeks: int
    alarms: int
    weeks_to_detect: Mapping[str, int | None]


def drill(seed: int, accounts: int, only: str) -> Drill:
    """Simulate a company, monitor its last year, then put one fault after the other into it."""
    with tempfile.TemporaryDirectory(prefix="drills-") as folder:
        start = time.monotonic()
        home = company(Path(folder) / "home", seed, accounts=accounts, weeks=WEEKS, end=END)
        quiet = list(watched(home, home.mondays, [], home.settings.tables_folder, home))
        alarms = [verdict for verdict in quiet if verdict.exit_code]
        print(f"{accounts} accounts, seed {seed}: {len(home.models)} models, {len(quiet)} healthy "
              f"weeks, {len(alarms)} alarms")  # fmt: skip
        for verdict in alarms:
            print(f"  {verdict.as_of}: {verdict.kind}: {'; '.join(map(_named, _counted(verdict)))}")
        print("\n| fault | detected | result | by |\n|---|---|---|---|")
        weeks = {
            fault.name: row(fault, home, quiet, Path(folder))
            for fault in FAULTS
            if only in fault.name
        }
        print(f"\n{time.monotonic() - start:.0f} s\n", flush=True)
        return Drill(accounts, len(quiet), len(alarms), weeks)


def summary(drills: Sequence[Drill]) -> str:
    """Return the table of all: a row a fault, a column a size, the weeks of each seed."""
    by_size: dict[int, list[Drill]] = {}
    for one in drills:
        by_size.setdefault(one.accounts, []).append(one)
    head = " | ".join(f"{size:,} accounts" for size in by_size)
    lines = [f"| fault: weeks until detected | {head} |", "|---" * (len(by_size) + 1) + "|"]
    for fault in drills[0].weeks_to_detect:
        weeks = (
            ", ".join(str(one.weeks_to_detect[fault] or "never") for one in same)
            for same in by_size.values()
        )
        lines.append(f"| {fault} | {' | '.join(weeks)} |")
    alarms = (
        f"{sum(one.alarms for one in same)} of {sum(one.healthy_weeks for one in same)}"
        for same in by_size.values()
    )
    return "\n".join([*lines, f"| healthy weeks with an alarm | {' | '.join(alarms)} |"])


def watched(
    home: Company, mondays: Sequence[date], past: Sequence[Verdict], tables: Path, rows: Company
) -> Iterator[Verdict]:
    """Yield the verdict of one Monday after the other, each knowing those before."""
    verdicts = list(past)
    for monday in mondays:
        verdicts.append(home.week(monday, verdicts, tables, rows.table.frame))
        yield verdicts[-1]


def row(fault: Fault, home: Company, quiet: Sequence[Verdict], folder: Path) -> int | None:
    """Print in which week after it began a fault is detected, and as what; return the week."""
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
        if one.exit_code:
            right = "" if one.kind in fault.meant else " (**wrong**)"
            found = "; ".join(map(_named, _counted(one)[:3]))
            print(f"| {fault.name} | week {number} | {one.kind}{right} | {found} |", flush=True)
            return number
    right = "" if "fine" in fault.meant else " (**missed**)"
    print(f"| {fault.name} | not in {len(mondays)} weeks{right} | fine | |", flush=True)
    return None


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
