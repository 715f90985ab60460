"""A small feature table with a known signal, for tests of everything that learns."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable, Label

FIRST = date(2024, 1, 1)
MATURE_DAYS = 91


def feature(name: str, unit: str = "ratio", **more: Any) -> dict[str, Any]:
    """Return a declared feature."""
    plain = {
        "name": name,
        "stem": name,
        "group": "test",
        "unit": unit,
        "description": f"What {name} says",
        "window_days": None,
        "by_day": None,
        "expected": [None, None],
        "absent": None,
        "monotone": {},
        "owner": "test",
        "sources": [],
        "says": {},
    }
    return {**plain, **more}


FEATURES = (
    feature("use_28d", stem="use", window_days=28),
    feature("use_91d", stem="use", window_days=91),
    feature("silent", "days"),
    feature("has_champion", "flag"),
    feature("segment", "category"),
    feature("arr", "currency"),
)
TARGETS = ("upsell", "downsell", "churn")


def feature_table(accounts: int = 240, dates: int = 20, seed: int = 1) -> FeatureTable:
    """Return a table where use and champions drive upsell, silence churn, nothing downsell."""
    random = np.random.default_rng(seed)
    ids = np.array([f"a-{number:04d}" for number in range(accounts)])
    days = [FIRST + timedelta(days=28 * number) for number in range(dates)]
    kind = random.choice(["smb", "enterprise", "rare"], accounts, p=[0.6, 0.38, 0.02])
    level = random.normal(size=accounts)
    parts = []
    for day in days:
        use = level + 0.5 * random.normal(size=accounts)
        silent = random.exponential(20, accounts)
        frame = pd.DataFrame({"account_id": ids, "as_of": day, "use_28d": use})
        frame["use_91d"] = level + 0.3 * random.normal(size=accounts)
        frame["silent"] = np.where(random.random(accounts) < 0.1, np.nan, silent)
        frame["has_champion"] = (random.random(accounts) < 0.7).astype(float)
        frame["segment"] = kind
        frame["arr"] = np.exp(9 + level)
        champion = frame["has_champion"]
        chances = {
            # Use only leads to more where a champion carries it: no straight line says that.
            "upsell": 1 / (1 + np.exp(2.6 - champion * (0.8 + 2.2 * use))),
            "downsell": np.full(accounts, 0.15),
            "churn": 1 / (1 + np.exp(3.2 - 0.06 * silent + 0.8 * use)),
        }
        for name, chance in chances.items():
            happened = (random.random(accounts) < chance).astype(float)
            frame[f"{name}_next_91d"] = happened if day != days[-1] else np.nan
            frame[f"{name}_arr_next_91d"] = happened * frame["arr"] * 0.2
        parts.append(frame)
    labels = {
        name: Label(name, f"{name}_next_91d", f"{name}_arr_next_91d", "+", MATURE_DAYS)
        for name in TARGETS
    }
    meta = {"fingerprint": "f" * 64, "data_through": str(days[-1]), "horizon_days": 91}
    return FeatureTable(pd.concat(parts, ignore_index=True), FEATURES, labels, meta)
