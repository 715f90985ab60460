"""What of the rows of a feature table is contracted by the end of its horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.subscriptions.column_names import arr_column, day_column
from models.inference.contracted import ContractedColumns

if TYPE_CHECKING:
    import pandas as pd

    from models.dataset.feature_table import FeatureTable


def missing(table: FeatureTable) -> list[str]:
    """Return the columns that a table from before what is contracted was told apart lacks."""
    days = int(table.meta["horizon_days"])
    return [name for name in (arr_column(days), day_column(days)) if name not in table.frame]


def contracted_of(table: FeatureTable, rows: pd.DataFrame) -> ContractedColumns:
    """Return what is signed or announced of ``rows``, which are some of the table's."""
    days = int(table.meta["horizon_days"])
    today = rows["arr"].to_numpy(float)
    then = rows[arr_column(days)].to_numpy(float)
    dates = rows[day_column(days)].astype(object)
    return ContractedColumns(
        today=today,
        arr=then,
        effective_on=dates.where(dates.notna(), None).to_numpy(),
        is_decided=(today > 0) & (then <= 0),
    )


def undecided(table: FeatureTable, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose outcome is open: those that models are asked about."""
    if missing(table):
        return rows
    is_open: pd.DataFrame = rows[np.logical_not(contracted_of(table, rows).is_decided)]
    return is_open
