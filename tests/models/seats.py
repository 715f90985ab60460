"""A feature table of accounts whose seats grow, with a signal of which, or without one."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable
from tests.models.tables import feature

FIRST = date(2024, 1, 1)
DATES = 22
FEATURES = (feature("seats_licensed", "seats"), feature("use"), feature("segment", "category"))


def seats_table(
    accounts: int = 500, *, signal: bool = True, seed: int = 3, dates: int = DATES
) -> FeatureTable:
    """Return a table in which busy accounts double their seats within half a year, or any do."""
    random = np.random.default_rng(seed)
    ids = [f"a-{number:04d}" for number in range(accounts)]
    seats = np.rint(np.exp(random.normal(4, 1, accounts))) + 4
    parts = []
    for number in range(dates):
        use = random.uniform(0, 1, accounts)
        frame = pd.DataFrame({"account_id": ids, "as_of": FIRST + timedelta(days=28 * number)})
        parts.append(frame.assign(seats_licensed=seats, use=use, segment="smb"))
        more = (use > 0.8) if signal else (random.random(accounts) < 0.03)
        seats = np.where(more, np.rint(seats * random.uniform(1.1, 1.2, accounts)), seats)
    # What is busy today has been so since: the past six rows' use is today's.
    whole = pd.concat(parts, ignore_index=True)
    if signal:
        whole["use"] = whole.groupby("account_id")["seats_licensed"].transform(
            lambda one: np.log(one.shift(-7).bfill().ffill() / one)
        ) + random.normal(0, 0.05, len(whole))
    return FeatureTable(whole, FEATURES, {}, {"every_days": 28, "fingerprint": "f" * 64})
