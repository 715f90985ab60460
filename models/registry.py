"""The only door to MLflow: runs, versions and aliases.

Each target is a registered model. Aliases: ``challenger`` is the newest version trained,
``champion`` the one in use, ``previous`` the champion before it. Artifacts are LightGBM's text and
JSON; the logged model is code that reads them.
"""

from __future__ import annotations

import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.release import ModelFiles

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

EXPERIMENT = "expansion"
REQUIREMENTS = ["lightgbm", "numpy", "pandas"]
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"


@dataclass(frozen=True)
class Run:
    """What a training run leaves in MLflow beside its model."""

    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    card: str
    pictures: Mapping[str, bytes]


class Registry:
    """Models and their versions in the MLflow home at ``home``.

    Parameters
    ----------
    uri
        MLflow's tracking and registry URI, such as ``sqlite:///mlruns/mlflow.db``.
    artifacts
        The folder of artifacts.
    """

    def __init__(self, uri: str, artifacts: Path) -> None:
        self.uri = uri
        self.artifacts = artifacts

    def log(self, target: str, files: ModelFiles, run: Run) -> str:
        """Log a run with its model, register it, and return the new version."""
        import mlflow

        with self._client() as client, _quiet(), tempfile.TemporaryDirectory() as folder:
            paths = _written(Path(folder), files.files())
            experiment = self._experiment(client)
            with mlflow.start_run(experiment_id=experiment, run_name=target) as active:
                mlflow.log_params(dict(run.params))
                mlflow.log_metrics(dict(run.metrics))
                mlflow.set_tags(dict(run.tags))
                mlflow.log_text(run.card, "card.md")
                for name, picture in run.pictures.items():
                    path = Path(folder) / name
                    path.write_bytes(picture)
                    mlflow.log_artifact(str(path))
                info = mlflow.pyfunc.log_model(
                    name="model",
                    python_model=str(Path(__file__).with_name("pyfunc.py")),
                    artifacts=paths | _arithmetic(),
                    signature=_signature(files),
                    pip_requirements=REQUIREMENTS,
                    registered_model_name=target,
                )
                run_id = active.info.run_id
            version = str(info.registered_model_version)
            client.set_model_version_tag(target, version, "run_id", run_id)
            for key, value in run.tags.items():
                client.set_model_version_tag(target, version, key, value)
            client.set_registered_model_alias(target, CHALLENGER, version)
            return version

    def load(self, target: str, version: str) -> ModelFiles:
        """Return the files of a version."""
        import mlflow

        with self._client():
            folder = mlflow.artifacts.download_artifacts(f"models:/{target}/{version}")
            return ModelFiles.read(_artifact_folder(Path(folder)))

    def version(self, target: str, name: str) -> str | None:
        """Return the version that an alias or a version number names, if there is one."""
        with self._client() as client:
            known = {str(one.version): one for one in _versions(client, target)}
            if name in known:
                return name
            return next((v for v, one in known.items() if name in one.aliases), None)

    def versions(self) -> list[dict[str, Any]]:
        """Return every version with its aliases, tags and metrics, newest first."""
        with self._client() as client:
            names = [model.name for model in client.search_registered_models()]
            return [_described(client, one) for name in names for one in _versions(client, name)]

    def crown(self, target: str, version: str) -> str | None:
        """Make a version the champion; return the one before it, which becomes ``previous``."""
        with self._client() as client:
            versions = _versions(client, target)
            aliases = {alias: str(one.version) for one in versions for alias in one.aliases}
            before = aliases.get(CHAMPION)
            if before == version:
                return before
            if before is not None:
                client.set_registered_model_alias(target, PREVIOUS, before)
            client.set_registered_model_alias(target, CHAMPION, version)
            return before

    def _experiment(self, client: MlflowClient) -> str:
        found = client.get_experiment_by_name(EXPERIMENT)
        if found is not None:
            return str(found.experiment_id)
        self.artifacts.mkdir(parents=True, exist_ok=True)
        return str(client.create_experiment(EXPERIMENT, self.artifacts.resolve().as_uri()))

    @contextmanager
    def _client(self) -> Iterator[MlflowClient]:
        """Point MLflow at this home, and keep it from talking about its own set-up."""
        os.environ.setdefault("DO_NOT_TRACK", "true")
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        import mlflow

        self.artifacts.parent.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)
        yield mlflow.MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's remarks off the terminal: the signature is given, an example is not needed."""
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.filterwarnings("ignore", category=UserWarning, module="mlflow")
        yield


def _written(folder: Path, files: Mapping[str, str]) -> dict[str, str]:
    """Write files and return their paths by name without ending, as MLflow names artifacts."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name.split(".")[0]: str(folder / name) for name in files}


def _arithmetic() -> dict[str, str]:
    """Return the code that a version is scored by, which it keeps a copy of."""
    names = ("encoding", "calibrators")
    return {name: str(Path(__file__).with_name(f"{name}.py")) for name in names}


def _artifact_folder(folder: Path) -> Path:
    return next(path.parent for path in sorted(folder.rglob("calibration.json")))


def _signature(files: ModelFiles) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    # Said outright: MLflow would call an input required when its sample holds no missing value.
    inputs = [
        ColSpec("double" if one.categories is None else "string", one.name, required=False)
        for one in files.features
    ]
    return ModelSignature(Schema([*inputs]), Schema([ColSpec("double")]))


def _versions(client: MlflowClient, target: str) -> list[ModelVersion]:
    found = client.search_model_versions(f"name='{target}'")
    # A search leaves the aliases out; asking for the version brings them.
    whole = [client.get_model_version(target, one.version) for one in found]
    return sorted(whole, key=lambda one: -int(one.version))


def _described(client: MlflowClient, one: ModelVersion) -> dict[str, Any]:
    metrics = client.get_run(one.run_id).data.metrics if one.run_id else {}
    return {
        "target": one.name,
        "version": str(one.version),
        "aliases": sorted(one.aliases),
        "verdict": one.tags.get("verdict", ""),
        "auc": [metrics.get(name) for name in ("auc", "auc_low", "auc_high")],
        "fingerprint": one.tags.get("data_fingerprint", ""),
        "run_id": one.run_id,
    }
