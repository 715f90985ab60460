"""Do the forecast's intervals hold what comes, and is it nearer than 'same as last year'?

Simulated companies, whose accounts move together in good and bad quarters, and from each every
quarter whose year is over: the forecast sees what was known then. Years of neighbouring origins
overlap, so a coverage's standard error is that of the companies' means: twenty of them are told
apart from nominal only beyond some seven points, five beyond thirteen. Run it with
``python -m benchmarks.forecast``; takes some minutes.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from models.forecast.backtest import Backtest, Trial, backtest
from pipelines.config.settings import Settings
from pipelines.ingest.tables import ingest
from pipelines.scoring.nrr_forecast import panel_of
from pipelines.synthetic import simulate
from pipelines.synthetic.world import World

SEED = 101


def tried(seed: int, accounts: int, months: int, swing: float, futures: int) -> Backtest:
    """Simulate a company and forecast from each of its quarters."""
    world = World(swing=swing, replicas=1)
    with TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        simulate(source, accounts=accounts, months=months, seed=seed, world=world, workers=1)
        where = {"data": {"folder": source}, "paths": {"work": Path(folder) / "work"}}
        settings = Settings.model_validate(where)
        panel = panel_of(settings, ingest(settings))
    return backtest(panel, seed=seed, futures=futures)


def share(companies: Sequence[Backtest], figure: str, level: int) -> str:
    """Return the coverage, its standard error over companies, and the mean width in points."""
    hits = [one.coverage(figure, level) or 0.0 for one in companies]
    spreads = [getattr(t.forecast, figure) for one in companies for t in one.trials]
    ends = [(getattr(s, f"low_{level}"), getattr(s, f"high_{level}")) for s in spreads]
    width = np.mean([high - low for low, high in ends])
    held, error = 100 * np.mean(hits), 100 * np.std(hits, ddof=1) / np.sqrt(len(hits))
    told = f"{figure.upper()}  {level} %  {held:5.1f} %  ± {error:.1f}   {100 * width:5.1f} points"
    return told if abs(held - level) <= 5 else f"{told}   more than 5 points off"


def errors(trials: Sequence[Trial]) -> str:
    """Return the mean absolute errors on the origins whose year before is known."""
    rows = [
        (made.nrr.value - one.nrr, made.nrr_last_year - one.nrr, made.grr.value - one.grr)
        for one in trials
        if (made := one.forecast).nrr_last_year is not None
    ]
    points = 100 * np.array(rows)
    ours, last, grr = np.abs(points).mean(axis=0)
    lean, _, lean_grr = points.mean(axis=0)
    return (
        f"mean absolute error of NRR: {ours:.1f} points, 'same as last year' {last:.1f} "
        f"(ratio {ours / last:.2f}), of GRR {grr:.1f}; too high by {lean:+.1f} (NRR), "
        f"{lean_grr:+.1f} (GRR)"
    )


def paired(companies: Sequence[Backtest]) -> str:
    """Return by how much the error is below that of 'same as last year', company by company."""
    errors = [both for one in companies if (both := one.errors())]
    gains = 100 * np.array([last - ours for ours, last in errors])
    spread = np.std(gains, ddof=1) / np.sqrt(len(gains))
    return (
        f"nearer than 'same as last year' by {gains.mean():.1f} points ± {spread:.1f}, "
        f"at {(gains > 0).sum()} of {len(gains)} companies"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=20)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--swing", type=float, default=0.3, help="how far accounts move together")
    parser.add_argument("--futures", type=int, default=300)
    parser.add_argument("--seed", type=int, default=SEED, help="the first company's")
    chosen = vars(parser.parse_args())
    first = chosen.pop("seed")
    seeds = range(first, first + chosen.pop("companies"))
    with ProcessPoolExecutor(2, get_context("spawn"), _silent) as pool:
        companies = list(pool.map(partial(tried, **chosen), seeds))
    trials = [trial for one in companies for trial in one.trials]
    print(f"{len(companies)} companies, {len(trials)} origins, swing {chosen['swing']}")
    for figure in ("nrr", "grr"):
        for level in (80, 95):
            print(share(companies, figure, level))
    print(errors(trials))
    print(paired(companies))


def _silent() -> None:
    # DuckDB takes a process that was spawned for a notebook and draws its progress into it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main()
