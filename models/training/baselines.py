"""The simple rivals that every model is shown beside: if it can't beat them, use them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, RobustScaler

from features.labels.declaration import Rule
from models.dataset.feature_table import FeatureTable
from models.statistics import metrics

MOST_CATEGORIES = 10


@dataclass(frozen=True)
class Rival:
    """A named way to score rows, shape (rows,); higher means likelier.

    ``probability`` says that the score is meant as one.
    """

    name: str
    score: Callable[[pd.DataFrame], np.ndarray]
    probability: bool = False


def rivals(
    table: FeatureTable,
    target: str,
    train: pd.DataFrame,
    seed: int,
    column: Rival,
    rule: Rule | None = None,
) -> dict[str, Rival]:
    """Return the base rate, a single column, the practitioner's rule, logistic regression.

    Base rate and regression are fitted on ``train``; ``rule`` is the label's, if it has one.
    """
    label = train[table.labels[target].column].to_numpy(float)
    rate = float(label.mean())
    baselines = {
        "base_rate": Rival("base rate", lambda rows: np.full(len(rows), rate), probability=True),
        "best_column": column,
        "logistic": logistic(table, train, label, seed),
    }
    if rule is not None:
        baselines["rule"] = practitioner(rule)
    return baselines


def practitioner(rule: Rule) -> Rival:
    """Return the score that a label's practitioner's rule gives."""
    return Rival("practitioner's rule", lambda rows: rule(partial(_column, rows)))


def best_column(table: FeatureTable, train: pd.DataFrame, label: np.ndarray) -> Rival:
    """Return the single numeric column that orders the training rows best."""
    weight = np.ones((1, len(train)))
    numeric = [f["name"] for f in table.features if f["unit"] != "category"]
    filled = [name for name in numeric if train[name].notna().any()]
    if not filled:
        return Rival("single column: none", lambda rows: np.zeros(len(rows)))
    middle = {name: float(train[name].median()) for name in filled}
    areas = {n: metrics.auc(_filled(train, n, middle[n]), label, weight)[0] for n in filled}
    best = max(filled, key=lambda name: abs(areas[name] - 0.5))
    sign = 1.0 if areas[best] >= 0.5 else -1.0
    return Rival(f"single column: {best}", lambda rows: sign * _filled(rows, best, middle[best]))


def logistic(table: FeatureTable, train: pd.DataFrame, label: np.ndarray, seed: int) -> Rival:
    """Fit a logistic regression on imputed, scaled and one-hot encoded inputs."""
    filled = [f for f in table.features if train[f["name"]].notna().any()]
    numbers = [f["name"] for f in filled if f["unit"] != "category"]
    names = [f["name"] for f in filled if f["unit"] == "category"]
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), RobustScaler()),
         numbers),
        (OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES),
         names),
    )  # fmt: skip
    model = make_pipeline(encode, LogisticRegression(C=0.05, max_iter=500, random_state=seed))
    with warnings.catch_warnings():
        # A rival that has not quite converged is still a rival; its figure says how good it is.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(_plain(train, numbers, names), label)
    return Rival(
        "logistic regression",
        lambda rows: model.predict_proba(_plain(rows, numbers, names))[:, 1],
        probability=True,
    )


def _plain(rows: pd.DataFrame, numbers: list[str], names: list[str]) -> pd.DataFrame:
    """Squash long tails, which a linear model can't stand, and name what is missing."""
    plain = rows[numbers].to_numpy(float)
    values = np.sign(plain) * np.log1p(np.abs(plain))
    squashed = pd.DataFrame(values, index=rows.index, columns=numbers)
    return squashed.join(rows[names].astype(object).fillna("").astype(str))


def _filled(rows: pd.DataFrame, name: str, missing: float) -> np.ndarray:
    return rows[name].fillna(missing).to_numpy(float)


def _column(rows: pd.DataFrame, name: str, missing: float = 0.0) -> np.ndarray:
    """Return a column, or ``missing`` throughout where the company does not have it."""
    if name not in rows:
        return np.full(len(rows), missing)
    return _filled(rows, name, missing)
