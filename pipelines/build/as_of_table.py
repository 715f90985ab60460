"""The feature table as it stood on a former day: what a week that was missed is scored on."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import DataError
from models.dataset import feature_table
from models.dataset.feature_table import FeatureTable
from pipelines.build.compute import beside, contracted_at, features_at, in_order

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


def table_on(settings: Settings, day: date) -> FeatureTable:
    """Return the dates built before ``day``, and ``day`` itself from what was known then.

    A day that was built is taken as it is; any other is computed from the written tables, as every
    date of the past is when it is built.

    Raises
    ------
    DataError
        When there is no feature table, or ``day`` lies after its newest date or before its first.
    """
    path = settings.feature_table
    if not path.exists():
        raise DataError(f"{path}: there is no feature table yet; run `expansion build` first")
    built = pq.read_table(path)
    dates = sorted(built["as_of"].unique().to_pylist())
    if not dates[0] <= day <= dates[-1]:
        raise DataError(
            f"{path}: has no rows for {day}; choose a date from {dates[0]} to {dates[-1]}"
        )
    before = built.filter(pc.less_equal(built["as_of"], pa.scalar(day)))
    if day in dates:
        return feature_table.parsed(before, path)
    rows = beside(features_at(settings, [day]), contracted_at(settings, [day]))
    both = in_order(pa.concat_tables([before, rows], promote_options="default"))
    return feature_table.parsed(both.replace_schema_metadata(built.schema.metadata), path)
