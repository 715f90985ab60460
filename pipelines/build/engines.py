"""The engine that features and targets are computed by: DuckDB, Spark or PostgreSQL.

Whichever it is, ``ingest`` has read and checked the company's tables and written them as Parquet.
DuckDB and Spark read these files where they lie; PostgreSQL gets a copy for each state of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from features.declaration.compute import compute
from features.point_in_time.facts import Facts
from features.point_in_time.lines import GRACE_DAYS
from pipelines.build import postgres, spark
from pipelines.build.account_ranges import features_by_range
from pipelines.common.progress import Progress, silent
from pipelines.ingest import tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.declaration.group import FeatureGroup
    from pipelines.config.settings import Settings

Opened = tuple[Any, dict[str, "ir.Table"]]
"""An Ibis connection, and the company's tables in it."""


def connect(settings: Settings) -> Opened:
    """Open the written tables in the company's engine; absent optional ones are left out.

    Raises
    ------
    DataError
        When no tables have been written yet.
    EnvironmentFailure
        When the engine, or what it needs, is not there.
    """
    openers: Mapping[str, Callable[[Settings], Opened]] = {
        "duckdb": tables.connect,
        "spark": _spark,
        "postgres": _postgres,
    }
    return openers[settings.engine.kind](settings)


def _spark(settings: Settings) -> Opened:
    names, engine = tables.read_manifest(settings).tables, settings.engine
    connection = spark.connect(engine.master, engine.options)
    return connection, spark.read(connection, settings.tables_folder, names)


def _postgres(settings: Settings) -> Opened:
    manifest, engine = tables.read_manifest(settings), settings.engine
    connection = postgres.connect(engine.url, engine.options)
    state, folder = manifest.fingerprint, settings.tables_folder
    try:
        postgres.copy(connection, engine.into, folder, manifest.tables, state)
    except Exception:
        connection.disconnect()
        raise
    return connection, postgres.read(connection, engine.into, manifest.tables)


def features(
    connection: Any,
    tables: Mapping[str, ir.Table],
    groups: Sequence[FeatureGroup],
    as_ofs: Sequence[date],
    *,
    grace_days: int = GRACE_DAYS,
    progress: Progress = silent,
) -> pa.Table:
    """Return the features of every account that pays on each of ``as_ofs``, in no order.

    DuckDB takes a range of accounts at a time; the others spread or spill one query by themselves.
    """
    if connection.name == "duckdb":
        return features_by_range(
            connection, tables, groups, as_ofs, grace_days=grace_days, progress=progress
        )
    return compute(groups, Facts.computed(tables, as_ofs, grace_days)).to_pyarrow()
