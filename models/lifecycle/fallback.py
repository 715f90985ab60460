"""How accounts are ranked where no model is in use: by what is clear of chance, marked as such.

It may be a model that cannot prove itself yet, or whose probabilities do not hold, or a baseline.

A ranking is an order of accounts. It is no probability, and nobody can say what it is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from features.labels.declaration import Rule
from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.release.card import Card
from models.release.golden_rows import matrix_probabilities
from models.release.model_files import ModelFiles
from models.statistics import metrics
from models.statistics.bootstrap import Draws
from models.statistics.interval import Interval

Ranker = Literal["rule", "logistic", "model"]
RANKERS: tuple[Ranker, ...] = ("rule", "logistic", "model")
"""The simpler ones first: they rank where others do so alike."""
CHANCE = 0.5
FEWEST_ACCOUNTS = 10
"""Accounts with the outcome: one loss is seen from several dates, and a few tell nothing."""


@dataclass(frozen=True)
class Fallback:
    """What ranks accounts: its AUC with a 95 % interval on dates it had not seen.

    ``accounts`` is how many accounts with the outcome it was measured on; ``version`` is the
    registered version where a model ranks.
    """

    by: Ranker
    auc: float
    low: float
    high: float
    accounts: int
    version: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what ranks and its figures as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Fallback:
        """Return what ``as_dict`` described."""
        return cls(**{**stored, "by": cast(Ranker, stored["by"])})


def of_card(card: Card, table: FeatureTable, version: str | None = None) -> Fallback | None:
    """Return the best of the model and the baselines measured beside it, if any is clear.

    A model or a regression on inputs of which one looks like a leak is none.
    """
    rows = table.mature(card.target)
    tested = rows[(rows["as_of"] >= card.test.first) & (rows["as_of"] <= card.test.last)]
    accounts = _accounts(table, card.target, tested)
    areas = {key: card.baselines[key].auc for key in RANKERS if key in card.baselines}
    if version is not None:
        areas["model"] = card.metrics["auc"]
    clear = [
        replace(_fallback(key, areas[key], accounts), version=version if key == "model" else None)
        for key in RANKERS
        if key in areas and _is_clear(areas[key], accounts)
        if key == "rule" or not card.suspects
    ]
    return max(clear, key=lambda fallback: round(fallback.auc, 2), default=None)


def of_rule(table: FeatureTable, target: str, rule: Rule | None, seed: int) -> Fallback | None:
    """Return the practitioner's rule, if it is clear of chance; it was fitted to no date."""
    rows = table.mature(target)
    accounts = _accounts(table, target, rows)
    if rule is None or accounts < FEWEST_ACCOUNTS:
        return None
    from models.training.baselines import practitioner  # heavy, and needed by few

    label = rows[table.labels[target].column].to_numpy(float)
    score = practitioner(rule).score(rows)
    auc = Draws(rows["account_id"], seed).interval(metrics.auc, score, label)
    return _fallback("rule", auc, accounts) if _is_clear(auc, accounts) else None


def ranked(
    fallback: Fallback,
    table: FeatureTable,
    target: str,
    rule: Rule | None,
    seed: int,
    model: ModelFiles | None = None,
) -> np.ndarray:
    """Return the score of the newest rows, shape (rows,); higher means likelier.

    ``model`` are the files of the version that ranks, where one does. A regression is fitted to all
    rows whose outcome is known; it stands in for a rule that the label has no longer, and for a
    model that the table has no inputs for.
    """
    from models.training.baselines import logistic, practitioner  # heavy, and needed by few

    newest = table.newest()
    if fallback.by == "rule" and rule is not None:
        return practitioner(rule).score(newest)
    if model is not None and {feature.name for feature in model.features} <= set(table.inputs):
        return matrix_probabilities(model, matrix(newest, model.features))
    rows = table.mature(target)
    label = rows[table.labels[target].column].to_numpy(float)
    return logistic(table, rows, label, seed).score(newest)


def _accounts(table: FeatureTable, target: str, rows: pd.DataFrame) -> int:
    return int(rows.loc[rows[table.labels[target].column] == 1, "account_id"].nunique())


def _is_clear(auc: Interval, accounts: int) -> bool:
    return accounts >= FEWEST_ACCOUNTS and auc.low > CHANCE


def _fallback(by: Ranker, auc: Interval, accounts: int) -> Fallback:
    value, low, high = (round(float(figure), 4) for figure in (auc.value, auc.low, auc.high))
    return Fallback(by, value, low, high, accounts)
