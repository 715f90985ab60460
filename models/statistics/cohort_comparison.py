"""How reaching a step of the journey in time goes with growing and staying: shares, not causes.

Shares have Wilson's interval, differences Newcombe's hybrid of two of them (Interval estimation for
the difference between independent proportions, 1998, method 10). The adjusted difference compares
accounts within strata of like ones, with Mantel and Haenszel's weights; its interval is the same
hybrid of Wilson's at the effective number of accounts (after Yan and Su, Stratified Wilson and
Newcombe confidence intervals for multiple binomial proportions, 2010). It does not collapse where
a stratum holds few accounts or no outcome.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models.statistics.interval import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Z = 1.959963984540054
FEWEST = 20
"""Fewer accounts on a side than this tell too little: the line is marked."""
ALL = "all"
SIZES = (0.0, 10.0, 50.0, np.inf)
"""Units bought at the start that part small, middle and large accounts for the adjustment."""


@dataclass(frozen=True)
class Comparison:
    """Accounts that had reached a step by a day against those that had not.

    ``reached`` and ``open`` count them; ``share_reached`` and ``share_open`` had the outcome in the
    year after the day. ``difference`` is the first less the second, ``adjusted`` the same within
    segments and sizes, ``None`` where no stratum has both. ``few`` marks a side below ``FEWEST``.
    """

    cohort: str
    day: int
    step: str
    outcome: str
    reached: int
    open: int
    share_reached: Interval
    share_open: Interval
    difference: Interval
    adjusted: Interval | None
    few: bool

    def flat(self) -> dict[str, Any]:
        """Return the comparison as one row of plain values."""
        row: dict[str, Any] = {}
        for name, value in vars(self).items():
            if name in ("share_reached", "share_open", "difference", "adjusted"):
                for end in ("value", "low", "high"):
                    column = name if end == "value" else f"{name}_{end}"
                    row[column] = None if value is None else round(getattr(value, end), 6)
            else:
                row[name] = value
        return row


def compare(rows: pd.DataFrame, steps: Sequence[str], outcomes: Sequence[str]) -> list[Comparison]:
    """Compare every step, day and outcome, over all accounts and cohort by cohort.

    Parameters
    ----------
    rows
        A row an account and day: ``day``, ``started_on``, ``segment``, ``units``, and 0, 1 or null
        in a column for each of ``steps`` and ``outcomes``.
    steps, outcomes
        Which columns to compare; where either is null the row does not count.
    """
    labelled = rows.assign(cohort=cohorts(rows["started_on"]), stratum=strata(rows))
    parts = [labelled.assign(cohort=ALL), *(group for _, group in labelled.groupby("cohort"))]
    return [
        comparison
        for group in parts
        for day in sorted(group["day"].unique())
        for at in [group[group["day"] == day]]
        for step in steps
        for outcome in outcomes
        if (comparison := _compared(at, int(day), step, outcome))
    ]


def cohorts(started_on: pd.Series) -> pd.Series:
    """Return the half-year of each start, such as ``2024 H1``."""
    days = pd.to_datetime(started_on)
    half = np.where(days.dt.month <= 6, "H1", "H2")
    return days.dt.year.astype(str) + " " + half


def strata(rows: pd.DataFrame) -> pd.Series:
    """Return what kind of account each row is: its segment and its size at the start."""
    size = np.digitize(rows["units"].fillna(-1).to_numpy(float), SIZES)
    segment = rows["segment"].fillna("not known").astype(str)
    return segment + "/" + pd.Series(size, rows.index).astype(str)


def wilson(count: float, n: float) -> Interval:
    """Return a share with Wilson's 95 % interval."""
    share = count / n
    middle = share + Z**2 / (2 * n)
    width = Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    low, high = (middle - width) / (1 + Z**2 / n), (middle + width) / (1 + Z**2 / n)
    # Of no or all accounts, an end is the share itself, but for rounding.
    return Interval(share, max(0.0, min(low, share)), min(1.0, max(high, share)))


def newcombe(first: Interval, second: Interval) -> Interval:
    """Return the difference of two shares, ``first`` less ``second``, with its 95 % interval."""
    gap = first.value - second.value
    below = sqrt((first.value - first.low) ** 2 + (second.high - second.value) ** 2)
    above = sqrt((first.high - first.value) ** 2 + (second.value - second.low) ** 2)
    return Interval(gap, gap - below, gap + above)


def stratified(reached: np.ndarray, outcome: np.ndarray, stratum: np.ndarray) -> Interval | None:
    """Return the difference within strata; ``None`` where none holds both sides.

    Parameters
    ----------
    reached, outcome
        0 or 1, shape (rows,).
    stratum
        What kind of account a row is, shape (rows,).
    """
    kind, place = np.unique(stratum, return_inverse=True)
    sides = [(reached == side).astype(float) for side in (1, 0)]
    n, others = (np.bincount(place, side, len(kind)) for side in sides)
    have, lack = (np.bincount(place, side * outcome, len(kind)) for side in sides)
    weight = n * others / (n + others)
    if not weight.any():
        return None
    return newcombe(_standard(have, n, weight), _standard(lack, others, weight))


def _standard(happened: np.ndarray, n: np.ndarray, weight: np.ndarray) -> Interval:
    """Return a share weighted by stratum, with Wilson's interval at the effective number."""
    both = weight > 0
    share = weight[both] / weight.sum()
    effective = 1 / float((share**2 / n[both]).sum())
    return wilson(float((share * happened[both] / n[both]).sum()) * effective, effective)


def _compared(at: pd.DataFrame, day: int, step: str, outcome: str) -> Comparison | None:
    observed = at[at[step].notna() & at[outcome].notna()]
    reached, happened = observed[step].to_numpy(float), observed[outcome].to_numpy(float)
    n, others = int(reached.sum()), int((1 - reached).sum())
    if not n or not others:
        return None
    have = wilson(float(happened[reached == 1].sum()), n)
    lack = wilson(float(happened[reached == 0].sum()), others)
    return Comparison(
        cohort=str(observed["cohort"].iloc[0]),
        day=day,
        step=step,
        outcome=outcome,
        reached=n,
        open=others,
        share_reached=have,
        share_open=lack,
        difference=newcombe(have, lack),
        adjusted=stratified(reached, happened, observed["stratum"].to_numpy()),
        few=min(n, others) < FEWEST,
    )


SIDES = (("reached", "share_reached", "#0b6b68"), ("not yet", "share_open", "#8a5200"))


NOTE = (
    "Share of the customers of that day that had the outcome in the year after it, with 95 % "
    "intervals. Faint: fewer than 20 accounts. What goes together need not cause each other."
)


def picture(
    comparisons: Sequence[Comparison], steps: Mapping[str, str], outcomes: Mapping[str, str]
) -> bytes:
    """Return a PNG: a row an outcome, a column a step, the day from left to right.

    ``steps`` and ``outcomes`` give the titles; ``comparisons`` are those of all accounts.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.1 * len(steps), 2.4 * len(outcomes) + 0.8), layout="constrained")
    grid = figure.subplots(len(outcomes), len(steps), squeeze=False, sharex=True, sharey="row")
    for row, (outcome, title) in zip(grid, outcomes.items(), strict=True):
        row[0].set_ylabel(title, fontsize=11)
        row[0].set_ylim(0, _top([o for o in comparisons if o.outcome == outcome]))
        for axes, step in zip(row, steps, strict=True):
            _panel(axes, [o for o in comparisons if (o.step, o.outcome) == (step, outcome)])
    for axes, title in zip(grid[0], steps.values(), strict=True):
        axes.set_title(title, fontsize=11, fontweight="bold")
    handles, names = next(a for panel in grid.flat if (a := panel.get_legend_handles_labels())[0])
    figure.legend(handles, names, loc="outside upper right", ncols=2, frameon=False)
    figure.suptitle("What had been reached by a day, and the year after", x=0.01, ha="left")
    figure.supxlabel(f"day after the start\n{NOTE}", fontsize=9)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
    return file.getvalue()


def _top(comparisons: Sequence[Comparison]) -> float:
    """Return the highest interval that tells something; wider ones are cut."""
    certain = [comparison for comparison in comparisons if not comparison.few] or comparisons
    return min(1.02, 1.1 * max(max(o.share_reached.high, o.share_open.high) for o in certain))


def _panel(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    from matplotlib.ticker import PercentFormatter

    for place, (name, share, colour) in enumerate(SIDES):
        for few, alpha in ((False, 1.0), (True, 0.3)):
            _bars(
                axes, [o for o in comparisons if o.few == few], share, 4 * place - 2, colour, alpha
            )
        points = [
            (o.day + 4 * place - 2, getattr(o, share).value) for o in comparisons if not o.few
        ]
        axes.plot(*zip(*points, strict=True) if points else ([], []), color=colour,
                  linewidth=1, alpha=0.5, label=name)  # fmt: skip
    axes.set_xticks([comparison.day for comparison in comparisons])
    axes.tick_params(labelsize=8)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.spines[["top", "right"]].set_visible(False)


def _bars(
    axes: Axes, comparisons: Sequence[Comparison], share: str, aside: int, colour: str, alpha: float
) -> None:
    shares = [getattr(comparison, share) for comparison in comparisons]
    ends: Any = [[s.value - s.low for s in shares], [s.high - s.value for s in shares]]
    axes.errorbar([o.day + aside for o in comparisons], [s.value for s in shares], ends, fmt="o",
                  color=colour, alpha=alpha, markersize=4, capsize=2, linewidth=1.2)  # fmt: skip
