"""From a feature table to a version ready to be registered: fitted, evaluated, with golden rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from features.errors import DataError
from features.labels.declaration import Rule
from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.dataset.time_split import Split, split
from models.evaluation import leakage
from models.evaluation.amount_levels import level_error, stretches
from models.evaluation.report import Review, review
from models.evaluation.rolling_origin import OutOfTime, lacking, usable
from models.lifecycle.model_card import card
from models.release import golden_rows
from models.release.card import DIGITS, Amount, Card, NotTrained, Question, TrainingRows
from models.release.model_files import ModelFiles
from models.training.amounts import Amounts, fit_amounts
from models.training.boosting import Params
from models.training.classifier import FittedModel, TrainingSet
from models.training.tuning import Tuning, tune

GOLDEN_ROWS = 20
TOO_FEW = "too few outcomes"
TOO_SHORT = "too short a history"


@dataclass(frozen=True)
class Candidate:
    """A trained model with its card; ``tuning`` where its parameters were searched for."""

    files: ModelFiles
    params: Params
    tuning: Tuning | None

    @property
    def card(self) -> Card:
        """The model card."""
        return self.files.card


def train_candidate(
    table: FeatureTable,
    target: str,
    params: Params,
    *,
    min_positives: int,
    trials: int = 0,
    capacity: int | None = None,
    rule: Rule | None = None,
    trusted: Collection[str] = (),
) -> Candidate | NotTrained:
    """Judge the recipe of one target's model, and fit it on all mature rows.

    ``table`` is left as it is.

    Parameters
    ----------
    table, target
        What to learn from.
    params
        The usual parameters, and the seed.
    min_positives
        Fewer outcomes than this are too few to fit.
    trials
        How many sets of parameters to try; none keeps the usual ones.
    capacity
        Accounts that the whole team can contact on a date, where that is known.
    rule
        The practitioner's rule of the label, if it has one.
    trusted
        Columns that may look like leaks: somebody has seen to it that they are none.
    """
    label = table.labels[target]
    try:
        dates = split(sorted(table.mature(target)["as_of"].unique()), label.mature_days)
    except DataError as error:
        return NotTrained(TOO_SHORT, str(error))
    if why := lacking(table, target, dates.origins[-1], min_positives):
        return NotTrained(TOO_FEW, why)
    dates = usable(table, target, dates, min_positives)
    tuning = None
    if trials:
        oldest = TrainingSet.of(table, target, dates.origins[0].fitting)
        tuning = tune(oldest, params, trials)
    best = tuning.params if tuning else params
    training = TrainingSet.of(table, target, dates.final)
    fitted = training.fit(best)
    reviewed = review(table, fitted, dates, best, capacity=capacity, rule=rule)
    amounts = fit_amounts(table, target, training, best)
    amounts = replace(amounts, method=_with_level(table, fitted, amounts, reviewed.judged))
    described = card(
        reviewed,
        fitted,
        best,
        dates,
        amount=amounts.method,
        trained=_training_rows(table, training),
        lag_days=_lag_days(table, dates),
        suspects=_suspects(table, fitted, reviewed, trusted),
        label=label,
    )
    return Candidate(_files(table, fitted, amounts, described), best, tuning)


def _with_level(
    table: FeatureTable, fitted: FittedModel, amounts: Amounts, judged: OutOfTime
) -> Amount:
    """Return how amounts are found with how far their sum is off from one origin to another."""
    column, rows = table.labels[fitted.target].amount_column, judged.rows
    if column is None or amounts.method.spread is None:
        return amounts.method
    shares = amounts.shares(matrix(rows, fitted.features), fitted.features)
    measured = stretches(
        judged.origin,
        rows["as_of"].to_numpy(),
        judged.probability,
        shares * rows["arr"].to_numpy(float),
        rows[column].fillna(0).to_numpy(float),
        amounts.method.spread,
    )
    return replace(amounts.method, level_error=round(level_error(measured), DIGITS))


def _lag_days(table: FeatureTable, dates: Split) -> int:
    """Return the days from the newest date that the model was fitted on to the newest data."""
    return (date.fromisoformat(table.meta["data_through"]) - dates.final.train[-1]).days


def _training_rows(table: FeatureTable, training: TrainingSet) -> TrainingRows:
    return TrainingRows(
        rows=len(training.rows),
        positives=int(training.label.sum()),
        first=training.fitting.train[0],
        last=training.fitting.train[-1],
        data_fingerprint=table.meta["fingerprint"],
        question=Question(**table.question(training.target)),
    )


def _suspects(
    table: FeatureTable, fitted: FittedModel, reviewed: Review, trusted: Collection[str]
) -> list[str]:
    """Return a sentence for each input that looks like a leak on the judged dates."""
    judged = leakage.Judged(
        table=table,
        features=fitted.features,
        rows=reviewed.judged.rows,
        label=reviewed.judged.label,
        probability=reviewed.judged.probability,
        weights=reviewed.importance.weights,
        trusted=trusted,
    )
    return [str(suspect) for suspect in leakage.suspects(judged)]


def _files(table: FeatureTable, fitted: FittedModel, amounts: Amounts, card: Card) -> ModelFiles:
    """Return the model with golden rows: some of the newest accounts, and one without anything."""
    newest = table.newest()[table.inputs].head(GOLDEN_ROWS)
    rows = [
        {name: _plain(value) for name, value in row.items()} for row in newest.to_dict("records")
    ]
    rows.append(dict.fromkeys(table.inputs))
    draft = ModelFiles(
        fitted.text, fitted.calibration, fitted.features, card, {"rows": rows}, amounts.text
    )
    return replace(draft, golden={"rows": rows, **golden_rows.golden_scores(draft)})


def _plain(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell
    return None if cell is None or np.isnan(cell) else float(cell)


def parameters(candidate: Candidate) -> dict[str, Any]:
    """Return the parameters of a run: those of the fit, and what came of them."""
    return {
        **asdict(candidate.params),
        "trees": candidate.card.trees,
        "split": candidate.card.split,
    }
