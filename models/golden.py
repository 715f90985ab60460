"""Scores the golden rows of a release; run as ``python -m models.golden FOLDER``, in a child.

Exit code 0 when every model gives the expected probabilities; 1 with a sentence otherwise. A
garbled model aborts this process, and only this one.
"""

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
    given, expected = probabilities(files), np.array(files.golden["expected"], float)
    if given.shape != expected.shape or not np.isfinite(given).all():
        return f"{folder.name}: golden rows get no score"
    furthest = float(np.abs(given - expected).max(initial=0.0))
    return "" if furthest <= TOLERANCE else f"{folder.name}: golden rows differ by {furthest:.2g}"


def main(path: Path) -> int:
    """Check every model of the release at ``path``."""
    found = [problem(folder) for folder in sorted(path.iterdir()) if folder.is_dir()]
    sys.stdout.write("; ".join(filter(None, found)))
    return 1 if any(found) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
