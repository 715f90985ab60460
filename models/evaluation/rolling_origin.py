"""The recipe tried from days of the past: later rows, scored by models fitted before them.

Source: L. Tashman, Out-of-sample tests of forecasting accuracy (2000), for the rolling origin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable
from models.dataset.time_split import Origin, Split
from models.inference.calibrators import logistic
from models.training.boosting import Params
from models.training.classifier import FittedModel, TrainingSet


@dataclass(frozen=True)
class Trial:
    """The recipe at one origin: what it was fitted on, and the later rows that it scores.

    ``label`` and ``raw`` (log-odds) are of ``rows``, shape (rows,).
    """

    training: TrainingSet
    fitted: FittedModel
    rows: pd.DataFrame
    label: np.ndarray
    raw: np.ndarray


@dataclass(frozen=True)
class OutOfTime:
    """The rows of all origins, oldest first, each scored by a model fitted before it.

    ``label``, ``raw`` (log-odds) and ``origin``, the number of the origin, have the shape (rows,).
    ``newest`` is the model of the last origin.
    """

    rows: pd.DataFrame
    label: np.ndarray
    raw: np.ndarray
    origin: np.ndarray
    newest: FittedModel

    @property
    def probability(self) -> np.ndarray:
        """The probability of each row, shape (rows,)."""
        return logistic(self.raw)

    @classmethod
    def of(cls, trials: Sequence[Trial]) -> OutOfTime:
        """Return the rows of trials as one table."""
        return cls(
            rows=pd.concat([trial.rows for trial in trials], ignore_index=True),
            label=np.concatenate([trial.label for trial in trials]),
            raw=np.concatenate([trial.raw for trial in trials]),
            origin=np.repeat(np.arange(len(trials)), [len(trial.rows) for trial in trials]),
            newest=trials[-1].fitted,
        )


def lacking(table: FeatureTable, target: str, origin: Origin, fewest: int) -> str:
    """Say which rows of an origin have too few outcomes to fit, to stop or to judge by, if any.

    ``fewest`` outcomes are needed to fit.
    """
    needed = (
        ("training", origin.fitting.train, fewest),
        ("stopping", origin.fitting.newest.early, 1),
        ("stopping", origin.fitting.newest.valid, 1),
        ("test", origin.test, 1),
    )
    for name, days, least in needed:
        outcomes = table.at(target, days)[table.labels[target].column]
        if (positives := int(outcomes.sum())) < least:
            return f"{positives} outcomes in the {name} rows, {least} are needed"
        if positives == len(outcomes):
            return f"all {positives} {name} rows have the outcome: there is nothing to tell apart"
    return ""


def usable(table: FeatureTable, target: str, split: Split, fewest: int) -> Split:
    """Return the split without the older origins at which too few outcomes had come to fit on."""
    newest_first = takewhile(
        lambda origin: not lacking(table, target, origin, fewest), reversed(split.origins)
    )
    return replace(split, origins=tuple(newest_first)[::-1])


def trials(table: FeatureTable, target: str, split: Split, params: Params) -> Iterator[Trial]:
    """Yield the recipe's trial at each origin of ``split``, oldest first.

    Encoding, number of trees and fit rest on the rows that had matured by the origin, and on
    nothing else.
    """
    for origin in split.origins:
        training = TrainingSet.of(table, target, origin.fitting)
        fitted = training.fit(params)
        rows = table.at(target, origin.test)
        label = rows[table.labels[target].column].to_numpy(float)
        yield Trial(training, fitted, rows, label, fitted.raw(rows))


def out_of_time(table: FeatureTable, target: str, split: Split, params: Params) -> OutOfTime:
    """Return the later rows of all origins with the recipe's scores."""
    return OutOfTime.of(list(trials(table, target, split, params)))
