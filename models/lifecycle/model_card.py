"""The model card of a trained model: made of its evaluation, and written as text and metrics."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from models.dataset.feature_table import Label
from models.evaluation.lift import CAPACITY
from models.evaluation.report import Review
from models.evaluation.skill import SKILL
from models.i18n.number_format import PLAIN
from models.inference.encoding import Merged
from models.release.card import (
    Amount,
    Calibration,
    Card,
    EvaluationRows,
    Reach,
    TrainingRows,
    rounded,
)
from models.statistics.interval import Interval
from models.training.amounts import MODEL
from models.training.classifier import FittedModel

POINTS = ("raw", "probability")
"""What of a calibration is a table of points; it lies beside the model and not in the card."""


def card(
    review: Review,
    fitted: FittedModel,
    *,
    amount: Amount,
    trained: TrainingRows,
    suspects: Sequence[str] = (),
    label: Label | None = None,
) -> Card:
    """Return the card of a fitted model.

    ``amount`` says how an outcome's ARR is found, ``suspects`` which inputs look like leaks,
    ``label`` what people call the target and how it counts, where that is known.
    """
    evaluation, test = review.evaluation, fitted.split.test
    return Card(
        target=fitted.target,
        verdict=evaluation.verdict,
        skill=evaluation.verdict == SKILL,
        why=evaluation.why,
        split=fitted.split.describe(),
        trees=fitted.trees,
        calibration=Calibration(
            **{name: value for name, value in fitted.calibration.items() if name not in POINTS}
        ),
        amount=amount,
        trained=trained,
        suspects=tuple(suspects),
        test=EvaluationRows(
            rows=evaluation.rows,
            accounts=evaluation.accounts,
            positives=evaluation.positives,
            base_rate=evaluation.base_rate,
            first=test[0],
            last=test[-1],
        ),
        metrics=rounded(evaluation.figures),
        baselines=rounded(evaluation.rivals),
        reached=rounded(review.reached),
        slices=rounded(review.slices),
        walk=rounded(review.walk),
        held_out=rounded(review.held_out),
        importance=rounded(review.importance),
        reliability=evaluation.reliability,
        excludes=label.excludes if label else (),
        direction=label.direction if label else None,
        title=label.title if label else None,
        titles=dict(label.titles) if label else None,
        merged={f.name: f.merged for f in fitted.features if f.merged} or None,
    )


def flat_metrics(card: Card) -> dict[str, float]:
    """Return every figure as MLflow wants it: a name, a number."""
    figures = {
        f"{name}{suffix}": value
        for name, interval in card.metrics.items()
        for suffix, value in (
            ("", interval.value),
            ("_low", interval.low),
            ("_high", interval.high),
        )
    }
    baselines = {f"{key}_auc": baseline.auc.value for key, baseline in card.baselines.items()}
    counts = {"test_rows": card.test.rows, "test_positives": card.test.positives}
    others = {
        "base_rate": card.test.base_rate,
        "held_out_auc": card.held_out.held_out.value,
    }
    reached = {
        f"{_metric_name(reach.at)}_{name}": interval.value
        for reach in card.reached
        for name, interval in _intervals(reach).items()
        if interval is not None
    }
    numbers = {**figures, **baselines, **counts, **others, **reached}
    return {name: float(value) for name, value in numbers.items() if not math.isnan(value)}


def _intervals(reach: Reach) -> dict[str, Interval | None]:
    return {"outcomes": reach.outcomes, "lift": reach.lift, "arr": reach.arr}


def _metric_name(at: str) -> str:
    """Return how many a team contacts as a metric's name; the capacity's number is left out."""
    return CAPACITY if at.startswith(CAPACITY) else at.replace("%", "percent").replace(" ", "_")


def at_capacity(card: Card) -> Reach | None:
    """Return what the team reaches at its capacity, where that was known."""
    return next((reach for reach in card.reached if reach.at.startswith(CAPACITY)), None)


def markdown(card: Card) -> str:
    """Return the card as text."""
    return "\n\n".join(_paragraphs(card)) + "\n"


def _paragraphs(card: Card) -> Iterator[str]:
    test = card.test
    yield f"# {card.target}"
    yield f"**{card.verdict}**: {card.why}."
    if card.suspects:
        yield "Possible leaks: " + "; ".join(card.suspects) + "."
    yield (
        f"{card.split.capitalize()}. Test: {test.rows:,} rows of {test.accounts:,} "
        f"accounts, {test.positives:,} outcomes ({PLAIN.percent(test.base_rate, 1)}). "
        f"Calibration: {card.calibration.method}."
    )
    yield "Intervals are 95 %, by bootstrap over accounts, on dates the model has not seen."
    named = [("this model", card.metrics["auc"], card.metrics.get("brier"))]
    named += [(baseline.name, baseline.auc, baseline.brier) for baseline in card.baselines.values()]
    yield _table(
        ("", "AUC", "Brier"), [(name, _figure(auc), _figure(brier)) for name, auc, brier in named]
    )
    yield _table(
        ("figure", "value"),
        [(name, _figure(interval)) for name, interval in card.metrics.items()],
    )
    yield _amount(card.amount)
    yield "## What a team reaches that calls on the first accounts"
    yield _table(
        ("called on", "accounts a date", "of all outcomes", "lift", "of their ARR"),
        [
            (reach.at, f"{reach.accounts:,.0f}", *map(_figure, _intervals(reach).values()))
            for reach in card.reached
        ],
    )
    yield "## Over time, each stretch by a model fitted before it"
    yield _table(
        ("dates", "rows", "outcomes", "AUC"),
        [
            (
                f"{fold.first} to {fold.last}",
                f"{fold.rows:,}",
                f"{fold.positives:,}",
                _figure(fold.auc),
            )
            for fold in card.walk
        ],
    )
    held_out = card.held_out
    yield (
        f"On accounts that the fit never saw ({held_out.accounts:,} of them, a second fit): AUC "
        f"{_figure(held_out.held_out)}; on the others {_figure(held_out.fitted_on)}."
    )
    yield "## What it goes by"
    yield _table(
        ("feature", "group", "weight"),
        [
            (weight.description, weight.group, PLAIN.percent(weight.share))
            for weight in card.importance.weights
        ],
    )
    if card.merged:
        merged = "; ".join(_merged(name, names) for name, names in card.merged.items())
        yield f"Merged into one category: {merged}."
    yield "## By kind of account"
    yield _table(
        ("", "", "rows", "outcomes", "AUC", "predicted", "happened", ""),
        [
            (
                judged.by,
                judged.name,
                f"{judged.rows:,}",
                f"{judged.positives:,}",
                _figure(judged.auc),
                PLAIN.percent(judged.predicted, 1),
                PLAIN.percent(judged.base_rate, 1),
                "few: do not lean on it" if judged.small else "",
            )
            for judged in card.slices
        ],
    )


def _merged(name: str, merged: Merged) -> str:
    """Return, for instance, ``industry: mining (12) and 3 more; 30 accounts in all``."""
    named = ", ".join(f"{level} ({count:,})" for level, count in merged.names.items())
    further = merged.levels - len(merged.names)
    more = f" and {further:,} more" if further else ""
    return f"{name}: {named}{more}; {merged.accounts:,} accounts in all"


def _amount(amount: Amount) -> str:
    typical = f"A typical outcome is worth {PLAIN.percent(amount.share)} of the account's ARR"
    if amount.nearer is None:
        return f"{typical}; there are too few to tell more."
    value, low, high = (100 * end for end in amount.nearer)
    use = "and is used" if amount.method == MODEL else "so the typical share is used"
    return (
        f"{typical}. A model of the share is nearer by {value:.0f} % of the ARR "
        f"[{low:.0f}, {high:.0f}], {use}."
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _figure(interval: Interval | None) -> str:
    """Return a figure with its interval as text."""
    return str(interval) if interval is not None and interval.is_complete else "not known"
