"""The engines that the definitions run on: DuckDB always, Spark and PostgreSQL where they are.

Spark needs pyspark (``make spark``) and Java; PostgreSQL needs the URL of a database in which
schemas may be made, in EXPANSION_TEST_POSTGRES. What is missing is skipped, and says why.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.build import postgres, spark

if TYPE_CHECKING:
    import ibis.expr.types as ir

NAMES = ("duckdb", "spark", "postgres")
OTHERS = ("spark", "postgres")
POSTGRES = "EXPANSION_TEST_POSTGRES"
NUMBERS = count()

SPARK = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.ui.enabled": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    # For small tables most of the time goes into planning and compiling, so there is little of it.
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


def missing(name: str) -> str:
    """Return why the engine cannot run here, or an empty text."""
    if name == "spark":
        return spark.missing()
    if name == "postgres" and not os.environ.get(POSTGRES):
        return f"set {POSTGRES} to the URL of a database to try PostgreSQL"
    return ""


def needed(name: str) -> None:
    """Skip the test where the engine is not here."""
    if reason := missing(name):
        pytest.skip(reason)


@contextmanager
def loaded(name: str, company: Mapping[str, pa.Table]) -> Iterator[dict[str, ir.Table]]:
    """Give the company's tables in an engine; skip the test where the engine is not here."""
    needed(name)
    with tempfile.TemporaryDirectory() as folder:
        for table, rows in company.items():
            pq.write_table(rows, Path(folder) / f"{table}.parquet")
        openers = {"duckdb": _duckdb, "spark": _spark, "postgres": _postgres}
        with openers[name](Path(folder), company) as tables:
            yield tables


@contextmanager
def _duckdb(folder: Path, names: Mapping[str, Any]) -> Iterator[dict[str, ir.Table]]:
    connection = ibis.duckdb.connect()
    yield {name: connection.read_parquet(folder / f"{name}.parquet") for name in names}
    connection.disconnect()


@contextmanager
def _spark(folder: Path, names: Mapping[str, Any]) -> Iterator[dict[str, ir.Table]]:
    with quiet():
        yield spark.read(session(), folder, names)


@contextmanager
def quiet() -> Iterator[None]:
    """Let Spark have its way with warnings.

    PySpark 4.0 uses what pandas 3 deprecates, and leaves its sockets to the garbage collector.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
        gc.collect()


@contextmanager
def _postgres(folder: Path, names: Mapping[str, Any]) -> Iterator[dict[str, ir.Table]]:
    connection = postgres.connect(os.environ[POSTGRES])
    schema = f"test_{os.getpid()}_{next(NUMBERS)}"
    postgres.copy(connection, schema, folder, names, "test")
    yield postgres.read(connection, schema, names)
    connection.con.execute(f"DROP SCHEMA {schema} CASCADE")
    connection.disconnect()


def session() -> Any:
    """Return the session there is; to start one takes some seconds."""
    os.environ.setdefault(
        "PYSPARK_PYTHON", sys.executable
    )  # what Spark runs functions of Python in
    connection = spark.connect("local[2]", SPARK)
    connection._session.sparkContext.setLogLevel("ERROR")
    return connection
