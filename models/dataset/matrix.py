"""From the feature table to a model's inputs: categories, typical values, and the matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable
from models.dataset.training_profile import described
from models.inference.encoding import SEGMENT, FeatureSpec, Merged, encode_columns

FEWEST_ACCOUNTS = 30
"""A name that fewer accounts carry is no category of its own: it tells who the account is."""
MOST_NAMED = 5
"""So many of the names that are merged are told."""
SEGMENT_SOURCE = "accounts.segment"


def specify(table: FeatureTable, rows: pd.DataFrame) -> tuple[FeatureSpec, ...]:
    """Return each input with what is to be known of it: categories, typical values, shares."""
    medians = _by_segment(table, rows)
    features = [
        replace(_specify(feature, rows), typical_of=medians.get(feature["name"], {}))
        for feature in table.features
    ]
    columns = matrix(rows, features)
    return tuple(described(feature, columns[:, place]) for place, feature in enumerate(features))


def matrix(rows: pd.DataFrame, features: Sequence[FeatureSpec]) -> np.ndarray:
    """Return ``rows`` as float64 of shape (rows, features), categories as their index."""
    columns = {
        feature.name: rows[feature.name].to_numpy(float if feature.categories is None else object)
        for feature in features
    }
    return encode_columns(columns, features)


def _by_segment(table: FeatureTable, rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the median of each number in each segment with enough accounts, where there is one.

    Where only today's segment is known, nobody knows who an account's peers were.
    """
    if SEGMENT not in rows or rows[SEGMENT].isna().all() or SEGMENT_SOURCE in table.todays:
        return {}
    accounts = rows.groupby(SEGMENT)["account_id"].nunique()
    numbers = [feature["name"] for feature in table.features if feature["unit"] != "category"]
    large = rows[rows[SEGMENT].isin(accounts.index[accounts >= FEWEST_ACCOUNTS])]
    medians = large.groupby(SEGMENT)[numbers].median()
    return {
        str(name): {str(segment): float(value) for segment, value in column.dropna().items()}
        for name, column in medians.items()
    }


def _specify(feature: Mapping[str, Any], rows: pd.DataFrame) -> FeatureSpec:
    values = rows[feature["name"]]
    plain = {
        "name": feature["name"],
        "group": feature["group"],
        "stem": feature["stem"],
        "unit": feature["unit"],
        "description": feature["description"],
        "window_days": feature["window_days"],
        "by_day": feature["by_day"],
        "expected": tuple(feature["expected"]),
        "says": feature.get("says", {}),
    }
    if feature["unit"] != "category":
        typical = None if values.isna().all() else float(values.median())
        return FeatureSpec(**plain, categories=None, typical=typical)
    accounts = rows.groupby(values)["account_id"].nunique()
    is_frequent = accounts >= FEWEST_ACCOUNTS
    return FeatureSpec(
        **plain,
        categories=tuple(sorted(str(name) for name in accounts.index[is_frequent])),
        typical=str(accounts.idxmax()) if len(accounts) else None,
        merged=_merged(rows, values, accounts[~is_frequent]),
    )


def _merged(rows: pd.DataFrame, values: pd.Series, accounts: pd.Series) -> Merged | None:
    """Return what is merged of a category, given the accounts of each name that is."""
    if accounts.empty:
        return None
    largest = accounts.sort_values(ascending=False, kind="stable").head(MOST_NAMED)
    return Merged(
        names={str(name): int(count) for name, count in largest.items()},
        levels=len(accounts),
        accounts=int(rows.loc[values.isin(accounts.index), "account_id"].nunique()),
    )
