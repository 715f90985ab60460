"""Better parameters, looked for with a budget: the only door to Optuna.

Every trial is judged by its log loss on the folds that walk forward through the training dates of
the oldest origin: none of the dates that the recipe is judged on is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from models.inference.calibrators import logistic
from models.statistics import metrics
from models.statistics.bootstrap import point_estimate
from models.training.boosting import Params
from models.training.classifier import TrainingSet

if TYPE_CHECKING:
    import optuna

MOST_ROWS = 100_000
"""On larger tables a sample of the accounts is tried: enough to tell parameters apart."""
UNPRUNED_TRIALS = 5
"""So many trials are run to the end before one is given up for being worse than most."""


@dataclass(frozen=True)
class Trial:
    """One trial: its parameters, its log loss fold by fold, and their mean.

    ``log_loss`` is ``None`` when the trial was given up before the last fold.
    """

    params: Mapping[str, float]
    folds: tuple[float, ...]
    log_loss: float | None


@dataclass(frozen=True)
class Tuning:
    """The best parameters, and every trial in order; the first tries the usual ones."""

    params: Params
    trials: tuple[Trial, ...]


def tune(training: TrainingSet, params: Params, trials: int) -> Tuning:
    """Look for better parameters in so many trials; the same seed tries the same ones.

    Parameters
    ----------
    training
        The rows and folds of a target.
    params
        The usual parameters: the first trial, and what is kept when none is better.
    trials
        The budget; a trial that does worse than most after a fold is given up there.

    Source: T. Akiba et al., Optuna (2019): tree-structured Parzen estimators, median pruning.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=params.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=UNPRUNED_TRIALS),
    )
    usual = asdict(params)
    study.enqueue_trial({name: usual[name] for name in SPACE})
    sample = training.sampled(MOST_ROWS, params.seed)
    study.optimize(
        lambda trial: _loss(sample, replace(params, **_suggested(trial)), trial), n_trials=trials
    )
    best = replace(params, **study.best_params)
    return Tuning(best, tuple(_recorded(trial) for trial in study.trials))


SPACE: Mapping[str, tuple[float, float, bool]] = {
    "learning_rate": (0.01, 0.1, True),
    "leaves": (4, 31, True),
    "rows_in_leaf": (20, 600, True),
    "feature_share": (0.2, 1.0, False),
    "row_share": (0.5, 1.0, False),
    "l2": (0.1, 50.0, True),
}
"""What is tried: the lowest and highest value of a parameter, and whether its scale is a log."""


def _suggested(trial: optuna.Trial) -> dict[str, Any]:
    """Return the trial's parameters; a whole usual value means whole values."""
    suggested: dict[str, Any] = {}
    for name, (low, high, log) in SPACE.items():
        if isinstance(low, int):
            suggested[name] = trial.suggest_int(name, low, int(high), log=log)
        else:
            suggested[name] = trial.suggest_float(name, low, high, log=log)
    return suggested


def _loss(training: TrainingSet, params: Params, trial: optuna.Trial) -> float:
    """Return the mean log loss over the folds, oldest first; raise ``TrialPruned`` to give up."""
    import optuna

    losses: list[float] = []
    for number, (raw, label) in enumerate(training.folds(params)):
        losses.append(point_estimate(metrics.log_loss, logistic(raw), label))
        trial.report(losses[-1], number)
        if trial.should_prune():
            raise optuna.TrialPruned
    return float(np.mean(losses))


def _recorded(trial: optuna.trial.FrozenTrial) -> Trial:
    is_complete = trial.state.name == "COMPLETE"
    folds = tuple(trial.intermediate_values[step] for step in sorted(trial.intermediate_values))
    return Trial(dict(trial.params), folds, trial.value if is_complete else None)
