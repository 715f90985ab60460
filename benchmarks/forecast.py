"""Do the forecast's intervals hold what comes, and is it nearer than 'same as last year'?

Five simulated companies, whose accounts move together in good and bad quarters, and from each every
quarter whose year is over: the forecast sees what was known then. Years of neighbouring origins
overlap, so the uncertainty of the coverage is drawn over companies, not over origins. Run it with
``python -m benchmarks.forecast``; takes some minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from models.backtest import Backtest, Trial, backtest
from pipelines.forecast import panel_of
from pipelines.ingest import ingest
from pipelines.settings import Settings
from pipelines.synthetic import simulate
from pipelines.synthetic.world import World

SEEDS = (11, 12, 13, 14, 15)
FIRST = 7
"""Origins begin after so many quarters: a company in its first year is mostly its first deals."""
RESAMPLES = 2000


def tried(seed: int, accounts: int, months: int, swing: float, futures: int) -> Backtest:
    """Simulate a company and forecast from each of its quarters."""
    world = World(swing=swing, replicas=1)
    with TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        simulate(source, accounts=accounts, months=months, seed=seed, world=world, workers=1)
        where = {"data": {"folder": source}, "paths": {"work": Path(folder) / "work"}}
        settings = Settings.model_validate(where)
        panel = panel_of(settings, ingest(settings))
    return backtest(panel, seed=seed, futures=futures, since=panel.dates[FIRST])


def share(companies: Sequence[Backtest], figure: str, level: int) -> str:
    """Return the coverage with its standard errors: if origins were independent, and they are not.

    The second draws companies with replacement.
    """
    hits = [np.array([t.covers(figure, level) for t in one.trials], float) for one in companies]
    whole = np.concatenate(hits)
    plain = np.sqrt(level / 100 * (1 - level / 100) / len(whole))
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(hits), (RESAMPLES, len(hits)))
    clustered = np.std([np.concatenate([hits[i] for i in row]).mean() for row in drawn])
    told = f"{figure.upper()}  {level} %   {100 * whole.mean():5.1f} %"
    return f"{told}   ± {100 * plain:.1f} alone, ± {100 * clustered:.1f} by company"


def errors(trials: Sequence[Trial]) -> str:
    """Return the mean absolute errors on the origins whose year before is known."""
    known = [(t.forecast.nrr.value - t.nrr, t.last_year - t.nrr, t.forecast.grr.value - t.grr)
             for t in trials if t.last_year is not None]  # fmt: skip
    points = 100 * np.array(known)
    ours, last, _ = np.abs(points).mean(axis=0)
    lean, _, lean_grr = points.mean(axis=0)
    return (
        f"mean absolute error of NRR: {ours:.1f} points, 'same as last year' {last:.1f} "
        f"(ratio {ours / last:.2f}); too high by {lean:+.1f} (NRR), {lean_grr:+.1f} (GRR)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1500)
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--swing", type=float, default=0.3, help="how far accounts move together")
    parser.add_argument("--futures", type=int, default=400)
    chosen = parser.parse_args()
    rest = [
        [getattr(chosen, name)] * len(SEEDS) for name in ("accounts", "months", "swing", "futures")
    ]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        companies = list(pool.map(tried, SEEDS, *rest))
    trials = [trial for one in companies for trial in one.trials]
    print(f"{len(SEEDS)} companies, {len(trials)} origins, swing {chosen.swing}")
    for figure in ("nrr", "grr"):
        for level in (80, 95):
            print(share(companies, figure, level))
    print(errors(trials))


if __name__ == "__main__":
    main()
