"""``train --table``: a model of any table with one row an account and date, and an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pandas as pd

from features.errors import DataError, UsageError
from models.dataset.external_table import Foreign, Roles, foreign
from models.registry import Registry
from models.release.card import Card
from pipelines.common.progress import Progress, silent
from pipelines.common.sql_quoting import parquet
from pipelines.config.company_features import practitioner_rule
from pipelines.config.error_messages import nearest
from pipelines.ingest.files.csv_files import load
from pipelines.ingest.files.faults import UnreadableFile
from pipelines.lifecycle.train import TrainResult, train_one

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

REFUSED = "/:.%'\"\\"
"""What a registered model cannot be called."""
READERS = (".csv", ".parquet")
WAY_OUT = (
    "leave out of the table what is written with or after the outcome, and train again; what was "
    "known before it, accept with --trust"
)


def column_roles(targets: Sequence[str], account: str, as_of: str, horizon_days: int) -> Roles:
    """Return what the columns of a table are; ``UsageError`` without just one target."""
    if len(targets) != 1:
        raise UsageError("--table needs one --target: the column that holds the outcome, 0 or 1")
    if wrong := sorted(set(targets[0]) & set(REFUSED)):
        raise UsageError(
            f"--target {targets[0]!r} names the model, and MLflow takes no {' '.join(wrong)} in a "
            "name; call the column something else. Other columns may be called anything"
        )
    return Roles(targets[0], account, as_of, horizon_days)


def train_table(
    settings: Settings,
    path: Path,
    roles: Roles,
    *,
    tune: int = 0,
    trusted: Sequence[str] = (),
    progress: Progress | None = None,
) -> TrainResult:
    """Train, calibrate, evaluate and register a model of the table at ``path``.

    It gets the same care as a model of ours and becomes a challenger under the target's name;
    nothing is published, since ``score`` scores our own feature table. ``trusted`` columns may
    look like leaks.

    Raises
    ------
    UsageError
        When a trusted column does not exist.
    DataError
        When the table cannot be read, or a column does not hold what its role says.
    """
    report = progress or silent
    report("reading the table", 0.0)
    read = foreign(_frame(path, roles), roles, sha256(path.read_bytes()).hexdigest(), str(path))
    report(f"training {roles.target}", 0.2)
    registry = Registry(settings.mlflow_uri, settings.mlflow_artifacts)
    rule = practitioner_rule(settings, roles.target)
    _refuse_unknown(trusted, read.table.inputs)
    limits = settings.train.model_copy(update={"trusted": tuple(trusted)})
    outcome = train_one(read.table, roles.target, limits, registry, tune, rule=rule)
    if outcome.version is None or outcome.card is None:
        raise DataError(f"{path}: {outcome.verdict}: {outcome.why}")
    return TrainResult([replace(outcome, notes=_notes(read, outcome.card))], None, unchanged=False)


def _refuse_unknown(trusted: Sequence[str], inputs: Sequence[str]) -> None:
    problems = [
        f"--trust: there is no column {name!r}{nearest(name, inputs)}"
        for name in trusted
        if name not in inputs
    ]
    if problems:
        raise UsageError(problems)


def _frame(path: Path, roles: Roles) -> pd.DataFrame:
    """Return a CSV or Parquet file; what CSV columns are is decided by all their values.

    Accounts are called as the file calls them: 10.1 and 10.10 are two.
    """
    if path.suffix not in READERS:
        raise UsageError(f"{path}: is neither {' nor '.join(READERS)}; save it as one of them")
    if not path.exists():
        raise UsageError(f"{path}: there is no such file; correct --table")
    connection = duckdb.connect()
    try:
        if path.suffix == ".csv":
            load(connection, path, "external", texts={roles.account_id})
            frame: pd.DataFrame = connection.table("external").df()
        else:
            frame = connection.sql(f"SELECT * FROM {parquet(path)}").df()
    except UnreadableFile as error:
        raise DataError(error.problems) from None
    except duckdb.Error as error:
        raise DataError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None
    finally:
        connection.close()
    return frame


def _notes(read: Foreign, card: Card) -> list[str]:
    """Say what was learned from, what was left out and why, and what looks like a leak."""
    inputs = len(read.table.features)
    return [
        f"{inputs} column{'' if inputs == 1 else 's'} learned from",
        *(f"{name} left out: it {why}" for name, why in read.left_out.items()),
        *(f"possible leak: {suspect}" for suspect in card.suspects),
        *([WAY_OUT] if card.suspects else []),
    ]
