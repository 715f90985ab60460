"""Build: one Parquet of accounts, dates, features and targets, and what it was built from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features import catalogue
from features.errors import DataError
from models.common.files import atomic_file
from pipelines.build import incremental
from pipelines.build.compute import (
    beside,
    contracted_at,
    feature_schema,
    features_at,
    first_start,
    horizon_of,
    in_order,
    labels_at,
)
from pipelines.build.metadata import attached, describe, stored
from pipelines.build.spine_dates import as_of_dates
from pipelines.common.progress import Progress, silent
from pipelines.config.company_features import groups, own_columns, targets, trained_targets
from pipelines.ingest import attribute_history
from pipelines.ingest.company_columns.judge import column_faults
from pipelines.ingest.summary.checked_tables import written_tables
from pipelines.ingest.tables import Manifest, ingest

if TYPE_CHECKING:
    from features.declaration.group import FeatureGroup
    from pipelines.config.settings import Settings


@dataclass(frozen=True)
class BuildResult:
    """What ``build`` wrote: where, how many rows, dates and columns, from which data.

    Of the ``as_ofs`` dates, features were ``computed`` at some and ``taken_over`` from an earlier
    build at the others; ``because`` says why. ``missing`` are tables that the company lacks, each
    with the features that are empty throughout without it; ``left_out`` are features that are no
    model inputs, each with the attribute that it reads and that is known as of today only.
    """

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
    computed: int
    taken_over: int
    because: str
    missing: dict[str, list[str]]
    left_out: dict[str, str]


def build(
    settings: Settings, progress: Progress | None = None, *, full: bool = False
) -> BuildResult:
    """Read the company's tables and write its feature table.

    The newest ``as_of`` is the first day that is not complete in the data: its rows carry
    features only and are the ones to score. Built already from the same data with the same
    declarations, the file is left as it is. Dates of which nothing is known that was not known
    when they were computed are taken over, which gives the same bytes; ``full`` computes all.
    """
    report = progress or silent
    trained_targets(settings)  # what is wrong in a declaration is told before hours of reading
    report("reading tables", 0.0)
    manifest = ingest(settings)
    dates = _dates(settings, manifest)
    description = describe(settings, manifest, dates)
    path = settings.feature_table
    if not full and (table := incremental.unchanged(path, description)) is not None:
        return _result(settings, manifest, table, dates, None)
    through = date.fromisoformat(manifest.data_through)
    _refuse_own_columns(settings, manifest, through)
    before = None if full else incremental.held(path, description, feature_schema(settings).names)
    because = incremental.why_computed(stored(path), description, full=full)
    report("computing features", 0.3)
    features, new = _features(settings, dates, before, report)
    _refuse_nobody_to_score(features, through)
    report("computing targets", 0.8)
    outcomes = labels_at(settings, dates, horizon_of(settings, through))
    table = beside(beside(features, contracted_at(settings, dates)), outcomes)
    table = attached(table, description)
    report("writing", 0.9)
    with atomic_file(path) as other:
        pq.write_table(table, other, compression="zstd")
    return _result(settings, manifest, table, dates, new, because)


def _dates(settings: Settings, manifest: Manifest) -> list[date]:
    """Return the dates of the spine; ``DataError`` when no subscription starts before the last."""
    through = date.fromisoformat(manifest.data_through)
    started = first_start(settings)
    dates = as_of_dates(settings, started, through) if started else []
    if not dates:
        raise DataError(
            f"subscriptions: no line starts before {through}, the day the data ends; "
            "check data_through and the mapping of starts_on"
        )
    return dates


def _refuse_own_columns(settings: Settings, manifest: Manifest, through: date) -> None:
    """Raise ``DataError`` with each column of the company's own that no model should learn from."""
    if not own_columns(settings):
        return
    with written_tables(settings, through) as tables:
        faults = column_faults(
            settings, tables.connection, list(manifest.tables), through, manifest.attributes
        )
    if faults:
        raise DataError([str(fault) for fault in faults])


def _refuse_nobody_to_score(features: pa.Table, through: date) -> None:
    """Raise ``DataError`` when no account has a row on the day to score.

    The newest date that has rows would otherwise be scored as if it were today.
    """
    rows = pc.value_counts(features["as_of"]).to_pylist()
    accounts = {entry["values"]: entry["counts"] for entry in rows}
    if through in accounts:
        return
    before = max(accounts, default=None)
    last = f"; {accounts[before]:,} had one on {before}" if before else ", nor on any day before"
    raise DataError(
        f"subscriptions: no account has a running subscription on {through}, the day to score, by "
        f"what was known before it{last}; check ended_on (null where a line still runs), known_at "
        "and [company] data_through"
    )


def _features(
    settings: Settings, dates: Sequence[date], before: pa.Table | None, report: Progress
) -> tuple[pa.Table, list[date]]:
    """Return the features of ``dates`` in order, and the dates that ``before`` did not hold."""
    held = set() if before is None else set(before["as_of"].unique().to_pylist())
    new = [day for day in dates if day not in held]
    parts = [] if before is None else [before]
    if new:
        # From a third to four fifths of the whole way.
        parts.append(features_at(settings, new, lambda text, share: report(text, 0.3 + share / 2)))
    return in_order(pa.concat_tables(parts)), new


def _result(
    settings: Settings,
    manifest: Manifest,
    table: pa.Table,
    dates: Sequence[date],
    new: Sequence[date] | None,
    because: str = "",
) -> BuildResult:
    """Say what was built; ``new`` of the ``dates`` were computed, None when nothing had to be."""
    as_ofs = sorted(table["as_of"].unique().to_pylist())
    days = settings.build.horizon_days
    left_out = attribute_history.left_out(settings, manifest.attributes)
    columns = {target.name: table[target.column(days)] for target in targets(settings).values()}
    return BuildResult(
        path=str(settings.feature_table),
        rows=table.num_rows,
        as_ofs=len(as_ofs),
        first_as_of=str(as_ofs[0]),
        last_as_of=str(as_ofs[-1]),
        features=len(catalogue.columns_of(groups(settings))) - len(left_out),
        positives={name: pc.sum(column).as_py() or 0 for name, column in columns.items()},
        mature={name: len(column) - column.null_count for name, column in columns.items()},
        fingerprint=manifest.fingerprint,
        unchanged=new is None,
        computed=len(new or ()),
        taken_over=len(dates) - len(new or ()),
        because=because if new else "",
        missing=tables_missing(groups(settings), manifest.tables),
        left_out=left_out,
    )


def tables_missing(used: Sequence[FeatureGroup], present: Collection[str]) -> dict[str, list[str]]:
    """Return the tables that a company lacks, each with the columns that are empty without it."""
    missing: dict[str, list[str]] = {}
    for column in catalogue.columns_of(used):
        for source in column.sources:
            if source not in present:
                missing.setdefault(source, []).append(column.name)
    return missing
