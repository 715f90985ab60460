"""The door to Spark: a session on this machine or a cluster, and the tables as it reads them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import EnvironmentFailure
from pipelines.ingest.sources.errors import first_line

if TYPE_CHECKING:
    import ibis.expr.types as ir

OPTIONS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.ui.showConsoleProgress": "false",
    # One task holds the sorts and hash tables of some thirty joins at once; each takes a page.
    "spark.buffer.pageSize": "2m",
}
"""Options of every session; days are counted in UTC everywhere."""


def missing() -> str:
    """Return why Spark cannot run here, or an empty text."""
    if find_spec("pyspark") is None:
        return "Spark needs pyspark: run `make spark`"
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        return "Spark needs Java 17 or 21: install openjdk-17-jre-headless"
    return ""


def connect(master: str, options: Mapping[str, str]) -> Any:
    """Return an Ibis connection to Spark at ``master``, or to the session there is already.

    Raises ``EnvironmentFailure`` without pyspark or Java, or where Spark does not start.
    """
    if reason := missing():
        raise EnvironmentFailure(reason)
    import ibis
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("expansion")
    for key, value in {**OPTIONS, **options}.items():
        builder = builder.config(key, value)
    try:
        return ibis.pyspark.connect(builder.getOrCreate())
    except Exception as error:  # whatever Java throws
        raise EnvironmentFailure(f"[engine] master = {master!r}: {first_line(error)}") from None


def read(connection: Any, folder: Path, names: Iterable[str]) -> dict[str, ir.Table]:
    """Return Parquet files as tables; Spark's workers must see the folder under the same path."""
    return {
        name: connection.read_parquet(folder / f"{name}.parquet", table_name=name) for name in names
    }
