"""Whether the probabilities themselves moved, against those that the same version gave before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from math import exp, log

import numpy as np

from pipelines.monitoring.verdict import Finding, Value, Verdict

MEAN = "mean p"
FEWEST = 4
"""Weeks of the same version that are needed to know what is usual."""
PAST = 12
FAR = log(1.5)
"""Change of the log-odds of the mean probability from which it matters."""


def figures(
    probabilities_by_target: Mapping[str, np.ndarray], versions: Mapping[str, str]
) -> dict[str, float]:
    """Return the mean probability of each target, under its name and version."""
    return {
        f"{MEAN} {name} {versions[name]}": round(float(probabilities.mean()), 5)
        for name, probabilities in probabilities_by_target.items()
        if len(probabilities)
    }


def findings(
    week_figures: Mapping[str, float | None], past: Sequence[Verdict], as_of: date
) -> Iterator[Finding]:
    """Yield the targets whose mean probability is not what the same version gave in past weeks.

    ``past`` holds the verdicts of the weeks before, the newest first.
    """
    for name, now in week_figures.items():
        if now is None or not name.startswith(MEAN):
            continue
        before = [value for verdict in past[:PAST] if (value := verdict.figures.get(name))]
        if len(before) < FEWEST or not 0 < now < 1:
            continue
        usual = float(np.median(before))
        moved = log(now / (1 - now)) - log(usual / (1 - usual))
        if abs(moved) >= FAR:
            target = name.removeprefix(f"{MEAN} ").split(" ")[0]
            values: dict[str, Value] = {
                "now": now, "usual": round(usual, 5), "times": round(exp(moved), 2),
            }  # fmt: skip
            yield Finding("customers_changed", "look", "scores_moved", target, values, as_of)
