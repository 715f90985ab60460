"""Scores golden rows: rows with the probabilities that a model must give them."""

from __future__ import annotations

import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np

from models.calibrators import apply
from models.encoding import encode
from models.release import ModelFiles

TOLERANCE = 1e-9


def probabilities(files: ModelFiles) -> np.ndarray:
    """Return the probability that a model gives to each of its golden rows."""
    return matrix_probabilities(files, encode(files.golden["rows"], files.features))


def matrix_probabilities(files: ModelFiles, matrix: np.ndarray) -> np.ndarray:
    """Return the calibrated probability of each row of an encoded matrix, shape (rows,)."""
    booster = lgb.Booster(model_str=files.text)
    return apply(files.calibration, np.asarray(booster.predict(matrix, raw_score=True)))


def problem(folder: Path) -> str:
    """Return what is wrong with the model in ``folder``, or nothing."""
    files = ModelFiles.read(folder)
    if not files.golden["rows"]:
        return f"{folder.name}: there is no golden row to prove it by"
    try:
        given = probabilities(files)
    except (lgb.basic.LightGBMError, ValueError) as error:
        return f"{folder.name}: the model cannot be loaded: {error}"
    expected = np.array(files.golden["expected"], float)
    if given.shape != expected.shape or not np.isfinite(given).all():
        return f"{folder.name}: golden rows get no score"
    furthest = float(np.abs(given - expected).max(initial=0.0))
    return "" if furthest <= TOLERANCE else f"{folder.name}: golden rows differ by {furthest:.2g}"


def check(path: Path) -> int:
    """Check every model of the release at ``path``; return 0, or 1 with a sentence on stdout.

    A garbled model aborts the process that loads it: call this in a child.
    """
    found = [problem(folder) for folder in sorted(path.iterdir()) if folder.is_dir()]
    sys.stdout.write("; ".join(filter(None, found)))
    return 1 if any(found) else 0
