"""How close do the models come to the best possible on the demo company?

The simulator writes the true probability of each outcome; nothing can order accounts better than
that. Both are measured on the same rows: the test dates, scored by fits of the model's recipe that
have not seen them. Run it with ``python -m benchmarks.truth`` after ``expansion demo``; prints a
line a target.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from models.dataset import feature_table
from models.dataset.time_split import split
from models.evaluation.rolling_origin import out_of_time
from models.release import bundle
from models.release.model_files import ModelFiles
from models.statistics import metrics
from models.statistics.bootstrap import Draws
from models.training.boosting import Params
from pipelines.config.settings import Settings, load


def compare(settings: Settings, target: str, files: ModelFiles) -> str:
    """Return one line: AUC, PR-AUC and Brier of the model and of the truth, and the regret."""
    table = feature_table.read(settings.feature_table)
    label = table.labels[target]
    dates = split(sorted(table.mature(target)["as_of"].unique()), label.mature_days)
    later = out_of_time(table, target, dates, Params(**(files.card.recipe or {})))
    truth = pd.read_parquet(settings.data.folder / "truth.parquet")
    column = f"p_{label.column}"
    scored = later.rows.assign(ours=later.probability)
    rows = scored.merge(truth[["account_id", "as_of", column]])
    rows = rows[rows[column].notna()]
    outcome, best, ours = (rows[name].to_numpy(float) for name in (label.column, column, "ours"))
    draws = Draws(rows["account_id"], seed=7)
    shown = [
        f"{draws.interval(metric, ours, outcome).value:.3f} / "
        f"{draws.interval(metric, best, outcome).value:.3f}"
        for metric in (metrics.auc, metrics.pr_auc, metrics.brier)
    ]
    regret = draws.difference(best, ours, outcome)
    positives = int(outcome.sum())
    return f"{target:<11}{len(rows):>7,}{positives:>7,}   " + "   ".join(shown) + f"   {regret}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("expansion.toml"))
    settings = load(parser.parse_args().config)
    path = bundle.current(settings.release_folder)
    if path is None or not (settings.data.folder / "truth.parquet").exists():
        print("no demo company yet: run `expansion demo` first")
        return
    print(f"{settings.company.name}: model / truth on the same unseen rows")
    print("target        rows   pos.   AUC             PR-AUC          Brier           AUC regret")
    for target in bundle.verify(path).models:
        print(compare(settings, target, ModelFiles.read(path / target)))


if __name__ == "__main__":
    main()
