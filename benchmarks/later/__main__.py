"""Do models keep in the year after what their cards said, and are their probabilities true?

Companies are cut at a day, trained as a user would on that day, and scored on the dates of the year
that follows. Simulated ones also tell the true probabilities. ``--out`` keeps the figures,
``--against`` an earlier run's shows the differences, paired over companies; older code is run with
``PYTHONPATH=OLDER:THIS python -m benchmarks.later`` from a folder outside both. ``--cache`` keeps
each company's tables, so that another run only trains and scores. Some two minutes a company.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.later import company, tables
from benchmarks.later.experiment import measured
from models.common.files import write_atomically

BETWEEN_SIZES = 100


def origins(chosen: argparse.Namespace) -> Iterator[company.Origin]:
    """Yield the companies that are asked for; a data set that is not there is left out."""
    for place, accounts in enumerate(chosen.accounts):
        for number in range(chosen.companies):
            seed = chosen.seed + BETWEEN_SIZES * place + number
            yield company.simulated(seed, accounts, chosen.months)
    for name in company.REAL:
        folder = chosen.data / name
        if folder.is_dir():
            yield company.real(name, folder)
        else:
            print(f"{folder}: is not there, and left out")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.later", description=__doc__)
    parser.add_argument("--companies", type=int, default=20, help="of each size")
    parser.add_argument("--accounts", type=int, nargs="+", default=[1000, 400], help="the sizes")
    parser.add_argument("--seed", type=int, default=201, help="of the first company")
    parser.add_argument("--months", type=int, default=52, help="simulated, the year after included")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="of real sets")
    parser.add_argument("--cache", type=Path, default=Path("var/later"))
    parser.add_argument("--prepare", action="store_true", help="fill the cache, and stop")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="of each process in training")
    parser.add_argument("--out", type=Path, help="where the figures go (JSON)")
    parser.add_argument("--against", type=Path, help="the figures of an earlier run")
    parser.add_argument("--show", type=Path, help="print the figures of a run, and run nothing")
    chosen = parser.parse_args()
    rows = json.loads(chosen.show.read_text("utf-8")) if chosen.show else run(chosen)
    frame = pd.DataFrame(rows)
    for line in tables.figures(frame) if rows else ():
        print(line)
    if chosen.against and rows:
        before = pd.DataFrame(json.loads(chosen.against.read_text("utf-8")))
        for line in tables.against(frame, before):
            print(line)


def run(chosen: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the figures of all companies, in their order; ``--out`` has those so far."""
    wanted = list(origins(chosen))
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    task = (
        partial(company.prepared, cache=chosen.cache)
        if chosen.prepare
        else partial(measured, cache=chosen.cache, threads=chosen.threads)
    )
    results: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    with ProcessPoolExecutor(chosen.processes, get_context("spawn")) as pool:
        begun = {pool.submit(task, origin): origin.name for origin in wanted}
        for future in as_completed(begun):
            results[begun[future]] = future.result()
            print(f"{len(results)} of {len(wanted)}: {begun[future]}", flush=True)
            finished = [] if chosen.prepare else [o.name for o in wanted if o.name in results]
            rows = [_plain(row) for name in finished for row in results[name]]
            if chosen.out:
                write_atomically(chosen.out, json.dumps(rows, indent=1))
    return rows


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON holds it, so that NaN becomes null."""
    return {name: None if value != value else value for name, value in row.items()}


if __name__ == "__main__":
    main()
