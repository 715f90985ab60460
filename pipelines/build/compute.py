"""Features and targets of a company at some dates, computed from its written tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features import catalogue
from features.labels.label_table import labels
from features.labels.outcome_window import Horizon
from features.point_in_time.facts import KEYS, Facts
from features.subscriptions.column_names import YEAR_DAYS
from features.subscriptions.contracted_arr import settled, standings
from features.subscriptions.contracted_columns import contracted
from pipelines.build import engines
from pipelines.common.progress import Progress, silent
from pipelines.config.company_features import groups, targets

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from pipelines.config.settings import Settings

ORDER = [("as_of", "ascending"), ("account_id", "ascending")]
"""How the rows of the feature table are ordered."""

DIGITS = 12
"""Significant digits that are kept. In which order numbers are added up shows behind them only."""


def first_start(settings: Settings) -> date | None:
    """Return the day on which the first subscription starts; None without any."""
    lines = pq.read_table(settings.tables_folder / "subscriptions.parquet", columns=["starts_on"])
    earliest: date | None = pc.min(lines["starts_on"]).as_py()
    return earliest


def features_at(settings: Settings, dates: Sequence[date], progress: Progress = silent) -> pa.Table:
    """Return the features of every account that pays on each of ``dates``, in order."""
    used, grace_days = groups(settings), settings.build.grace_days
    features = _evaluated(
        settings,
        lambda connection, tables: engines.features(
            connection, tables, used, dates, grace_days=grace_days, progress=progress
        ),
    )
    return in_order(_rounded(features).cast(feature_schema(settings)))


def labels_at(settings: Settings, dates: Sequence[date], horizon: Horizon) -> pa.Table:
    """Return the targets of every account that pays on each of ``dates``, in order."""
    outcomes = _evaluated(
        settings,
        lambda _, tables: labels(
            Facts.computed(tables, dates, horizon.grace_days), horizon, targets(settings)
        ).to_pyarrow(),
    )
    return in_order(_rounded(outcomes))


def contracted_at(settings: Settings, dates: Sequence[date]) -> pa.Table:
    """Return, in order, what every account that pays on each of ``dates`` comes to by contract.

    That is at the end of the company's horizon and in a year, by what was signed or announced
    before the date.
    """
    spans = sorted({settings.build.horizon_days, YEAR_DAYS})
    grace_days = settings.build.grace_days
    standing = _evaluated(
        settings,
        lambda _, tables: contracted(
            Facts.computed(tables, dates, grace_days), *spans
        ).to_pyarrow(),
    )
    return in_order(_rounded(standing))


def standings_at(settings: Settings, dates: Sequence[date]) -> pa.Table:
    """Return what every account that pays on each of ``dates`` paid and had signed, in order."""
    grace_days = settings.build.grace_days
    standing = _evaluated(
        settings,
        lambda _, tables: standings(Facts.computed(tables, dates, grace_days)).to_pyarrow(),
    )
    return in_order(_rounded(standing))


def settled_at(settings: Settings, dates: Sequence[date]) -> pa.Table:
    """Return what every account paid on each of ``dates``, once pauses were over, in order."""
    grace_days = settings.build.grace_days
    paid = _evaluated(settings, lambda _, tables: settled(tables, dates, grace_days).to_pyarrow())
    return in_order(_rounded(paid))


def horizon_of(settings: Settings, data_through: date) -> Horizon:
    """Return the time that labels look at, and how, by the company's settings."""
    build = settings.build
    return Horizon(build.horizon_days, build.grace_days, data_through, build.price_changes)


def feature_schema(settings: Settings) -> pa.Schema:
    """Return the columns of the feature table before its targets, with their types."""
    columns = catalogue.columns_of(groups(settings))
    types = {c.name: pa.string() if c.unit == "category" else pa.float64() for c in columns}
    return pa.schema({"account_id": pa.string(), "as_of": pa.date32(), **types})


def in_order(table: pa.Table) -> pa.Table:
    """Return the rows by date and account, in one piece: the same rows are the same bytes."""
    return table.sort_by(ORDER).combine_chunks()


def beside(features: pa.Table, outcomes: pa.Table) -> pa.Table:
    """Return features and targets in one table; both hold the same accounts in the same order."""
    for key in KEYS:
        if features[key] != outcomes[key]:
            raise AssertionError(f"features and targets differ in {key}")  # pragma: no cover
    for name in outcomes.column_names:
        if name not in KEYS:
            features = features.append_column(name, outcomes[name])
    return features


def _evaluated(
    settings: Settings, evaluate: Callable[[Backend, Mapping[str, ir.Table]], pa.Table]
) -> pa.Table:
    """Return what ``evaluate`` makes of the written tables."""
    connection, tables = engines.connect(settings)
    try:
        return evaluate(connection, tables)
    finally:
        connection.disconnect()


def _rounded(table: pa.Table) -> pa.Table:
    """Return ``table`` with every number rounded to ``DIGITS`` significant digits."""
    for place, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            numbers = table[field.name]
            values = significant(numbers.to_numpy())
            rounded = pa.array(values, field.type, mask=numbers.is_null().to_numpy())
            table = table.set_column(place, field.name, rounded)
    return table


def significant(values: np.ndarray, digits: int = DIGITS) -> np.ndarray:
    """Return ``values`` rounded to ``digits`` significant digits.

    >>> significant(np.array([0.1 + 0.2, -8510.579999999998, 0.0]), 12).tolist()
    [0.3, -8510.58, 0.0]
    """
    size = np.abs(values)
    usual = (size > 0) & np.isfinite(size)
    places = digits - 1 - np.floor(np.log10(size, where=usual, out=np.zeros_like(values)))
    # A power of ten is exact up to the 22nd; beyond it, numbers are as good as nothing or all.
    power = 10.0 ** np.clip(places, 0, 22)
    return np.where(usual, np.round(values * power) / power, values)
