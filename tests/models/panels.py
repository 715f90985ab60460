"""Panels of accounts with known rates, drawn quickly, for the tests of the forecast."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from models.forecast.quarterly_panel import AHEAD, QUARTER, Panel

FIRST = date(2023, 1, 2)
TERM_DAYS = 364


def drawn(
    seed: int,
    *,
    accounts: int = 60,
    quarters: int = 9,
    gone: float = 0.04,
    less: float = 0.05,
    more: float = 0.10,
    swing: float = 0.0,
    signed: float = 0.1,
) -> pd.DataFrame:
    """Return what accounts paid at ``quarters`` dates, some with a ramp or an end announced.

    In a quarter accounts leave, shrink to 0.7 and grow to 1.4 of what was announced at the given
    rates, times what is common to all, whose logarithm scatters by ``swing``.
    """
    random = np.random.default_rng(seed)
    arr = np.round(random.lognormal(9, 1, accounts), 2)
    started = random.integers(0, quarters, accounts)
    parts = []
    for quarter in range(quarters):
        ahead = np.repeat(arr[:, None], len(AHEAD), axis=1)
        ramps, ends = random.random((2, accounts)) < [[signed], [signed / 4]]
        ahead[ramps, 1:] *= 1.5
        ahead[ends, 0:] = 0
        runs = (arr > 0) & (started <= quarter)
        parts.append(_rows(quarter, arr, ahead, started, random)[runs])
        stress = np.exp(swing * random.standard_normal())
        draw = random.random(accounts)
        left, smaller = gone * stress, (gone + less) * stress
        then = np.where(draw < left, 0, np.where(draw < smaller, 0.7, 1.0)) * arr
        then = np.where(draw > 1 - more / stress, 1.4 * arr, then)
        arr = np.where(runs, np.where(ends, 0, then), arr)
    return pd.concat(parts, ignore_index=True)


def _rows(
    quarter: int, arr: np.ndarray, ahead: np.ndarray, started: np.ndarray, random: Any
) -> pd.DataFrame:
    day = FIRST + quarter * QUARTER
    return pd.DataFrame(
        {
            "account_id": [f"a-{number:05}" for number in range(len(arr))],
            "as_of": day,
            "started_on": [FIRST + int(one) * QUARTER for one in started],
            "arr": arr,
            **dict(zip(AHEAD, ahead.T, strict=True)),
            "renewal_days": random.integers(0, TERM_DAYS, len(arr)).astype(float),
            "term_days": np.where(random.random(len(arr)) < 0.2, np.nan, TERM_DAYS),
        }
    )


def panel(seed: int, **changes: Any) -> Panel:
    """Return the panel of ``drawn``."""
    return Panel.of(drawn(seed, **changes))


def steady(accounts: int, quarters: int, arr: float = 1000.0) -> pd.DataFrame:
    """Return accounts that all go on paying ``arr``, without a term."""
    random = np.random.default_rng(0)
    paid = np.full(accounts, arr)
    ahead = np.repeat(paid[:, None], len(AHEAD), axis=1)
    first = np.zeros(accounts, int)
    rows = [_rows(quarter, paid, ahead, first, random) for quarter in range(quarters)]
    return pd.concat(rows, ignore_index=True).assign(renewal_days=np.nan, term_days=np.nan)
