"""The model card of a trained model: made of its evaluation, and written as text and metrics."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from models.dataset.feature_table import Label
from models.dataset.time_split import Split
from models.evaluation.levels import off
from models.evaluation.lift import CAPACITY
from models.evaluation.report import Review
from models.evaluation.skill import HAVE_SKILL
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
from models.training.boosting import Params
from models.training.classifier import FittedModel

MACHINE = ("threads",)
"""What of the parameters says how to compute, and not what."""


def card(
    review: Review,
    fitted: FittedModel,
    params: Params,
    split: Split,
    *,
    amount: Amount,
    trained: TrainingRows,
    lag_days: int,
    suspects: Sequence[str] = (),
    label: Label | None = None,
) -> Card:
    """Return the card of a fitted model.

    ``amount`` says how an outcome's ARR is found, ``lag_days`` how old the newest training date is,
    ``suspects`` which inputs look like leaks, ``label`` what people call the target and how it
    counts, where that is known.
    """
    evaluation = review.evaluation
    return Card(
        target=fitted.target,
        verdict=evaluation.verdict,
        skill=evaluation.verdict in HAVE_SKILL,
        why="; ".join([evaluation.why, *(f"off, {of}" for of in off(review.levels))]),
        split=split.describe(),
        trees=fitted.trees,
        calibration=Calibration(**fitted.calibration),
        amount=amount,
        trained=trained,
        suspects=tuple(suspects),
        test=EvaluationRows(
            rows=evaluation.rows,
            accounts=evaluation.accounts,
            positives=evaluation.positives,
            base_rate=evaluation.base_rate,
            first=split.test[0],
            last=split.test[-1],
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
        lag_days=lag_days,
        events=evaluation.events,
        levels=rounded(review.levels),
        recipe={name: value for name, value in asdict(params).items() if name not in MACHINE},
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
    later = {"test_events": card.events, "lag_days": card.lag_days}
    counts |= {name: value for name, value in later.items() if value is not None}
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
    events = "" if card.events is None else f" of {card.events:,} events"
    yield (
        f"{card.split.capitalize()}. Test: {test.rows:,} rows of {test.accounts:,} "
        f"accounts, {test.positives:,} outcomes{events} ({PLAIN.percent(test.base_rate, 1)})."
    )
    if card.lag_days is not None:
        yield (
            f"The newest date that it was fitted on lies {card.lag_days} days before the newest "
            "data: so long an outcome takes to be known."
        )
    yield "Intervals are 95 %, by bootstrap over accounts, on dates the judged fits had not seen."
    named = [("this model", card.metrics["auc"], card.metrics.get("brier"))]
    named += [(baseline.name, baseline.auc, baseline.brier) for baseline in card.baselines.values()]
    yield _table(
        ("", "AUC", "Brier"), [(name, _figure(auc), _figure(brier)) for name, auc, brier in named]
    )
    yield _table(
        ("figure", "value"),
        [(name, _figure(interval)) for name, interval in card.metrics.items()],
    )
    yield from _levels(card)
    yield _amount(card.amount)
    yield "## What a team reaches that calls on the first accounts"
    yield _table(
        ("called on", "accounts a date", "of all outcomes", "lift", "of their ARR"),
        [
            (reach.at, f"{reach.accounts:,.0f}", *map(_figure, _intervals(reach).values()))
            for reach in card.reached
        ],
    )
    yield from _beside(card.reached)
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


def _levels(card: Card) -> Iterator[str]:
    if card.levels is None:
        return
    yield "## What was expected and what came"
    yield _table(
        ("of", "expected", "came", "expected to came", ""),
        [
            (
                level.of,
                f"{level.expected:,.0f}",
                f"{level.came:,.0f}",
                _figure(level.ratio),
                "off" if level.is_off else "",
            )
            for level in card.levels
        ],
    )
    if card.ranks_only:
        yield "Its probabilities are off beyond their interval: it ranks accounts, and no more."


def _beside(reached: Sequence[Reach]) -> Iterator[str]:
    """Yield what simpler orders hold of the ARR, where that was measured."""
    rows = [
        (
            reach.at,
            rival.name,
            PLAIN.percent(reach.arr.value),
            PLAIN.percent(rival.arr.value),
            _figure(rival.lead),
        )
        for reach in reached
        if reach.arr is not None
        for rival in reach.rivals or ()
    ]
    if rows:
        yield "Of the outcomes' ARR, by the model's expected ARR and by simpler orders:"
        yield _table(("called on", "other order", "this model", "other", "lead"), rows)


def _amount(amount: Amount) -> str:
    typical = f"A typical outcome is worth {PLAIN.percent(amount.share)} of the account's ARR"
    if amount.nearer is None:
        return f"{typical}; there are too few to tell more."
    value, low, high = (100 * end for end in amount.nearer)
    method = "A model of the share" if amount.method == MODEL else "The typical share"
    judged = (
        f"{typical}. {method} by size of account is used; on later dates its error is "
        f"{value:.0f} % of the ARR [{low:.0f}, {high:.0f}] smaller than with one share for all."
    )
    if not amount.calibration:
        return judged
    named = "; ".join(
        f"{name} accounts {value:.2f} [{low:.2f}, {high:.2f}]"
        for name, (value, low, high) in amount.calibration.items()
    )
    return f"{judged} Expected by actual ARR of these outcomes: {named}."


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _figure(interval: Interval | None) -> str:
    """Return a figure with its interval as text."""
    return str(interval) if interval is not None and interval.is_complete else "not known"
