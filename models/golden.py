"""Scores golden rows: rows with the probabilities that a model must give them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from models import trees
from models.calibrators import apply
from models.encoding import encode
from models.release import ModelFiles, ReleaseError

TOLERANCE = 1e-9


def matrix_probabilities(files: ModelFiles, matrix: np.ndarray) -> np.ndarray:
    """Return the calibrated probability of each row of an encoded matrix, shape (rows,)."""
    booster = lgb.Booster(model_str=files.text)
    return apply(files.calibration, np.asarray(booster.predict(matrix, raw_score=True)))


def amount_shares(files: ModelFiles, matrix: np.ndarray) -> np.ndarray:
    """Return the share of its ARR an outcome is worth to each row of a matrix, shape (rows,)."""
    booster = lgb.Booster(model_str=files.amount) if files.amount else None
    return shares_by(files.card["amount"], booster, matrix)


def shares_by(
    told: Mapping[str, Any], booster: lgb.Booster | None, matrix: np.ndarray
) -> np.ndarray:
    """Return the same by what the card tells of amounts, and their model where there is one."""
    if booster is None:
        return np.full(len(matrix), float(told["share"]))
    capped: np.ndarray = np.minimum(booster.predict(matrix), told["cap"]) * told["factor"]
    return capped


def given(files: ModelFiles) -> dict[str, list[float]]:
    """Return what a model gives to its golden rows: ``expected`` probabilities, and ``shares``."""
    matrix = encode(files.golden["rows"], files.features)
    return {
        "expected": [float(p) for p in matrix_probabilities(files, matrix)],
        "shares": [float(one) for one in amount_shares(files, matrix)],
    }


def problem(folder: Path) -> str:
    """Return what is wrong with the model in ``folder``, or nothing."""
    try:
        files = ModelFiles.read(folder)
    except ReleaseError as error:
        return str(error)
    if not files.golden["rows"]:
        return f"{folder.name}: there is no golden row to prove it by"
    for name, text in (("model", files.text), ("model of amounts", files.amount)):
        if text and (wrong := trees.problem(text, len(files.features))):
            return f"{folder.name}: the {name} cannot be loaded: {wrong}"
    try:
        found = given(files)
    except (lgb.basic.LightGBMError, ValueError, KeyError) as error:
        return f"{folder.name}: the model cannot be loaded: {error}"
    told = (_difference(files.golden[name], found[name]) for name in found)
    return next((f"{folder.name}: {one}" for one in told if one), "")


def _difference(expected: Sequence[float], found: Sequence[float]) -> str:
    one, two = np.array(expected, float), np.array(found, float)
    if one.shape != two.shape or not np.isfinite(two).all():
        return "golden rows get no score"
    furthest = float(np.abs(one - two).max(initial=0.0))
    return "" if furthest <= TOLERANCE else f"golden rows differ by {furthest:.2g}"


def check(path: Path) -> int:
    """Check every model of the release at ``path``; return 0, or 1 with a sentence on stdout.

    A garbled model aborts the process that loads it: call this in a child.
    """
    found = [problem(folder) for folder in sorted(path.iterdir()) if folder.is_dir()]
    sys.stdout.write("; ".join(filter(None, found)))
    return 1 if any(found) else 0
