"""``build``: one Parquet of accounts, dates, features and targets."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import features
from features import catalogue
from features.as_of import KEYS, Facts, compute, spine
from features.errors import DataError
from features.targets import TARGETS, Horizon, labels
from pipelines import own_features
from pipelines.ingest import Manifest, connect, ingest
from pipelines.own_features import groups
from pipelines.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

    from pipelines.settings import Settings

METADATA = b"expansion"
"""Key of the Parquet metadata that says what the columns are and which data they come from."""


ORDER = ["as_of", "account_id"]
"""How the rows of the feature table are ordered."""


@dataclass(frozen=True)
class BuildResult:
    """What ``build`` wrote: where, how many rows, dates and columns, from which data."""

    path: str
    rows: int
    as_ofs: int
    first_as_of: str
    last_as_of: str
    features: int
    positives: dict[str, int]
    mature: dict[str, int]
    fingerprint: str
    unchanged: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        return asdict(self)


def build(settings: Settings, progress: Progress | None = None) -> BuildResult:
    """Read the company's tables and write its feature table.

    The newest ``as_of`` is the first day that is not complete in the data: its rows carry
    features only and are the ones to score. Built already from the same data with the same
    declarations, the file is left as it is.
    """
    report = progress or silent
    groups(settings)  # what is wrong with the declarations is told before hours of reading
    report("reading tables", 0.0)
    manifest = ingest(settings)
    meta = _metadata(settings, manifest)
    if (table := _written(settings.feature_table, meta)) is None:
        report("computing features", 0.3)
        dates = _dates(settings, manifest)
        known = _compute(settings, dates)
        report("computing targets", 0.8)
        table = _described(_beside(known, _labels(settings, manifest, dates)), meta)
        report("writing", 0.9)
        _write(table, settings.feature_table)
        return _result(settings, table, meta, unchanged=False)
    return _result(settings, table, meta, unchanged=True)


def as_of_dates(settings: Settings, first_start: date, data_through: date) -> list[date]:
    """Return the dates of the spine, oldest first.

    They lie ``every_days`` apart and end on ``data_through``; the first has at least that many
    days of subscriptions before it.
    """
    step = timedelta(days=settings.build.every_days)
    first = max(first_start, data_through - timedelta(days=settings.build.history_days))
    count = (data_through - first) // step
    return [
        data_through - step * back
        for back in range(count, -1, -1)
        if first_start < data_through - step * back
    ]


def _dates(settings: Settings, manifest: Manifest) -> list[date]:
    """Return the dates of the spine; ``DataError`` when no subscription starts before the last."""
    through = date.fromisoformat(manifest.data_through)
    starts = _evaluated(settings, lambda tables: tables["subscriptions"].select("starts_on"))
    first_start = pc.min(starts["starts_on"]).as_py()
    dates = as_of_dates(settings, first_start, through) if first_start else []
    if not dates:
        raise DataError(
            f"subscriptions: no line starts before {through}, the day the data ends; "
            "check data_through and the mapping of starts_on"
        )
    return dates


def _compute(settings: Settings, dates: Sequence[date]) -> pa.Table:
    """Return the features of every account running at each of ``dates``, in order."""
    return _evaluated(
        settings,
        lambda tables: compute(groups(settings), _facts(tables, dates)).order_by(ORDER),
    )


def horizon_of(settings: Settings, data_through: date) -> Horizon:
    """Return the time that labels look at, and how, by the company's settings."""
    build = settings.build
    return Horizon(build.horizon_days, build.grace_days, data_through, build.price_changes)


def _labels(settings: Settings, manifest: Manifest, dates: Sequence[date]) -> pa.Table:
    """Return the targets of every account running at each of ``dates``, in order."""
    through = date.fromisoformat(manifest.data_through)
    horizon = horizon_of(settings, through)
    return _evaluated(
        settings, lambda tables: labels(_facts(tables, dates), horizon).order_by(ORDER)
    )


def _facts(tables: Mapping[str, ir.Table], dates: Sequence[date]) -> Facts:
    return Facts(tables, spine(tables, dates).cache(), dates)


def _evaluated(
    settings: Settings, expression: Callable[[Mapping[str, ir.Table]], ir.Table]
) -> pa.Table:
    """Return the result of an expression over the written tables."""
    connection, tables = connect(settings)
    result = expression(tables).to_pyarrow()
    connection.disconnect()
    return result


def _beside(known: pa.Table, outcomes: pa.Table) -> pa.Table:
    """Return features and targets in one table; both hold the same accounts in the same order."""
    for key in KEYS:
        if known[key] != outcomes[key]:
            raise AssertionError(f"features and targets differ in {key}")  # pragma: no cover
    for name in outcomes.column_names:
        if name not in KEYS:
            known = known.append_column(name, outcomes[name])
    return known


def _metadata(settings: Settings, manifest: Manifest) -> dict[str, Any]:
    days = settings.build.horizon_days
    return {
        "company": settings.company.name,
        "currency": settings.company.currency,
        "fingerprint": manifest.fingerprint,
        "data_through": manifest.data_through,
        "horizon_days": days,
        "grace_days": settings.build.grace_days,
        "every_days": settings.build.every_days,
        "history_days": settings.build.history_days,
        "price_changes": settings.build.price_changes,
        "definitions": _definitions(settings),
        "features": [column.as_dict() for column in catalogue.columns_of(groups(settings))],
        "targets": [target.as_dict(days, settings.build.grace_days) for target in TARGETS.values()],
    }


def _definitions(settings: Settings) -> str:
    """Return a digest of the code that defines features and targets, the company's included."""
    digest = sha256(own_features.digest(settings).encode())
    for path in sorted(Path(features.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _written(path: Path, meta: Mapping[str, Any]) -> pa.Table | None:
    """Return the feature table that was already built under the same ``meta``, if there is one."""
    if not path.exists():
        return None
    stored = (pq.read_schema(path).metadata or {}).get(METADATA, b"{}")
    return pq.read_table(path) if json.loads(stored) == json.loads(json.dumps(meta)) else None


def _described(table: pa.Table, meta: Mapping[str, Any]) -> pa.Table:
    return table.replace_schema_metadata({METADATA: json.dumps(meta, sort_keys=True).encode()})


def _write(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    pq.write_table(table, aside, compression="zstd")
    aside.replace(path)


def _result(
    settings: Settings, table: pa.Table, meta: Mapping[str, Any], *, unchanged: bool
) -> BuildResult:
    as_ofs = sorted({value.as_py() for value in table["as_of"].unique()})
    columns = {t.name: table[t.column(meta["horizon_days"])] for t in TARGETS.values()}
    return BuildResult(
        path=str(settings.feature_table),
        rows=table.num_rows,
        as_ofs=len(as_ofs),
        first_as_of=str(as_ofs[0]),
        last_as_of=str(as_ofs[-1]),
        features=len(meta["features"]),
        positives={name: _sum(column) for name, column in columns.items()},
        mature={name: len(column) - column.null_count for name, column in columns.items()},
        fingerprint=meta["fingerprint"],
        unchanged=unchanged,
    )


def _sum(column: pa.ChunkedArray) -> int:
    return int(column.cast(pa.int64()).drop_null().to_pandas().sum()) if len(column) else 0
