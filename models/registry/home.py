"""MLflow's home: its client, and a database that is made whole or not at all."""

from __future__ import annotations

import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from models.common.sqlite_address import sqlite_path, sqlite_url

if TYPE_CHECKING:
    from mlflow import MlflowClient


@contextmanager
def client_of(uri: str, artifacts: Path) -> Iterator[MlflowClient]:
    """Point MLflow at this home, and keep it from talking about its own set-up."""
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    # What it prints of a run's page would stand between the lines of --json.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    import mlflow

    artifacts.parent.mkdir(parents=True, exist_ok=True)
    make_database(uri)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    yield mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep MLflow's remarks off the terminal: the signature is given, an example is not needed."""
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.filterwarnings("ignore", category=UserWarning, module="mlflow")
        yield


def make_database(uri: str) -> None:
    """Make MLflow's database aside: its dozens of migrations, once killed, cannot be taken up."""
    path = sqlite_path(uri)
    if path is None or path.exists():
        return
    import mlflow

    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        aside = Path(folder) / path.name
        mlflow.MlflowClient(sqlite_url(aside)).search_experiments(max_results=1)
        with suppress(FileExistsError):  # another process was faster, and its database is in use
            os.link(aside, path)
