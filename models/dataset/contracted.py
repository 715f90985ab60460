"""What of the rows of a feature table is contracted by the end of its horizon, or in a year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.subscriptions.column_names import YEAR_DAYS, arr_column, day_column
from models.inference.contracted import ContractedColumns

if TYPE_CHECKING:
    import pandas as pd

    from models.dataset.feature_table import FeatureTable


def missing(table: FeatureTable) -> list[str]:
    """Return the columns that a table from before what is contracted was told apart lacks."""
    days = _horizon_days(table)
    return [name for name in (*_columns(days), *_columns(YEAR_DAYS)) if name not in table.frame]


def contracted_of(table: FeatureTable, rows: pd.DataFrame) -> ContractedColumns:
    """Return what of ``rows``, some of the table's, is contracted by the end of its horizon."""
    return _contracted_in(_horizon_days(table), rows)


def contracted_in_a_year(rows: pd.DataFrame) -> ContractedColumns:
    """Return what of ``rows`` of a feature table is contracted by ``YEAR_DAYS`` later.

    ``is_decided`` says that all ends by then, and of an outcome within the horizon nothing.
    """
    return _contracted_in(YEAR_DAYS, rows)


def _horizon_days(table: FeatureTable) -> int:
    return int(table.meta["horizon_days"])


def _columns(days: int) -> tuple[str, str]:
    return arr_column(days), day_column(days)


def _contracted_in(days: int, rows: pd.DataFrame) -> ContractedColumns:
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
    if any(name not in table.frame for name in _columns(_horizon_days(table))):
        return rows
    is_open: pd.DataFrame = rows[np.logical_not(contracted_of(table, rows).is_decided)]
    return is_open
