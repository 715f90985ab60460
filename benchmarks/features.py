"""How long does the usage group take, against SQL written by hand and against a pandas loop?

The same rows, 2 threads, each way in a process of its own for its time and its peak memory; the
tables are compared before the times are. ``--growth`` then tries the shipped way on 2, 10 and 50
million rows. Run it with ``python -m benchmarks.features``.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.usage.data import COLUMNS, write

WAYS = {"shipped": "as shipped", "sql": "SQL by hand", "loop": "pandas, a loop"}
GROWTH = (2_000_000, 10_000_000, 50_000_000)
ROWS_AN_ACCOUNT = 400


def measured(way: str, path: Path, snapshots: int) -> dict[str, float]:
    """Compute in a process of its own; return wall and CPU seconds and the peak memory in GB."""
    command = [sys.executable, "-m", "benchmarks.features", "--way", way, "--data", str(path)]
    command += ["--snapshots", str(snapshots)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(told.stdout)
    return found


def written(path: Path, rows: int, accounts: int) -> None:
    """Write the rows in a process of its own: a child's peak memory counts from its parent's."""
    job = f"from pathlib import Path; from {write.__module__} import write; "
    job += f"write(Path({str(path)!r}), {rows}, {accounts})"
    subprocess.run([sys.executable, "-c", job], check=True)  # noqa: S603


def computed(way: str, path: Path, snapshots: int) -> None:
    """Compute, write the table beside ``path`` and print what it took."""
    module = import_module(f"benchmarks.usage.{way}")
    begun = time.perf_counter()
    table = module.compute(path, snapshots)
    seconds = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    pq.write_table(table, result(path, way))
    cpu, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6
    print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": memory}))


def result(path: Path, way: str) -> Path:
    """Return where a way writes its table."""
    return path.with_name(f"{path.stem}-{way}.parquet")


def difference(path: Path, way: str) -> float:
    """Return the largest difference between a way's table and the shipped one, of any value."""
    keys = [("as_of", "ascending"), ("account_id", "ascending")]
    mine, theirs = (pq.read_table(result(path, one)).sort_by(keys) for one in ("shipped", way))
    if any(mine[name].cast(pa.string()) != theirs[name].cast(pa.string()) for name, _ in keys):
        raise SystemExit(f"{WAYS[way]} has other accounts or dates: times would compare nothing")
    worst = 0.0
    for name in COLUMNS:
        one, other = (t[name].cast(pa.float64()).to_numpy() for t in (mine, theirs))
        if not np.array_equal(np.isnan(one), np.isnan(other)):
            raise SystemExit(f"{WAYS[way]}: {name} is empty elsewhere: nothing is compared")
        worst = max(worst, float(np.nanmax(np.abs(one - other), initial=0)))
    return worst


def compare(folder: Path, rows: int, accounts: int, snapshots: int, ways: list[str]) -> None:
    path = folder / "usage.parquet"
    written(path, rows, accounts)
    print(f"{rows:,} rows, {accounts:,} accounts, {snapshots} snapshots, {len(COLUMNS)} columns")
    print(f"{'':<16}{'s':>8}{'CPU s':>8}{'GB':>7}{'ratio':>8}{'largest difference':>21}")
    base = 0.0
    for way in ways:
        took = measured(way, path, snapshots)
        base = base or took["seconds"]
        figures = f"{took['seconds']:>8.1f}{took['cpu']:>8.1f}{took['memory']:>7.2f}"
        apart = "" if way == "shipped" else f"{difference(path, way):>21.1e}"
        print(f"{WAYS[way]:<16}{figures}{base / took['seconds']:>8.2f}{apart}", flush=True)
    print("ratio: seconds as shipped / seconds of the way; below 1 the shipped one is faster")


def growth(folder: Path, snapshots: int) -> None:
    print(f"\nas shipped, {snapshots} snapshots, {ROWS_AN_ACCOUNT} rows an account")
    print(f"{'rows':<16}{'s':>8}{'CPU s':>8}{'GB':>7}{'s a million rows':>19}")
    for rows in GROWTH:
        path = folder / f"usage-{rows}.parquet"
        written(path, rows, rows // ROWS_AN_ACCOUNT)
        took = measured("shipped", path, snapshots)
        figures = f"{took['seconds']:>8.1f}{took['cpu']:>8.1f}{took['memory']:>7.2f}"
        print(f"{rows:<16,}{figures}{took['seconds'] / rows * 1e6:>19.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--accounts", type=int, default=50_000)
    parser.add_argument("--snapshots", type=int, default=24)
    parser.add_argument("--growth", action="store_true", help="then 2, 10 and 50 million rows")
    parser.add_argument("--without-loop", action="store_true", help="pandas takes minutes")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.way:
        computed(chosen.way, chosen.data, chosen.snapshots)
        return
    ways = [way for way in WAYS if way != "loop" or not chosen.without_loop]
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), chosen.rows, chosen.accounts, chosen.snapshots, ways)
        if chosen.growth:
            growth(Path(folder), chosen.snapshots)


if __name__ == "__main__":
    main()
