"""Scores golden rows: rows with the probabilities that a model must give them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import lightgbm as lgb
import numpy as np

from features.errors import DataError
from models.inference import calibrators
from models.inference.calibrators import apply
from models.inference.encoding import FeatureSpec, encode
from models.inference.total_interval import AmountError
from models.release import lightgbm_text
from models.release.card import Amount, SizeTrend
from models.release.model_files import ModelFiles

TOLERANCE = 1e-9
ADDS_UP = 1e-6
EXPLAINED = 5
ARR = "arr"
"""The input that shares go by."""
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError)
"""What comes of JSON that holds something else than it should."""


def matrix_probabilities(files: ModelFiles, matrix: np.ndarray) -> np.ndarray:
    """Return the calibrated probability of each row of an encoded matrix, shape (rows,)."""
    booster = lgb.Booster(model_str=files.text)
    return apply(files.calibration, np.asarray(booster.predict(matrix, raw_score=True)))


def amount_shares(files: ModelFiles, matrix: np.ndarray) -> np.ndarray:
    """Return the share of its ARR an outcome is worth to each row of a matrix, shape (rows,)."""
    booster = lgb.Booster(model_str=files.amount) if files.amount else None
    return shares_by(files.card.amount, booster, matrix, files.features)


def shares_by(
    amount: Amount, booster: lgb.Booster | None, matrix: np.ndarray, features: Sequence[FeatureSpec]
) -> np.ndarray:
    """Return the same by what the card says of amounts, and their model where there is one.

    ``features`` are the columns of ``matrix``.
    """
    shares = np.full(len(matrix), amount.share)
    if booster is not None and amount.cap is not None:
        shares = np.asarray(booster.predict(matrix))
        if amount.factor is not None:  # before shares went by size, the cap came first
            return np.asarray(np.minimum(shares, amount.cap) * amount.factor)
    place = next((n for n, feature in enumerate(features) if feature.name == ARR), None)
    if amount.size is not None and place is not None:
        shares = shares * size_factors(amount.size, matrix[:, place])
    return shares if amount.cap is None else np.asarray(np.minimum(shares, amount.cap))


def size_factors(trend: SizeTrend, arr: np.ndarray) -> np.ndarray:
    """Return what shares are multiplied by at an ARR, shape (rows,); at the pivot if not known."""
    clipped = np.clip(np.where(np.isnan(arr), trend.pivot, arr), trend.smallest, trend.largest)
    factors: np.ndarray = trend.factor * (clipped / trend.pivot) ** trend.slope
    return factors


def amount_error(amount: Amount) -> AmountError:
    """Return how far off amounts are; what a version does not say is as it is usually."""
    measured = {"spread": amount.spread, "level": amount.level_error}
    return AmountError(**{name: error for name, error in measured.items() if error is not None})


def golden_scores(files: ModelFiles) -> dict[str, list[float]]:
    """Return what a model gives to its golden rows: ``expected`` probabilities, and ``shares``."""
    matrix = encode(files.golden["rows"], files.features)
    return {
        "expected": [float(p) for p in matrix_probabilities(files, matrix)],
        "shares": [float(share) for share in amount_shares(files, matrix)],
    }


def problem(folder: Path) -> str:
    """Return what is wrong with the model in ``folder``, or nothing."""
    try:
        fault = _wrong(ModelFiles.read(folder))
    except DataError as error:
        fault = str(error)
    except (*UNREADABLE, lgb.basic.LightGBMError, RecursionError) as error:
        fault = f"the model cannot be loaded: {type(error).__name__}: {error}"
    return fault and f"{folder.name}: {fault}"


def _wrong(files: ModelFiles) -> str:
    if not files.golden["rows"]:
        return "there is no golden row to prove it by"
    for name, text in (("model", files.text), ("model of amounts", files.amount)):
        if text and (fault := lightgbm_text.problem(text, len(files.features))):
            return f"the {name} cannot be loaded: {fault}"
    if fault := calibrators.problem(files.calibration):
        return f"the calibration cannot be right: {fault}"
    scores = golden_scores(files)
    differences = (_difference(files.golden[name], scores[name]) for name in scores)
    return next(filter(None, differences), "") or _without_reasons(files)


def _without_reasons(files: ModelFiles) -> str:
    """Say whether rows get no reasons: they rest on parts of the text that no score rests on."""
    matrix = encode(files.golden["rows"][-EXPLAINED:], files.features)
    booster = lgb.Booster(model_str=files.text)
    parts = np.asarray(booster.predict(matrix, pred_contrib=True))
    gap = float(np.abs(parts.sum(axis=1) - booster.predict(matrix, raw_score=True)).max())
    return "" if gap <= ADDS_UP else "the reasons of golden rows do not add up to their scores"


def _difference(expected: Sequence[float], actual: Sequence[float]) -> str:
    wanted, scores = np.array(expected, float), np.array(actual, float)
    if wanted.shape != scores.shape or not np.isfinite(scores).all():
        return "golden rows get no score"
    furthest = float(np.abs(wanted - scores).max(initial=0.0))
    return "" if furthest <= TOLERANCE else f"golden rows differ by {furthest:.2g}"


def check(path: Path) -> int:
    """Check every model of the release at ``path``; return 0, or 1 with a sentence on stdout.

    A garbled model aborts the process that loads it: call this in a child.
    """
    problems = [problem(folder) for folder in sorted(path.iterdir()) if folder.is_dir()]
    sys.stdout.write("; ".join(filter(None, problems)))
    return 1 if any(problems) else 0
