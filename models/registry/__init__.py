"""The only door to MLflow: runs, versions and aliases.

Each target is a registered model. Aliases: ``challenger`` is the newest version trained,
``champion`` the one in use, ``previous`` the champion before it. Artifacts are LightGBM's text and
JSON; the logged model is code that reads them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import DataError
from models.registry import home, runs
from models.registry.runs import Run
from models.release.model_files import ModelFiles

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

EXPERIMENT = "expansion"
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
__all__ = ["CHALLENGER", "CHAMPION", "EXPERIMENT", "PREVIOUS", "Registry", "Run"]


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
        tags = {**run.tags, "calibration": str(files.calibration["method"])}
        with self._client() as client, home.quiet():
            experiment = self._experiment(client)
            runs.end_the_killed(client, experiment)
            version = runs.logged(target, files, run, tags, experiment)
            for key, value in tags.items():
                client.set_model_version_tag(target, version, key, value)
            # Last, so that who is killed before leaves no alias that names half a version.
            client.set_registered_model_alias(target, CHALLENGER, version)
            return version

    def load(self, target: str, version: str) -> ModelFiles:
        """Return the files of a version.

        Raises
        ------
        DataError
            When the version or one of its files is not there.
        """
        import mlflow

        with self._client():
            try:
                folder = mlflow.artifacts.download_artifacts(f"models:/{target}/{version}")
                return ModelFiles.read(_artifact_folder(Path(folder)))
            except (mlflow.exceptions.MlflowException, OSError, StopIteration) as error:
                raise DataError(
                    f"{target} version {version} cannot be read from the registry ({error}); bring "
                    "its files back, or promote another version"
                ) from error

    def version(self, target: str, name: str) -> str | None:
        """Return the version that an alias or a version number names, if there is one."""
        import mlflow

        if not name.isdigit():
            return self.aliases(target).get(name)
        with self._client() as client:
            try:
                return str(client.get_model_version(target, name).version)
            except mlflow.exceptions.MlflowException:
                return None

    def aliases(self, target: str) -> dict[str, str]:
        """Return the version that each alias of a target names."""
        import mlflow

        with self._client() as client:
            try:
                named = client.get_registered_model(target).aliases
            except mlflow.exceptions.MlflowException:
                return {}
            return {alias: str(version) for alias, version in named.items()}

    def versions(self) -> list[dict[str, Any]]:
        """Return every version with its aliases, tags and metrics, newest first."""
        with self._client() as client:
            names = [model.name for model in client.search_registered_models()]
            return [
                _described(client, version) for name in names for version in _versions(client, name)
            ]

    def set_aliases(self, target: str, champion: str, previous: str | None) -> None:
        """Let the aliases name these versions; whoever is asked again changes nothing."""
        current = self.aliases(target)
        wanted = {PREVIOUS: previous, CHAMPION: champion}
        with self._client() as client:
            for alias, version in wanted.items():
                if version is not None and current.get(alias) != version:
                    client.set_registered_model_alias(target, alias, version)
                elif version is None and alias in current:
                    client.delete_registered_model_alias(target, alias)

    def _experiment(self, client: MlflowClient) -> str:
        experiment = client.get_experiment_by_name(EXPERIMENT)
        if experiment is not None:
            return str(experiment.experiment_id)
        self.artifacts.mkdir(parents=True, exist_ok=True)
        return str(client.create_experiment(EXPERIMENT, self.artifacts.resolve().as_uri()))

    def _client(self) -> AbstractContextManager[MlflowClient]:
        return home.client_of(self.uri, self.artifacts)


def _versions(client: MlflowClient, target: str) -> list[ModelVersion]:
    matches = client.search_model_versions(f"name='{target}'")
    # A search leaves the aliases out; asking for the version brings them.
    versions = [client.get_model_version(target, version.version) for version in matches]
    return sorted(versions, key=lambda version: -int(version.version))


def _described(client: MlflowClient, version: ModelVersion) -> dict[str, Any]:
    metrics = client.get_run(version.run_id).data.metrics if version.run_id else {}
    return {
        "target": version.name,
        "version": str(version.version),
        "aliases": sorted(version.aliases),
        "verdict": version.tags.get("verdict", ""),
        "auc": [metrics.get(name) for name in ("auc", "auc_low", "auc_high")],
        "fingerprint": version.tags.get("data_fingerprint", ""),
        "run_id": version.run_id,
    }


def _artifact_folder(folder: Path) -> Path:
    return next(path.parent for path in sorted(folder.rglob("calibration.json")))
