"""What does our care cost over LightGBM itself, on the same matrix with the same parameters?

Ours: encode the table, bin it once, stop on the newest fold, fit the final model. The peer:
the same fits by ``lightgbm.train`` on the encoded matrix, each binned on its own, with the same
early stopping, and no more. Both in one process, alternating; prints seconds and their ratio. Run
it with ``python -m benchmarks.training --config expansion.toml`` after ``expansion build``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import lightgbm as lgb
import numpy as np

from models.dataset import feature_table
from models.dataset.feature_table import FeatureTable
from models.dataset.time_split import Fitting, split
from models.training.boosting import Params
from models.training.classifier import TrainingSet, fit
from pipelines.config.company_features import trained_targets
from pipelines.config.settings import load

ROUNDS = 3


def raw(training: TrainingSet, params: Params) -> str:
    """Fit with LightGBM alone what ``fit`` fits, and return the final model's text."""
    early, valid = training.numbers(training.fitting.newest)
    booster = lgb.train(
        _settings(training, params, len(early)),
        _dataset(training, early),
        params.max_trees,
        valid_sets=[_dataset(training, valid)],
        callbacks=[lgb.early_stopping(params.patience, verbose=False)],
    )
    everything = np.arange(len(training.label))
    settings = _settings(training, params, len(everything))
    return lgb.train(
        settings, _dataset(training, everything), booster.best_iteration
    ).model_to_string()


def _settings(training: TrainingSet, params: Params, rows: int) -> dict[str, object]:
    directions = training.boosting.directions
    held = {"monotone_constraints": directions} if params.monotone and any(directions) else {}
    return params.lightgbm(rows) | held


def _dataset(training: TrainingSet, rows: np.ndarray) -> lgb.Dataset:
    categories = [n for n, one in enumerate(training.features) if one.categories]
    inputs, label = training.boosting.matrix[rows], training.label[rows]
    return lgb.Dataset(inputs, label, categorical_feature=categories)


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(table: FeatureTable, target: str, parts: Fitting, params: Params) -> str:
    """Return one line: the fastest round of each, and the ratio of the two."""
    training = TrainingSet.of(table, target, parts)
    ours, peers = [], []
    for _ in range(ROUNDS):
        ours.append(timed(lambda: fit(table, target, parts, params)))
        peers.append(timed(lambda: raw(training, params)))
    one, two = min(ours), min(peers)
    rows, columns = training.boosting.matrix.shape
    return f"{target:<11}{rows:>9,}{columns:>6}{one:>9.1f}{two:>9.1f}{one / two:>8.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("expansion.toml"))
    parser.add_argument("--target", action="append", default=[], help="only these targets")
    chosen = parser.parse_args()
    settings = load(chosen.config)
    table = feature_table.read(settings.feature_table)
    params = Params(seed=settings.train.seed, max_trees=settings.train.max_trees)
    print("target          rows  cols   ours s   peer s   ratio")
    for target in chosen.target or trained_targets(settings):
        dates = sorted(table.mature(target)["as_of"].unique())
        parts = split(dates, table.labels[target].mature_days).final
        print(compare(table, target, parts, params), flush=True)


if __name__ == "__main__":
    main()
