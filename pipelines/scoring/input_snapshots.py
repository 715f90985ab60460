"""Snapshots of what was scored: each scoring's inputs, for a later one to be compared with."""

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

    from models.inference.contracted import ContractedColumns

MOST_SNAPSHOTS = 8
"""So many scorings stay, two months of weeks; what is older is removed with the next."""
METADATA = b"expansion"
DECIDED, ON = "is_decided_next_horizon", "contracted_on_next_horizon"
"""Columns beside the inputs: whether the outcome was decided then, and the day of the last change
that was contracted. No input has such a name."""


@dataclass(frozen=True)
class Snapshot:
    """One scoring's inputs at ``path``; dates and times in ISO form."""

    scoring_id: str
    as_of: str
    created_at: str
    release_id: str
    path: Path

    def rows(self) -> pd.DataFrame:
        """Return the inputs by account with ``DECIDED`` and ``ON``, shape (accounts, inputs + 2).

        In a snapshot of before decided outcomes were told apart, none is.
        """
        frame: pd.DataFrame = pq.read_table(self.path).to_pandas()
        if DECIDED not in frame:
            frame = frame.assign(**{DECIDED: False, ON: None})
        return frame.set_index("account_id")


def write(
    snapshot: Snapshot, rows: pd.DataFrame, inputs: Sequence[str], contracted: ContractedColumns
) -> None:
    """Write a scoring's ``inputs``, columns of ``rows``, and remove all but the newest snapshots.

    Of the files in the snapshot's folder, the newest ``MOST_SNAPSHOTS`` stay.
    """
    columns = rows[["account_id", *inputs]]
    columns = columns.assign(**{DECIDED: contracted.is_decided, ON: contracted.effective_on})
    table = pa.Table.from_pandas(columns, preserve_index=False)
    on = pa.array(list(contracted.effective_on), pa.date32())
    table = table.set_column(table.column_names.index(ON), ON, on)
    metadata = {name: value for name, value in asdict(snapshot).items() if name != "path"}
    table = table.replace_schema_metadata({METADATA: json.dumps(metadata, sort_keys=True)})
    with atomic_file(snapshot.path) as aside:
        pq.write_table(table, aside, compression="zstd")
    for outdated in snapshots(snapshot.path.parent)[:-MOST_SNAPSHOTS]:
        outdated.path.unlink(missing_ok=True)


def path_of(folder: Path, scoring_id: str) -> Path:
    """Return where the inputs of a scoring lie in the folder of snapshots."""
    return folder / f"{scoring_id}.parquet"


def snapshots(folder: Path) -> list[Snapshot]:
    """Return the snapshots in a folder, oldest first; none where there is no folder."""
    return sorted(
        (_read(path) for path in folder.glob("*.parquet")),
        key=lambda snapshot: (snapshot.as_of, snapshot.created_at, snapshot.scoring_id),
    )


def _read(path: Path) -> Snapshot:
    metadata = json.loads(pq.read_schema(path).metadata[METADATA])
    return Snapshot(**metadata, path=path)
