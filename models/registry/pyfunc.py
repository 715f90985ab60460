"""The model as MLflow serves it: LightGBM's text and JSON in, calibrated probabilities out.

MLflow copies this file into each logged model and runs it from there, with ``encoding.py`` and
``calibrators.py`` beside the model: nothing of this repository is needed to serve a version, the
version keeps the arithmetic that it was made with, and no Python object is stored.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import lightgbm as lgb
import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext


class PropensityModel(PythonModel):
    """One target's probability from a table of features."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the model's files."""
        paths = context.artifacts
        encoding = _module("encoding", paths["encoding"])
        self.calibrators = _module("calibrators", paths["calibrators"])
        self.encode_columns = encoding.encode_columns
        self.booster = lgb.Booster(model_file=paths["model"])
        stored = json.loads(Path(paths["features"]).read_text("utf-8"))
        self.features = [encoding.FeatureSpec.from_dict(feature) for feature in stored]
        self.calibration = json.loads(Path(paths["calibration"]).read_text("utf-8"))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> np.ndarray:
        """Return the calibrated probability of each row, shape (rows,)."""
        columns = {feature.name: _column(model_input, feature) for feature in self.features}
        raw = self.booster.predict(self.encode_columns(columns, self.features), raw_score=True)
        probability: np.ndarray = self.calibrators.apply(self.calibration, np.asarray(raw))
        return probability


def _column(rows: pd.DataFrame, feature: Any) -> np.ndarray:
    """Return an input as the model takes it; one that is not there is missing in every row."""
    if feature.name not in rows:
        return np.full(len(rows), None if feature.categories is not None else np.nan)
    if feature.categories is not None:
        names: np.ndarray = rows[feature.name].to_numpy(object)
        return names
    number: np.ndarray = pd.to_numeric(rows[feature.name]).to_numpy(float)
    return number


def _module(name: str, path: str) -> ModuleType:
    """Return a module from its file, under a name that no other version uses."""
    spec = importlib.util.spec_from_file_location(f"_expansion_{name}_{abs(hash(path))}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


mlflow.models.set_model(PropensityModel())
