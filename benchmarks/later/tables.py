"""The figures of many companies as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.later.experiment import EXPANSION
from benchmarks.later.measures import DEPTHS, interval, paired

RANKINGS = ("model", "rule", "arr", "truth", "random")
AIMS = {"sum_to_truth": (0.9, 1.1), "arr_to_truth_top": (0.85, 1.15)}
"""Within which ends a ratio is counted as right."""
SHOWN = (
    "auc", "truth_auc", "auc_minus_card", "kl", "log_loss", "lag_days", "sum_to_truth",
    "arr_to_truth", "arr_to_truth_top", "sum_to_outcomes", "badly_wrong",
)  # fmt: skip
HEADER = (
    f"{'target':<11}{'models':>7}{'used':>5}{'lag':>5}  {'AUC':>5}{'truth':>6}"
    f"  {'AUC - card':<22}{'KL':>7}{'log loss':>9}  {'p/truth':>7}{'right':>6}"
    f"{'ARR':>6}{'top':>6}{'right':>6}{'p/came':>8}{'wrong':>6}"
)
LEGEND = """\
models, used: companies with a model, and with one in use; lag: days from the newest training date
to the cut; AUC - card: mean over companies with 95 % interval; KL: of the true probability and the
model's, in thousandths; p/truth: sum of probabilities to sum of the truth; ARR: the same weighted
by ARR, top: in the top third by ARR; right: companies within 0.9 to 1.1, 0.85 to 1.15; p/came: sum
of probabilities to outcomes; wrong: probabilities above 0.95 whose truth is below 0.5."""


def figures(rows: pd.DataFrame) -> Iterator[str]:
    """Yield the table of each size and window, then the captured ARR."""
    yield LEGEND
    complete = rows.reindex(columns=list(dict.fromkeys([*rows, *SHOWN])))
    for (name, window), group in complete.groupby(["group", "window"], sort=False):
        yield f"\n{name}, the {window} after the cut\n{HEADER}"
        for target, companies in group[group["target"] != EXPANSION].groupby("target", sort=False):
            yield _line(str(target), companies)
        if group["kl"].notna().any():
            right = group.dropna(subset="kl").set_index("company")["sum_to_truth"]
            every = right.between(*AIMS["sum_to_truth"]).groupby(level=0).all()
            yield (
                f"all targets: KL {1000 * group['kl'].mean():.1f}; p/truth right for every target "
                f"in {every.sum()} of {len(every)} companies"
            )
        expansion = group[group["target"] == EXPANSION]
        yield "expansion ARR in the first " + " / ".join(map(str, DEPTHS)) + " % of accounts:"
        for ranking in RANKINGS:
            means = [expansion.get(f"{ranking}_{depth}", pd.Series(dtype=float)).mean()
                     for depth in DEPTHS]  # fmt: skip
            if not np.isnan(means).all():
                yield f"  {ranking:<7}" + " / ".join(f"{100 * mean:.0f}" for mean in means)


def _line(target: str, companies: pd.DataFrame) -> str:
    trained = companies[companies["auc"].notna()]

    def mean(name: str, shape: str, factor: float = 1.0) -> str:
        values = trained[name].dropna()
        width = int(shape.split(".")[0])
        return f"{factor * values.mean():{shape}}" if len(values) else f"{'-':>{width}}"

    def right(name: str) -> str:
        values = trained[name].dropna()
        return f"{values.between(*AIMS[name]).sum():>6}" if len(values) else f"{'-':>6}"

    gap = trained["auc_minus_card"].dropna().to_numpy(float)
    low, high = interval(gap)
    shown = f"{gap.mean():+.3f}" if len(gap) else "-"
    if len(gap) > 1:
        shown += f" [{low:+.3f}, {high:+.3f}]"
    wrong = trained["badly_wrong"].dropna()
    return (
        f"{target:<11}{len(trained):>3}/{len(companies):<3}{companies['in_use'].sum():>5}"
        f"{mean('lag_days', '5.0f')}  {mean('auc', '5.3f')}{mean('truth_auc', '6.3f')}"
        f"  {shown:<22}{mean('kl', '7.1f', 1000)}{mean('log_loss', '9.4f')}"
        f"  {mean('sum_to_truth', '7.2f')}{right('sum_to_truth')}"
        f"{mean('arr_to_truth', '6.2f')}{mean('arr_to_truth_top', '6.2f')}"
        f"{right('arr_to_truth_top')}{mean('sum_to_outcomes', '8.2f')}"
        + (f"{wrong.sum():>6.0f}" if len(wrong) else f"{'-':>6}")
    )


def against(rows: pd.DataFrame, before: pd.DataFrame) -> Iterator[str]:
    """Yield the differences of all figures, paired over the companies that both runs hold."""
    yield (
        "\nafter minus before, paired over companies, with 95 % intervals; ratios by how far they "
        "are from 1 (absolute logarithm)"
    )
    heading = None
    for line in paired(rows, before):
        if heading != (heading := f"{line['group']}, {line['window']}, {line['target']}"):
            yield heading
        low, high = line["interval"]
        ends = "" if np.isnan(low) else f" [{low:+.4f}, {high:+.4f}]"
        yield (
            f"  {line['figure']:<18}{line['before']:9.4f} -> {line['after']:9.4f}   "
            f"{line['difference']:+.4f}{ends}   n = {line['companies']}"
        )
