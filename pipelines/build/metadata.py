"""What a feature table says of itself: from which data, by which definitions, which columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

import features
from features import catalogue
from pipelines.common.source_digest import source_digest
from pipelines.config import company_features
from pipelines.config.company_features import groups, targets
from pipelines.ingest import attribute_history, ledger

if TYPE_CHECKING:
    from pipelines.config.settings import Settings
    from pipelines.ingest.tables import Manifest

FEATURES = Path(features.__file__).parent
METADATA = b"expansion"
"""Key of the Parquet metadata that holds the description."""


def describe(settings: Settings, manifest: Manifest, dates: Sequence[date]) -> dict[str, Any]:
    """Return what the feature table of ``dates`` says of itself, as JSON-able values.

    ``known`` says of each date what had become known before it, as a digest. ``features`` are the
    inputs of models, ``descriptive`` the other columns, which are drawn from ``todays`` values;
    ``unproven`` inputs read attributes that are kept by name alone.
    """
    days, grace = settings.build.horizon_days, settings.build.grace_days
    digests = ledger.digests(settings.tables_folder / ledger.FILE, list(manifest.tables), dates)
    columns = [column.as_dict() for column in catalogue.columns_of(groups(settings))]
    descriptive = attribute_history.left_out(settings, manifest.attributes)
    described = {
        "company": settings.company.name,
        "currency": settings.company.currency,
        "fingerprint": manifest.fingerprint,
        "data_through": manifest.data_through,
        **settings.build.model_dump(),
        "engine": settings.engine.kind,
        "definitions": _definitions(settings),
        "known": {str(day): digest for day, digest in digests.items()},
        "features": [column for column in columns if column["name"] not in descriptive],
        "descriptive": [column for column in columns if column["name"] in descriptive],
        "todays": attribute_history.todays(manifest.attributes),
        "unproven": sorted(attribute_history.unproven(settings, manifest.attributes)),
        "targets": [target.as_dict(days, grace) for target in targets(settings).values()],
    }
    plain: dict[str, Any] = json.loads(json.dumps(described))
    return plain


def attached(table: pa.Table, description: dict[str, Any]) -> pa.Table:
    """Return ``table`` with its description."""
    text = json.dumps(description, sort_keys=True)
    return table.replace_schema_metadata({METADATA: text.encode()})


def stored(path: Path) -> dict[str, Any] | None:
    """Return the description of the feature table at ``path``; None without one, or a whole one."""
    try:
        text = (pq.read_schema(path).metadata or {}).get(METADATA)
        description: dict[str, Any] | None = json.loads(text) if text else None
    except (OSError, ValueError):
        return None
    return description


def _definitions(settings: Settings) -> str:
    """Return a digest of the code that defines features and targets, the company's included."""
    digests = company_features.digest(settings), source_digest(FEATURES)
    return sha256("".join(digests).encode()).hexdigest()
