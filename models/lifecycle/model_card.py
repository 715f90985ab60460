"""The model card: what a version is and how good it is, as JSON and as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from models.evaluation.lift import CAPACITY
from models.evaluation.report import Review
from models.evaluation.skill import SKILL
from models.training.amounts import MODEL
from models.training.classifier import Fitted

CURVE = ("raw", "probability")
"""What of a calibration is a table and not a figure; it lies beside the model."""


def card(
    review: Review,
    fitted: Fitted,
    *,
    amount: Mapping[str, Any],
    trained: Mapping[str, Any],
    suspects: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the card as JSON-able values.

    ``amount`` says how an outcome's ARR is found, ``suspects`` which inputs look like leaks.
    """
    evaluation, test = review.evaluation, fitted.split.test
    return {
        "target": fitted.target,
        "verdict": evaluation.verdict,
        "skill": evaluation.verdict == SKILL,
        "why": evaluation.why,
        "split": fitted.split.describe(),
        "trees": fitted.trees,
        "calibration": {k: v for k, v in fitted.calibration.items() if k not in CURVE},
        "amount": dict(amount),
        "trained": dict(trained),
        "suspects": list(suspects),
        "test": {
            "rows": evaluation.rows,
            "accounts": evaluation.accounts,
            "positives": evaluation.positives,
            "base_rate": evaluation.base_rate,
            "from": str(test[0]),
            "to": str(test[-1]),
        },
        "metrics": plain(evaluation.figures),
        "baselines": plain(evaluation.rivals),
        "reached": plain(review.reached),
        "slices": plain(review.slices),
        "walk": plain(review.walk),
        "held_out": plain(review.held_out),
        "importance": plain(review.importance),
        "reliability": evaluation.reliability,
    }


def plain(value: Any) -> Any:
    """Return figures as JSON-able values: six digits, and ``None`` for what is not known."""
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return None if value != value else round(value, 6)
    return value


def flat_metrics(card: Mapping[str, Any]) -> dict[str, float]:
    """Return every figure as MLflow wants it: a name, a number."""
    figures = {
        f"{name}{suffix}": one[part]
        for name, one in card["metrics"].items()
        for suffix, part in (("", "value"), ("_low", "low"), ("_high", "high"))
    }
    rivals = {f"{key}_auc": one["auc"]["value"] for key, one in card["baselines"].items()}
    counts = {"test_rows": card["test"]["rows"], "test_positives": card["test"]["positives"]}
    others = {
        "base_rate": card["test"]["base_rate"],
        "held_out_auc": card["held_out"]["held_out"]["value"],
    }
    reached = {
        f"{_plainly(one['at'])}_{part}": one[part]["value"]
        for one in card["reached"]
        for part in _REACHED
        if one[part] is not None
    }
    known = {**figures, **rivals, **counts, **others, **reached}
    return {name: float(value) for name, value in known.items() if value is not None}


def _plainly(at: str) -> str:
    """Return how deep a team calls as a metric's name; the capacity is no part of it."""
    return CAPACITY if at.startswith(CAPACITY) else at.replace("%", "percent").replace(" ", "_")


def at_capacity(card: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what the team reaches at its capacity, where that was known."""
    return next((one for one in card["reached"] if one["at"].startswith(CAPACITY)), None)


def markdown(card: Mapping[str, Any]) -> str:
    """Return the card as text."""
    return "\n\n".join(_paragraphs(card)) + "\n"


def _paragraphs(card: Mapping[str, Any]) -> Iterator[str]:
    test, calibration = card["test"], card["calibration"]
    yield f"# {card['target']}"
    yield f"**{card['verdict']}**: {card['why']}."
    if card.get("suspects"):
        yield "Possible leaks: " + "; ".join(card["suspects"]) + "."
    yield (
        f"{card['split'].capitalize()}. Test: {test['rows']:,} rows of {test['accounts']:,} "
        f"accounts, {test['positives']:,} outcomes ({100 * test['base_rate']:.1f} %). "
        f"Calibration: {calibration['method']}."
    )
    yield "Intervals are 95 %, by bootstrap over accounts, on dates the model has not seen."
    rows = [("this model", card["metrics"]["auc"], card["metrics"].get("brier"))]
    rows += [(one["name"], one["auc"], one["brier"]) for one in card["baselines"].values()]
    yield _table(("", "AUC", "Brier"), [(name, told(a), told(b)) for name, a, b in rows])
    yield _table(("figure", "value"), [(name, told(one)) for name, one in card["metrics"].items()])
    yield _amount(card["amount"])
    yield "## What a team reaches that calls on the first accounts"
    yield _table(
        ("called on", "accounts a date", "of all outcomes", "lift", "of their ARR"),
        [
            (one["at"], f"{one['accounts']:,.0f}", *(told(one[n]) for n in _REACHED))
            for one in card["reached"]
        ],
    )
    yield "## Over time, each stretch by a model fitted before it"
    yield _table(
        ("dates", "rows", "outcomes", "AUC"),
        [
            (
                f"{o['first']} to {o['last']}",
                f"{o['rows']:,}",
                f"{o['positives']:,}",
                told(o["auc"]),
            )
            for o in card["walk"]
        ],
    )
    held = card["held_out"]
    yield (
        f"On accounts that the fit never saw ({held['accounts']:,} of them, a second fit): AUC "
        f"{told(held['held_out'])}; on the others {told(held['fitted_on'])}."
    )
    yield "## What it goes by"
    yield _table(
        ("feature", "group", "weight"),
        [
            (one["description"], one["group"], f"{100 * one['share']:.0f} %")
            for one in card["importance"]["weights"]
        ],
    )
    yield "## By kind of account"
    yield _table(
        ("", "", "rows", "outcomes", "AUC", "predicted", "happened", ""),
        [_slice(one) for one in card["slices"]],
    )


def _amount(amount: Mapping[str, Any]) -> str:
    typical = f"A typical outcome is worth {100 * amount['share']:.0f} % of the account's ARR"
    if "nearer" not in amount:
        return f"{typical}; there are too few to tell more."
    value, low, high = (100 * one for one in amount["nearer"])
    kept = "and is used" if amount["method"] == MODEL else "so the typical share is used"
    return (
        f"{typical}. A model of the share is nearer by {value:.0f} % of the ARR "
        f"[{low:.0f}, {high:.0f}], {kept}."
    )


_REACHED = ("outcomes", "lift", "arr")


def _slice(one: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        one["by"],
        one["name"],
        f"{one['rows']:,}",
        f"{one['positives']:,}",
        told(one["auc"]),
        f"{100 * one['predicted']:.1f} %",
        f"{100 * one['base_rate']:.1f} %",
        "few: do not lean on it" if one["small"] else "",
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def told(one: Mapping[str, float | None] | None) -> str:
    """Return a figure with its interval as text."""
    if one is None or None in one.values():
        return "not known"
    return f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"
