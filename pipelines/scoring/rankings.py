"""Ranks accounts for the targets without a model in use, by what training found clear of chance."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models.lifecycle import fallback
from models.lifecycle.fallback import Fallback
from models.registry import Registry
from pipelines.config.company_features import practitioner_rule
from pipelines.lifecycle.training_record import fallbacks

if TYPE_CHECKING:
    from models.dataset.feature_table import FeatureTable
    from pipelines.config.settings import Settings


@dataclass(frozen=True)
class Ranking:
    """An order of accounts for one target.

    ``positions`` has a value a row, 1 first, NaN where the outcome is decided.
    """

    fallback: Fallback
    positions: np.ndarray


def rankings(
    settings: Settings, table: FeatureTable, models: Collection[str], is_decided: np.ndarray
) -> dict[str, Ranking]:
    """Return the ranking of the newest rows for each target without a model that has a baseline.

    Parameters
    ----------
    settings
        The company, whose newest training says which baselines are clear of chance.
    table
        The feature table.
    models
        The targets with a model in use.
    is_decided
        Whether nothing is left to predict, shape (newest rows,).
    """
    return {
        target: Ranking(baseline, _positions(settings, table, target, baseline, is_decided))
        for target, baseline in fallbacks(settings).items()
        if target not in models and target in table.labels
    }


def _positions(
    settings: Settings,
    table: FeatureTable,
    target: str,
    baseline: Fallback,
    is_decided: np.ndarray,
) -> np.ndarray:
    rule = practitioner_rule(settings, target)
    model = None
    if baseline.version is not None:
        registry = Registry(settings.mlflow_uri, settings.mlflow_artifacts)
        model = registry.load(target, baseline.version)
    score = fallback.ranked(baseline, table, target, rule, settings.train.seed, model)
    rows = table.newest()
    frame = pd.DataFrame(
        {
            "score": score,
            "arr": rows["arr"].to_numpy(float),
            "account_id": rows["account_id"].to_numpy(),
        }
    )[~is_decided]
    # Of accounts that the baseline cannot tell apart, the larger one comes first.
    by = ["score", "arr", "account_id"]
    order = frame.sort_values(by, ascending=[False, False, True], kind="stable").index
    positions = np.full(len(rows), np.nan)
    positions[order] = np.arange(1, len(order) + 1)
    return positions
