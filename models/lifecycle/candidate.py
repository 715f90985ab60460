"""From a feature table to a version ready to be registered: fitted, judged, with golden rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from features.errors import DataError
from models.dataset.feature_table import FeatureTable
from models.dataset.time_split import Split, split
from models.evaluation.leakage import suspects
from models.evaluation.report import review
from models.lifecycle.model_card import card
from models.release import golden_rows
from models.release.model_files import ModelFiles
from models.training.amounts import Amounts, fit_amounts
from models.training.boosting import Params
from models.training.classifier import Fitted, TrainingSet, finished
from models.training.tuning import Tuning, tune

GOLDEN_ROWS = 20
TOO_FEW = "too few outcomes"
TOO_SHORT = "too short a history"


@dataclass(frozen=True)
class Unfit:
    """A target that no model can be made of, and why."""

    verdict: str
    why: str


@dataclass(frozen=True)
class Made:
    """A model with all that is known of it; ``tuning`` where its parameters were looked for."""

    files: ModelFiles
    params: Params
    tuning: Tuning | None

    @property
    def card(self) -> Mapping[str, Any]:
        """The model card."""
        return self.files.card


def make(
    table: FeatureTable,
    target: str,
    params: Params,
    *,
    min_positives: int,
    trials: int = 0,
    capacity: int | None = None,
) -> Made | Unfit:
    """Fit, calibrate and judge one target's model; ``table`` is left as it is.

    Parameters
    ----------
    table, target
        What to learn from.
    params
        The usual parameters, and the seed.
    min_positives
        Fewer outcomes than this are too few to fit, and too few for a verdict of skill.
    trials
        How many sets of parameters to try; none keeps the usual ones.
    capacity
        Accounts that the whole team can call on at a date, where that is known.
    """
    label = table.labels[target]
    try:
        parts = split(sorted(table.mature(target)["as_of"].unique()), label.mature_days)
    except DataError as error:
        return Unfit(TOO_SHORT, str(error))
    if lacking := _lacking(table, target, parts, min_positives):
        return Unfit(TOO_FEW, lacking)
    training = TrainingSet.of(table, target, parts)
    tuning = tune(training, params, trials) if trials else None
    best = tuning.params if tuning else params
    fitted = finished(training, best, label.mature_days)
    reviewed = review(table, training, fitted, best, min_positives=min_positives, capacity=capacity)
    amounts = fit_amounts(table, target, training, best)
    told = card(
        reviewed,
        fitted,
        amount=amounts.told,
        trained=_trained(table, training),
        suspects=_suspects(table, fitted),
    )
    # A server knows no table: what never befalls the same row goes with the model.
    told |= {"excludes": list(label.excludes)}
    return Made(_files(table, fitted, amounts, told), best, tuning)


def _lacking(table: FeatureTable, target: str, parts: Split, min_positives: int) -> str:
    """Say which part of the rows has too few outcomes to fit, to stop or to judge by, if any."""
    needed = {
        "training": (parts.train, min_positives),
        "stopping": (parts.newest.valid, 1),
        "test": (parts.test, 1),
    }
    for name, (dates, fewest) in needed.items():
        outcomes = table.at(target, dates)[table.labels[target].column]
        if (positives := int(outcomes.sum())) < fewest:
            return f"{positives} outcomes in the {name} rows, {fewest} are needed"
        if positives == len(outcomes):
            return f"all {positives} {name} rows have the outcome: there is nothing to tell apart"
    return ""


def _trained(table: FeatureTable, training: TrainingSet) -> dict[str, Any]:
    return {
        "rows": len(training.rows),
        "positives": int(training.label.sum()),
        "from": str(training.split.train[0]),
        "to": str(training.split.train[-1]),
        "data_fingerprint": table.meta["fingerprint"],
        "question": table.question(training.target),
    }


def _suspects(table: FeatureTable, fitted: Fitted) -> list[str]:
    """Return a sentence for each input that seems to tell the outcome, on the test dates."""
    rows = table.at(fitted.target, fitted.split.test)
    label = rows[table.labels[fitted.target].column].to_numpy(float)
    return suspects(fitted.features, rows, label, table.newest())


def _files(
    table: FeatureTable, fitted: Fitted, amounts: Amounts, told: Mapping[str, Any]
) -> ModelFiles:
    """Return the model with golden rows: some of the newest accounts, and one without anything."""
    newest = table.newest()[table.inputs].head(GOLDEN_ROWS)
    rows = [
        {name: _plain(value) for name, value in row.items()} for row in newest.to_dict("records")
    ]
    rows.append(dict.fromkeys(table.inputs))
    draft = ModelFiles(
        fitted.text, fitted.calibration, fitted.features, told, {"rows": rows}, amounts.text
    )
    return replace(draft, golden={"rows": rows, **golden_rows.golden_scores(draft)})


def _plain(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell
    return None if cell is None or np.isnan(cell) else float(cell)


def parameters(made: Made) -> dict[str, Any]:
    """Return the parameters of a run: those of the fit, and what came of them."""
    return {**asdict(made.params), "trees": made.card["trees"], "split": made.card["split"]}
