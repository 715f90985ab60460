"""What was expected against what came: whether a score can be taken as a probability.

An order of accounts can be right where every probability is half of what it should be. So what the
probabilities add up to is held against the outcomes: of all rows, weighted by ARR, of the tenth
ranked first, and of each kind of account.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from models.evaluation.slices import FEWEST_OUTCOMES, groupings
from models.release.card import Level
from models.statistics import metrics
from models.statistics.bootstrap import Draws, point_estimate
from models.statistics.interval import Interval

ALL, BY_ARR, FIRST_TENTH = "all accounts", "weighted by ARR", "first tenth"
BAND = (0.8, 1.25)
"""Expected to came: a good or a bad quarter moves all accounts by as much as this."""
SLICE_BAND = (0.6, 1.6)
"""The same of a kind of account: of many kinds, some are off by chance."""


def levels(
    rows: pd.DataFrame, label: np.ndarray, probability: np.ndarray, seed: int
) -> tuple[Level, ...]:
    """Return expected against came: of all rows, by ARR, of the first tenth, of kinds of account.

    Parameters
    ----------
    rows
        The rows with their features, ``account_id`` and ``as_of``.
    label, probability
        Outcome (0, 1) and probability of each row, shape (rows,).
    seed
        Draws the resamples.
    """
    arr = np.nan_to_num(rows["arr"].to_numpy(float)) if "arr" in rows else np.zeros(len(rows))
    everyone = np.ones(len(rows), bool)
    judged = [_level(ALL, rows, label, probability, everyone, BAND, seed)]
    if arr.sum() > 0:
        judged.append(_level(BY_ARR, rows, label * arr, probability * arr, everyone, BAND, seed))
    judged.append(
        _level(FIRST_TENTH, rows, label, probability, _first_tenth(rows, probability), BAND, seed)
    )
    return (*judged, *_of_kinds(rows, label, probability, seed))


def off(levels: tuple[Level, ...]) -> list[str]:
    """Return a sentence for each level that is off beyond its interval."""
    return [
        f"{level.of}: {level.expected:,.0f} expected, {level.came:,.0f} came, ratio {level.ratio}"
        for level in levels
        if level.is_off
    ]


def _of_kinds(
    rows: pd.DataFrame, label: np.ndarray, probability: np.ndarray, seed: int
) -> Iterator[Level]:
    for by, group in groupings(rows):
        for name in sorted(group.dropna().unique(), key=str):
            member = (group == name).to_numpy(bool)
            if label[member].sum() >= FEWEST_OUTCOMES:
                of = f"{by} {name}"
                yield _level(of, rows, label, probability, member, SLICE_BAND, seed)


def _level(
    of: str,
    rows: pd.DataFrame,
    came: np.ndarray,
    expected: np.ndarray,
    member: np.ndarray,
    band: tuple[float, float],
    seed: int,
) -> Level:
    draws = Draws(rows["account_id"][member], seed)
    expected, came = expected[member], came[member]
    ratio = (
        draws.interval(metrics.ratio, expected, came)
        if came.sum() > 0
        else Interval(point_estimate(metrics.ratio, expected, came), np.nan, np.nan)
    )
    is_off = bool(ratio.low > band[1] or ratio.high < band[0])
    return Level(of, float(expected.sum()), float(came.sum()), ratio, is_off)


def _first_tenth(rows: pd.DataFrame, probability: np.ndarray) -> np.ndarray:
    """Say which rows are among the tenth ranked first on their date."""
    rank = pd.Series(-probability, index=rows.index).groupby(rows["as_of"]).rank(pct=True)
    first: np.ndarray = (rank <= 0.1).to_numpy(bool)
    return first
