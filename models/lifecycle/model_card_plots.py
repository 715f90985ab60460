"""The plots of a model card, as PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from textwrap import fill, shorten
from typing import Any


def pictures(card: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the plots as PNG by file name: how good it is, and what it goes by."""
    drawn = {"reliability": _reliability, "lift": _lift, "rivals": _rivals, "slices": _slices}
    if card["importance"]["curves"]:
        drawn |= {"importance": _importance, "dependence": _dependence}
    return {f"{name}.png": draw(card) for name, draw in drawn.items()}


def _reliability(card: Mapping[str, Any]) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    bins = card["reliability"]
    top = max(max(one["predicted"], one["observed"]) for one in bins) * 1.05 or 1.0
    axes.plot([0, top], [0, top], color="0.7", linewidth=1)
    axes.plot([b["predicted"] for b in bins], [b["observed"] for b in bins], marker="o")
    axes.set(xlabel="predicted", ylabel="observed", title=f"{card['target']}: reliability")
    return _png(figure)


def _lift(card: Mapping[str, Any]) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.add_subplot()
    base = card["test"]["base_rate"] or 1.0  # without outcomes there are no bars to scale
    lifts = [one["observed"] / base for one in reversed(card["reliability"])]
    axes.bar([str(place) for place in range(1, len(lifts) + 1)], lifts)
    axes.axhline(1.0, color="0.7", linewidth=1)
    axes.set(xlabel="tenth of the rows, highest probability first", ylabel="times the base rate",
             title=f"{card['target']}: lift")  # fmt: skip
    return _png(figure)


def _rivals(card: Mapping[str, Any]) -> bytes:
    named = [("this model", card["metrics"]["auc"])]
    named += [(one["name"], one["auc"]) for one in card["baselines"].values()]
    return _areas(named, card["target"])


def _slices(card: Mapping[str, Any]) -> bytes:
    named = [("all accounts", card["metrics"]["auc"])]
    for one in card["slices"]:
        few = " (few outcomes)" if one["small"] else ""
        named.append((f"{one['by']}: {one['name']}{few}", one["auc"]))
    return _areas(named, f"{card['target']}: by kind of account")


def _areas(named: Sequence[tuple[str, Mapping[str, Any]]], title: str) -> bytes:
    """Draw AUCs with their intervals below each other, the first on top."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 1 + 0.32 * len(named)), layout="constrained")
    axes = figure.add_subplot()
    for place, (_, one) in enumerate(reversed(named)):
        if None not in one.values():
            axes.plot([one["low"], one["high"]], [place, place], color="0.6")
            axes.plot(one["value"], place, "o", color="C0")
    axes.axvline(0.5, color="0.8", linewidth=1)
    axes.set_yticks(range(len(named)), [name for name, _ in reversed(named)])
    axes.set(xlabel="AUC with 95 % interval", title=title)
    return _png(figure)


def _importance(card: Mapping[str, Any]) -> bytes:
    from matplotlib.figure import Figure

    weights = card["importance"]["weights"][::-1]
    figure = Figure(figsize=(8, 1 + 0.32 * len(weights)), layout="constrained")
    axes = figure.add_subplot()
    names = [
        f"{shorten(one['description'], 60, placeholder=' …')} ({one['group']})" for one in weights
    ]
    axes.barh(names, [100 * one["share"] for one in weights])
    axes.set(xlabel="% of all contributions", title=f"{card['target']}: what the model goes by")
    return _png(figure)


def _dependence(card: Mapping[str, Any]) -> bytes:
    from matplotlib.figure import Figure

    curves = card["importance"]["curves"]
    rows = -(-len(curves) // 2)
    figure = Figure(figsize=(9, 2.6 * rows), layout="constrained")
    for axes, one in zip(figure.subplots(rows, 2, squeeze=False).flat, curves, strict=False):
        places, named = one["value"], isinstance(one["value"][0], str)
        axes.axhline(0, color="0.8", linewidth=1)
        if named:  # a line between names would mean nothing
            axes.vlines(places, one["low"], one["high"], color="0.6")
        else:
            axes.fill_between(places, one["low"], one["high"], alpha=0.2)
        axes.plot(places, one["effect"], "o" if named else "o-", markersize=3)
        axes.set_title(fill(one["description"], 50), fontsize=9)
        axes.set_ylabel("log-odds", fontsize=8)
    for axes in figure.axes[len(curves) :]:
        axes.set_axis_off()
    figure.suptitle(f"{card['target']}: how the score moves with the value, before calibration")
    return _png(figure)


def _png(figure: Any) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=110, metadata={"Software": None})
    return content.getvalue()
