"""What was scored: the inputs of each scoring, kept so that a later one can be compared with it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from models.common.files import atomic_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.config.settings import Settings

KEPT = 8
"""So many scorings stay, two months of weeks; what is older is removed with the next."""
METADATA = b"expansion"


@dataclass(frozen=True)
class Snapshot:
    """One scoring's inputs at ``path``; dates and times in ISO form."""

    scoring_id: str
    as_of: str
    created_at: str
    release_id: str
    path: Path

    def rows(self) -> pd.DataFrame:
        """Return the inputs by account, shape (accounts, inputs)."""
        frame: pd.DataFrame = pq.read_table(self.path).to_pandas()
        return frame.set_index("account_id")


def keep(
    settings: Settings, rows: pd.DataFrame, inputs: Sequence[str], described: Snapshot
) -> None:
    """Write the inputs of a scoring, and remove those beyond the newest ``KEPT``."""
    table = pa.Table.from_pandas(rows[["account_id", *inputs]], preserve_index=False)
    told = {name: one for name, one in asdict(described).items() if name != "path"}
    table = table.replace_schema_metadata({METADATA: json.dumps(told, sort_keys=True)})
    with atomic_file(described.path) as other:
        pq.write_table(table, other, compression="zstd")
    for old in snapshots(settings)[:-KEPT]:
        old.path.unlink(missing_ok=True)


def path_of(settings: Settings, scoring_id: str) -> Path:
    """Return where the inputs of a scoring lie."""
    return settings.work / "scored" / f"{scoring_id}.parquet"


def snapshots(settings: Settings) -> list[Snapshot]:
    """Return what is kept, oldest first."""
    found = [_read(path) for path in (settings.work / "scored").glob("*.parquet")]
    return sorted(found, key=lambda one: (one.as_of, one.created_at, one.scoring_id))


def _read(path: Path) -> Snapshot:
    told = json.loads(pq.read_schema(path).metadata[METADATA])
    return Snapshot(**told, path=path)
