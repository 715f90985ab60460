"""The code under test: what a user's training gives on the day of the cut, and how it scores.

All that may differ between versions of this repository is called from here.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from features.errors import DataError
from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.inference.expected_arr import expansion, expected_amounts
from models.registry import Registry
from models.release.golden_rows import amount_shares, matrix_probabilities
from models.training.baselines import practitioner
from pipelines.config.company_features import practitioner_rule
from pipelines.config.settings import Settings
from pipelines.lifecycle.train import train


@dataclass(frozen=True)
class Model:
    """What training said of one target, and what its model gives to the later rows.

    ``p`` are probabilities and ``share`` an outcome's worth as a share of the ARR, shape (rows,);
    None where no model was registered, which is the one in use where one is.
    """

    verdict: str
    in_use: bool
    card_auc: float | None = None
    trained_to: date | None = None
    p: np.ndarray | None = None
    share: np.ndarray | None = None


@dataclass(frozen=True)
class Scored:
    """The models of a company, and what all of them say of the later rows, shape (rows,)."""

    models: Mapping[str, Model]
    expansion: np.ndarray
    """Expected expansion ARR."""
    rules: np.ndarray
    """What the practitioner's rules of expansion say: a row's mean place on its date, 0 to 1."""


def scored(folder: Path, later: FeatureTable, threads: int) -> Scored:
    """Train on a company's folder with the usual settings and score ``later``."""
    with TemporaryDirectory() as scratch:
        work = Path(scratch)
        shutil.copy(folder / "feature_table.parquet", work / "features.parquet")
        (work / "tables").symlink_to((folder / "tables").resolve())
        settings = Settings.model_validate(
            {
                "paths": {"work": work},
                "mlflow": {"home": work / "mlruns"},
                "train": {"threads": threads},
            }
        )
        try:
            outcomes = {one.target: one for one in train(settings).targets}
        except DataError as error:  # too short for every target
            outcomes = {}
            print(f"{folder.name}: {'; '.join(error.problems)}", flush=True)
        registry = Registry(settings.mlflow_uri, settings.mlflow_artifacts)
        models = {
            target: _model(registry, target, outcomes.get(target), later.frame)
            for target in later.labels
        }
    p = {name: model.p for name, model in models.items() if model.p is not None}
    shares = {name: model.share for name, model in models.items() if model.share is not None}
    arr = later.frame["arr"].to_numpy(float)
    amounts = expected_amounts(p, shares, arr)
    return Scored(models, expansion(amounts, later.labels, len(arr)), _rules(settings, later))


def _model(registry: Registry, target: str, outcome: Any, rows: pd.DataFrame) -> Model:
    if outcome is None or outcome.version is None:
        return Model(outcome.verdict if outcome else "not trained", in_use=False)
    files = registry.load(target, outcome.version)
    inputs = matrix(rows, tuple(files.features))
    return Model(
        outcome.verdict,
        in_use=outcome.in_use is not None,
        card_auc=float(files.card.metrics["auc"].value),
        trained_to=files.card.trained.last,
        p=matrix_probabilities(files, inputs),
        share=amount_shares(files, inputs),
    )


def _rules(settings: Settings, later: FeatureTable) -> np.ndarray:
    """Rules have no common scale, so that the places of accounts on a date are averaged."""
    rows, places = later.frame, []
    for name, label in later.labels.items():
        rule = practitioner_rule(settings, name)
        if label.direction == "+" and rule is not None:
            score = pd.Series(practitioner(rule).score(rows), index=rows.index)
            places.append(score.groupby(rows["as_of"]).rank(pct=True).to_numpy())
    mean: np.ndarray = np.mean(places, axis=0)
    return mean
