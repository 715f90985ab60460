"""What is each feature group worth? Train with it left out, and look at unseen dates.

Every target is fitted on the same rows with all groups, then with one group left out at a time;
nothing is registered. The AUC is that of the test dates, with a 95 % interval over accounts, and
the loss is what the AUC falls by without the group, on the same resamples. Run it with
``python -m benchmarks.groups --config examples/crm6.toml`` after ``expansion build``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from features.errors import DataError
from models.dataset import feature_table
from models.dataset.feature_table import FeatureTable
from models.dataset.time_split import Split, split
from models.evaluation.rolling_origin import out_of_time
from models.statistics import metrics
from models.statistics.bootstrap import Draws
from models.training.boosting import Params
from pipelines.config.company_features import trained_targets
from pipelines.config.settings import Settings, load

HEADER = f"{'target':<11}{'left out':<13}{'columns':>7}   {'AUC':<22}{'loss without it':<24}"


@dataclass(frozen=True)
class Trial:
    """The rows of one target that a model learns from and is tested on."""

    table: FeatureTable
    target: str
    parts: Split
    params: Params

    def score(self, without: str = "") -> np.ndarray:
        """Return the probabilities of the test rows by a model that lacks the group ``without``."""
        kept = tuple(one for one in self.table.features if one["group"] != without)
        table = replace(self.table, features=kept)
        return out_of_time(table, self.target, self.parts, self.params).probability

    def outcomes(self) -> np.ndarray:
        """Return whether each test row had the outcome."""
        column = self.table.labels[self.target].column
        return self.table.at(self.target, self.parts.test)[column].to_numpy(float)


def filled(table: FeatureTable) -> dict[str, int]:
    """Return how many columns of each group hold any value at all."""
    counts: dict[str, int] = {}
    for one in table.features:
        counts.setdefault(one["group"], 0)
        counts[one["group"]] += bool(table.frame[one["name"]].notna().any())
    return counts


def lines(trial: Trial) -> Iterator[str]:
    """Return a line for all groups together, and one for each group left out."""
    counts, outcomes, full = filled(trial.table), trial.outcomes(), trial.score()
    accounts = trial.table.at(trial.target, trial.parts.test)["account_id"]
    draws = Draws(accounts, trial.params.seed)
    auc = draws.interval(metrics.auc, full, outcomes)
    yield f"{trial.target:<11}{'nothing':<13}{sum(counts.values()):>7}   {auc!s:<22}"
    for group in [name for name, count in counts.items() if count]:
        score = trial.score(group)
        auc = draws.interval(metrics.auc, score, outcomes)
        loss = draws.difference(full, score, outcomes)
        kept = sum(counts.values()) - counts[group]
        yield f"{trial.target:<11}{group:<13}{kept:>7}   {auc!s:<22}{loss!s:<24}"


def trials(settings: Settings, targets: Sequence[str]) -> Iterator[Trial]:
    """Return each target that has enough dates and outcomes to be tried."""
    table = feature_table.read(settings.feature_table)
    params = Params(seed=settings.train.seed, max_trees=settings.train.max_trees)
    for target in targets or trained_targets(settings):
        dates = sorted(table.mature(target)["as_of"].unique())
        try:
            trial = Trial(table, target, split(dates, table.labels[target].mature_days), params)
        except DataError as error:
            print(f"{target}: {error}")
            continue
        if trial.outcomes().sum() < settings.train.min_positives:
            print(f"{target}: too few outcomes on the test dates")
            continue
        yield trial


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("expansion.toml"))
    parser.add_argument("--target", action="append", default=[], help="only these targets")
    chosen = parser.parse_args()
    settings = load(chosen.config)
    print(f"{settings.company.name}: what each feature group adds on unseen dates\n{HEADER}")
    for trial in trials(settings, chosen.target):
        for line in lines(trial):
            print(line, flush=True)


if __name__ == "__main__":
    main()
