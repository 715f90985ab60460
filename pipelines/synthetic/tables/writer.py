"""Writes tables part by part, with the columns and types that the contract declares."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.contract import TABLES, Table

TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
ROWS_A_GROUP = 250_000
CODED = ("usage_daily",)
"""Tables whose strings are kept as codes until they are written; files hold plain strings."""


def schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of a table of the contract."""
    words = pa.dictionary(pa.int32(), pa.string()) if table.name in CODED else pa.string()
    kinds = TYPES | {"string": words}
    return pa.schema([(c.name, kinds[c.type], c.nullable) for c in table.columns])


TRUTH = pa.schema(
    [("account_id", pa.string()), ("as_of", pa.date32())]
    + [
        (f"p_{name}_next_91d", pa.float64())
        for name in ("upsell", "cross_sell", "downsell", "churn")
    ]
)
SCHEMAS = {name: schema(table) for name, table in TABLES.items()} | {"truth": TRUTH}


def table(name: str, columns: dict[str, Any]) -> pa.Table:
    """Return columns as the table ``name``; a missing or foreign column is an error."""
    shape = SCHEMAS[name]
    if set(columns) != set(shape.names):
        raise KeyError(f"{name}: columns {sorted(columns)} are not {sorted(shape.names)}")
    arrays = [_array(columns[field.name], field.type) for field in shape]
    return pa.Table.from_arrays(arrays, schema=shape)


def known_before(rows: pa.Table, name: str, day: date) -> pa.Table:
    """Return the rows of a table of the contract as a warehouse holds them before ``day``.

    What becomes known later is not there yet: rows, and values that have a known date of their own.
    """
    for column in TABLES[name].columns:
        if column.known_by:
            is_known = pc.less(rows[column.known_by], pa.scalar(day))
            values = pc.if_else(is_known, rows[column.name], None)
            place = rows.column_names.index(column.name)
            rows = rows.set_column(place, rows.schema.field(place), values)
    return rows.filter(pc.less(rows["known_at"], pa.scalar(datetime.combine(day, time()))))


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array if array.type == kind else array.cast(kind)


class Writer:
    """One Parquet file a table, written in parts; small parts are gathered into row groups."""

    def __init__(self, folder: Path) -> None:
        self.rows: dict[str, int] = {}
        self._files = {
            name: pq.ParquetWriter(
                folder / f"{name}.parquet", shape, compression="zstd", store_schema=False
            )
            for name, shape in SCHEMAS.items()
        }
        self._waiting: dict[str, list[pa.Table]] = {name: [] for name in SCHEMAS}

    def add(self, name: str, rows: pa.Table) -> None:
        """Append ``rows`` to the table ``name``."""
        self.rows[name] = self.rows.get(name, 0) + rows.num_rows
        waiting = self._waiting[name]
        waiting.append(rows)
        if sum(p.num_rows for p in waiting) >= ROWS_A_GROUP:
            self._flush(name)

    def _flush(self, name: str) -> None:
        table = pa.concat_tables(self._waiting[name])
        if name in CODED:
            table = table.unify_dictionaries()
        self._files[name].write_table(table, row_group_size=1 << 20)
        self._waiting[name] = []

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is waiting and close the files."""
        for name, file in self._files.items():
            if kind is None and self._waiting[name]:
                self._flush(name)
            file.close()
