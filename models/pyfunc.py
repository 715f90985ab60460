"""The model as MLflow serves it: LightGBM's text and JSON in, calibrated probabilities out.

MLflow copies this file into each logged model and runs it from there, so it stands alone: nothing
of this repository is needed to serve a version, and no Python object is stored.
"""

from __future__ import annotations

import json
from pathlib import Path
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
        self.booster = lgb.Booster(model_file=context.artifacts["model"])
        self.features = json.loads(Path(context.artifacts["features"]).read_text("utf-8"))
        self.calibration = json.loads(Path(context.artifacts["calibration"]).read_text("utf-8"))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> np.ndarray:
        """Return the calibrated probability of each row, shape (rows,)."""
        columns = [self._encoded(model_input, feature) for feature in self.features]
        raw = np.asarray(self.booster.predict(np.column_stack(columns), raw_score=True))
        if self.calibration["method"] == "sigmoid":
            raw = self.calibration["a"] * raw + self.calibration["b"]
        small = np.exp(-np.abs(raw))
        probability: np.ndarray = np.where(raw >= 0, 1 / (1 + small), small / (1 + small))
        return probability

    def _encoded(self, rows: pd.DataFrame, feature: dict[str, Any]) -> np.ndarray:
        if feature["name"] not in rows:
            return np.full(len(rows), np.nan)
        if feature["categories"] is None:
            number: np.ndarray = pd.to_numeric(rows[feature["name"]]).to_numpy(float)
            return number
        index = {name: float(number) for number, name in enumerate(feature["categories"])}
        return np.array([index.get(value, np.nan) for value in rows[feature["name"]]])


mlflow.models.set_model(PropensityModel())
