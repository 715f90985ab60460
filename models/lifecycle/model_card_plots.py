"""The plots of a model card, as PNG."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from textwrap import fill, shorten
from typing import Any

from models.release.card import Card
from models.statistics.interval import Interval


def pictures(card: Card) -> dict[str, bytes]:
    """Return the plots as PNG by file name: how good it is, and what it goes by."""
    plots = {"reliability": _reliability, "lift": _lift, "rivals": _baselines, "slices": _slices}
    if card.importance.curves:
        plots |= {"importance": _importance, "dependence": _dependence}
    return {f"{name}.png": draw(card) for name, draw in plots.items()}


def _reliability(card: Card) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    bins = card.reliability
    top = max(max(tenth.predicted, tenth.observed) for tenth in bins) * 1.05 or 1.0
    axes.plot([0, top], [0, top], color="0.7", linewidth=1)
    axes.plot([tenth.predicted for tenth in bins], [tenth.observed for tenth in bins], marker="o")
    axes.set(xlabel="predicted", ylabel="observed", title=f"{card.target}: reliability")
    return _png(figure)


def _lift(card: Card) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.add_subplot()
    base = card.test.base_rate or 1.0  # without outcomes there are no bars to scale
    lifts = [tenth.observed / base for tenth in reversed(card.reliability)]
    axes.bar([str(place) for place in range(1, len(lifts) + 1)], lifts)
    axes.axhline(1.0, color="0.7", linewidth=1)
    axes.set(xlabel="tenth of the rows, highest probability first", ylabel="times the base rate",
             title=f"{card.target}: lift")  # fmt: skip
    return _png(figure)


def _baselines(card: Card) -> bytes:
    named = [("this model", card.metrics["auc"])]
    named += [(baseline.name, baseline.auc) for baseline in card.baselines.values()]
    return _areas(named, card.target)


def _slices(card: Card) -> bytes:
    named = [("all accounts", card.metrics["auc"])]
    for judged in card.slices:
        few = " (few outcomes)" if judged.small else ""
        named.append((f"{judged.by}: {judged.name}{few}", judged.auc))
    return _areas(named, f"{card.target}: by kind of account")


def _areas(named: Sequence[tuple[str, Interval]], title: str) -> bytes:
    """Draw AUCs with their intervals below each other, the first on top."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 1 + 0.32 * len(named)), layout="constrained")
    axes = figure.add_subplot()
    for place, (_, auc) in enumerate(reversed(named)):
        if auc.is_complete:
            axes.plot([auc.low, auc.high], [place, place], color="0.6")
            axes.plot(auc.value, place, "o", color="C0")
    axes.axvline(0.5, color="0.8", linewidth=1)
    axes.set_yticks(range(len(named)), [_written(name) for name, _ in reversed(named)])
    axes.set(xlabel="AUC with 95 % interval", title=title)
    return _png(figure)


def _importance(card: Card) -> bytes:
    from matplotlib.figure import Figure

    weights = card.importance.weights[::-1]
    figure = Figure(figsize=(8, 1 + 0.32 * len(weights)), layout="constrained")
    axes = figure.add_subplot()
    names = [
        _written(f"{shorten(weight.description, 60, placeholder=' …')} ({weight.group})")
        for weight in weights
    ]
    axes.barh(names, [100 * weight.share for weight in weights])
    axes.set(xlabel="% of all contributions", title=f"{card.target}: what the model goes by")
    return _png(figure)


def _dependence(card: Card) -> bytes:
    from matplotlib.figure import Figure

    curves = card.importance.curves
    rows = -(-len(curves) // 2)
    figure = Figure(figsize=(9, 2.6 * rows), layout="constrained")
    for axes, curve in zip(figure.subplots(rows, 2, squeeze=False).flat, curves, strict=False):
        places, named = list(curve.value), isinstance(curve.value[0], str)
        axes.axhline(0, color="0.8", linewidth=1)
        if named:  # a line between names would mean nothing
            axes.vlines(places, curve.low, curve.high, color="0.6")
        else:
            axes.fill_between(places, curve.low, curve.high, alpha=0.2)
        axes.plot(places, curve.effect, "o" if named else "o-", markersize=3)
        axes.set_title(_written(fill(curve.description, 50)), fontsize=9)
        axes.set_ylabel("log-odds", fontsize=8)
    for axes in figure.axes[len(curves) :]:
        axes.set_axis_off()
    figure.suptitle(f"{card.target}: how the score moves with the value, before calibration")
    return _png(figure)


def _written(text: str) -> str:
    """Return a name as it stands: between two dollar signs Matplotlib would see a formula."""
    return text.replace("$", r"\$")


def _png(figure: Any) -> bytes:
    content = io.BytesIO()
    with warnings.catch_warnings():  # a letter that the font lacks is drawn as a box
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(content, format="png", dpi=110, metadata={"Software": None})
    return content.getvalue()
