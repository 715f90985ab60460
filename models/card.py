"""The model card: what a version is and how good it is, as JSON, text and pictures."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from models.evaluate import SKILL, Evaluation
from models.intervals import Interval
from models.propensity import Fitted


def card(
    target: str, evaluation: Evaluation, fitted: Fitted, *, share: float, trained: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the card as JSON-able values; ``share`` is the typical ARR of an outcome."""
    test = fitted.split.test
    return {
        "target": target,
        "verdict": evaluation.verdict,
        "skill": evaluation.verdict == SKILL,
        "why": evaluation.why,
        "split": fitted.split.describe(),
        "trees": fitted.trees,
        "calibration": dict(fitted.calibration),
        "amount_share": share,
        "trained": dict(trained),
        "test": {
            "rows": evaluation.rows,
            "accounts": evaluation.accounts,
            "positives": evaluation.positives,
            "base_rate": evaluation.base_rate,
            "from": str(test[0]),
            "to": str(test[-1]),
        },
        "metrics": {name: _interval(one) for name, one in evaluation.figures.items()},
        "baselines": {
            key: {"name": r["name"], "auc": _interval(r["auc"]), "lead": _interval(r["lead"])}
            for key, r in evaluation.rivals.items()
        },
        "reliability": evaluation.reliability,
    }


def _interval(one: Interval) -> dict[str, float | None]:
    values = {"value": one.value, "low": one.low, "high": one.high}
    return {name: None if v != v else round(v, 6) for name, v in values.items()}


def flat_metrics(card: Mapping[str, Any]) -> dict[str, float]:
    """Return every figure as MLflow wants it: a name, a number."""
    figures = {
        f"{name}{suffix}": one[part]
        for name, one in card["metrics"].items()
        for suffix, part in (("", "value"), ("_low", "low"), ("_high", "high"))
    }
    rivals = {f"{key}_auc": one["auc"]["value"] for key, one in card["baselines"].items()}
    counts = {"test_rows": card["test"]["rows"], "test_positives": card["test"]["positives"]}
    rates = {"base_rate": card["test"]["base_rate"]}
    known = {**figures, **rivals, **counts, **rates}
    return {name: float(value) for name, value in known.items() if value is not None}


def markdown(card: Mapping[str, Any]) -> str:
    """Return the card as a page to read."""
    rows = [("this model", card["metrics"]["auc"])]
    rows += [(one["name"], one["auc"]) for one in card["baselines"].values()]
    figures = "\n".join(f"| {name} | {_told(one)} |" for name, one in rows)
    others = "\n".join(f"| {name} | {_told(one)} |" for name, one in card["metrics"].items())
    test = card["test"]
    return (
        f"# {card['target']}\n\n**{card['verdict']}**: {card['why']}.\n\n"
        f"{card['split'].capitalize()}. Test: {test['rows']:,} rows of {test['accounts']:,} "
        f"accounts, {test['positives']:,} outcomes ({100 * test['base_rate']:.1f} %).\n\n"
        "Intervals are 95 %, by bootstrap over accounts, on dates the model has not seen.\n\n"
        f"| AUC of | value |\n|---|---|\n{figures}\n\n| figure | value |\n|---|---|\n{others}\n\n"
        f"A typical outcome is worth {100 * card['amount_share']:.0f} % of the account's ARR.\n"
    )


def _told(one: Mapping[str, float | None]) -> str:
    if None in one.values():
        return "not known"
    return f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"


def pictures(card: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the plots of reliability, of lift and of the comparison with the rivals, as PNG."""
    drawn = {"reliability": _reliability, "lift": _lift, "rivals": _rivals}
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
    from matplotlib.figure import Figure

    named = [("this model", card["metrics"]["auc"])]
    named += [(one["name"], one["auc"]) for one in card["baselines"].values()]
    figure = Figure(figsize=(7, 2.6), layout="constrained")
    axes = figure.add_subplot()
    for place, (_, one) in enumerate(reversed(named)):
        if None not in one.values():
            axes.plot([one["low"], one["high"]], [place, place], color="0.6")
            axes.plot(one["value"], place, "o", color="C0")
    axes.axvline(0.5, color="0.8", linewidth=1)
    axes.set_yticks(range(len(named)), [name for name, _ in reversed(named)])
    axes.set(xlabel="AUC with 95 % interval", title=card["target"])
    return _png(figure)


def _png(figure: Any) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=110, metadata={"Software": None})
    return content.getvalue()
