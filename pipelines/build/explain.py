"""``build --explain``: the audit of one account's row on one day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from features.errors import DataError
from features.provenance.row import Explanation
from features.provenance.row import explain as explained
from pipelines.build.compute import horizon_of
from pipelines.common.progress import Progress, silent
from pipelines.config.company_features import groups, targets
from pipelines.ingest.tables import connect, ingest

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


def explain(
    settings: Settings,
    account_id: str,
    as_of: date | None = None,
    features: Sequence[str] = (),
    progress: Progress | None = None,
) -> Explanation:
    """Return what made the row of ``account_id`` at ``as_of``; without a day, at the newest.

    Reads the company's tables as ``build`` does; writes no feature table.

    Raises
    ------
    DataError
        When the account is unknown or has no row on that day, or the data ends before it.
    UsageError
        When one of ``features`` does not exist.
    """
    report = progress or silent
    report("reading tables", 0.0)
    through = date.fromisoformat(ingest(settings).data_through)
    if as_of is not None and as_of > through:
        raise DataError(
            f"the data is complete before {through}, too little is known of {as_of}; choose a date "
            f"up to {through}"
        )
    report("testing row by row", 0.3)
    connection, tables = connect(settings)
    try:
        horizon = horizon_of(settings, through)
        return explained(
            groups(settings),
            tables,
            horizon,
            account_id,
            as_of or through,
            features,
            targets(settings),
        )
    finally:
        connection.disconnect()
