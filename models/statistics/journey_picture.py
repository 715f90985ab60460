"""The plot of the adoption journey: who had reached a step by a day, and what their year held."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from models.statistics.cohort_comparison import Comparison

SIDES = (("reached", "share_reached", "#0b6b68"), ("not yet", "share_open", "#8a5200"))
NOTE = (
    "Share of the customers of that day that had the outcome in the year after it, with 95 % "
    "intervals. Faint: fewer than 20 accounts. What goes together need not cause each other."
)


def picture(
    found: Sequence[Comparison], steps: Mapping[str, str], outcomes: Mapping[str, str]
) -> bytes:
    """Return a PNG: a row an outcome, a column a step, the day from left to right.

    ``steps`` and ``outcomes`` give the titles; ``found`` are the comparisons of all accounts.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.1 * len(steps), 2.4 * len(outcomes) + 0.8), layout="constrained")
    grid = figure.subplots(len(outcomes), len(steps), squeeze=False, sharex=True, sharey="row")
    for row, (outcome, told) in zip(grid, outcomes.items(), strict=True):
        row[0].set_ylabel(told, fontsize=11)
        row[0].set_ylim(0, _top([o for o in found if o.outcome == outcome]))
        for axes, step in zip(row, steps, strict=True):
            _panel(axes, [o for o in found if (o.step, o.outcome) == (step, outcome)])
    for axes, told in zip(grid[0], steps.values(), strict=True):
        axes.set_title(told, fontsize=11, fontweight="bold")
    handles, names = next(a for one in grid.flat if (a := one.get_legend_handles_labels())[0])
    figure.legend(handles, names, loc="outside upper right", ncols=2, frameon=False)
    figure.suptitle("What had been reached by a day, and the year after", x=0.01, ha="left")
    figure.supxlabel(f"day after the start\n{NOTE}", fontsize=9)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
    return file.getvalue()


def _top(found: Sequence[Comparison]) -> float:
    """Return the highest interval that tells something; wider ones are cut."""
    told = [one for one in found if not one.few] or found
    return min(1.02, 1.1 * max(max(o.share_reached.high, o.share_open.high) for o in told))


def _panel(axes: Axes, found: Sequence[Comparison]) -> None:
    for place, (name, share, colour) in enumerate(SIDES):
        for few, alpha in ((False, 1.0), (True, 0.3)):
            _bars(axes, [o for o in found if o.few == few], share, 4 * place - 2, colour, alpha)
        points = [(o.day + 4 * place - 2, getattr(o, share).value) for o in found if not o.few]
        axes.plot(*zip(*points, strict=True) if points else ([], []), color=colour,
                  linewidth=1, alpha=0.5, label=name)  # fmt: skip
    axes.set_xticks([one.day for one in found])
    axes.tick_params(labelsize=8)
    axes.yaxis.set_major_formatter(lambda value, _place: f"{100 * value:.0f} %")
    axes.spines[["top", "right"]].set_visible(False)


def _bars(
    axes: Axes, found: Sequence[Comparison], share: str, aside: int, colour: str, alpha: float
) -> None:
    shares = [getattr(one, share) for one in found]
    ends: Any = [[s.value - s.low for s in shares], [s.high - s.value for s in shares]]
    axes.errorbar([o.day + aside for o in found], [s.value for s in shares], ends, fmt="o",
                  color=colour, alpha=alpha, markersize=4, capsize=2, linewidth=1.2)  # fmt: skip
