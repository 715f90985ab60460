"""The only door to MLflow: runs, versions and aliases.

Each target is a registered model. Aliases: ``challenger`` is the newest version trained,
``champion`` the one in use, ``previous`` the champion before it. Artifacts are LightGBM's text and
JSON; the logged model is code that reads them.
"""

from __future__ import annotations

import io
import logging
import os
import platform
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import DataError
from models.release import ModelFiles

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

    from models.tuning import Tried

EXPERIMENT = "expansion"
SQLITE = "sqlite:///"
REQUIREMENTS = ["lightgbm", "numpy", "pandas"]
HOST, PROCESS = "host", "process"
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"


@dataclass(frozen=True)
class Run:
    """What a training run leaves in MLflow beside its model; what was ``tried`` are nested runs."""

    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    card: str
    pictures: Mapping[str, bytes]
    tried: Sequence[Tried] = ()


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

        tags = {**run.tags, "calibration": str(files.calibration["method"])}
        with self._client() as client, _quiet(), tempfile.TemporaryDirectory() as folder:
            experiment = self._experiment(client)
            _end_the_killed(client, experiment)
            with mlflow.start_run(experiment_id=experiment, run_name=target, tags=_process()):
                _log_run(Path(folder), files, run, tags)
                for number, one in enumerate(run.tried):
                    _log_tried(f"{target} trial {number}", experiment, one)
                info = mlflow.pyfunc.log_model(
                    name="model",
                    python_model=str(Path(__file__).with_name("pyfunc.py")),
                    artifacts=_written(Path(folder), files.files()) | _arithmetic(),
                    signature=_signature(files),
                    pip_requirements=REQUIREMENTS,
                    registered_model_name=target,
                )
            version = str(info.registered_model_version)
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
                found = client.get_registered_model(target).aliases
            except mlflow.exceptions.MlflowException:
                return {}
            return {alias: str(version) for alias, version in found.items()}

    def versions(self) -> list[dict[str, Any]]:
        """Return every version with its aliases, tags and metrics, newest first."""
        with self._client() as client:
            names = [model.name for model in client.search_registered_models()]
            return [_described(client, one) for name in names for one in _versions(client, name)]

    def crown(self, target: str, champion: str, previous: str | None) -> None:
        """Let the aliases name these versions; whoever is asked again changes nothing."""
        known = self.aliases(target)
        wanted = {PREVIOUS: previous, CHAMPION: champion}
        with self._client() as client:
            for alias, version in wanted.items():
                if version is not None and known.get(alias) != version:
                    client.set_registered_model_alias(target, alias, version)
                elif version is None and alias in known:
                    client.delete_registered_model_alias(target, alias)

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
        # What it prints of a run's page would stand between the lines of --json.
        os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        import mlflow

        self.artifacts.parent.mkdir(parents=True, exist_ok=True)
        _make_database(self.uri)
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)
        yield mlflow.MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's remarks off the terminal: the signature is given, an example is not needed."""
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.filterwarnings("ignore", category=UserWarning, module="mlflow")
        yield


def _make_database(uri: str) -> None:
    """Make MLflow's database aside: its dozens of migrations, once killed, cannot be taken up."""
    path = Path(uri.removeprefix(SQLITE))
    if not uri.startswith(SQLITE) or path.exists():
        return
    import mlflow

    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        aside = Path(folder) / path.name
        mlflow.MlflowClient(f"{SQLITE}{aside}").search_experiments(max_results=1)
        with suppress(FileExistsError):  # another process was faster, and its database is in use
            os.link(aside, path)


def _process() -> dict[str, str]:
    """Return the tags that tell a run's process, so that its end can be noticed."""
    return {HOST: platform.node(), PROCESS: str(os.getpid())}


def _end_the_killed(client: MlflowClient, experiment: str) -> None:
    """Say of runs whose process on this machine was killed that they ended; MLflow can't know."""
    ours = f"attributes.status = 'RUNNING' AND tags.{HOST} = '{platform.node()}'"
    for run in client.search_runs([experiment], ours):
        if not _lives(int(run.data.tags[PROCESS])):
            client.set_terminated(run.info.run_id, "KILLED")


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, hence alive
        return True
    return True


def _log_run(folder: Path, files: ModelFiles, run: Run, tags: Mapping[str, str]) -> None:
    import mlflow

    mlflow.log_params(dict(run.params))
    mlflow.log_metrics(dict(run.metrics))
    mlflow.set_tags(dict(tags))
    mlflow.log_text(run.card, "card.md")
    for name in ("card.json", "features.json"):
        mlflow.log_text(files.files()[name], name)
    for name, picture in run.pictures.items():
        (folder / name).write_bytes(picture)
        mlflow.log_artifact(str(folder / name))


def _written(folder: Path, files: Mapping[str, str]) -> dict[str, str]:
    """Write files and return their paths by name without ending, as MLflow names artifacts."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name.split(".")[0]: str(folder / name) for name in files}


def _log_tried(name: str, experiment: str, one: Tried) -> None:
    """Log a trial as a run within the one that is open."""
    import mlflow

    with mlflow.start_run(experiment_id=experiment, run_name=name, nested=True, tags=_process()):
        mlflow.log_params(dict(one.params))
        for step, loss in enumerate(one.folds):
            mlflow.log_metric("fold_log_loss", loss, step=step)
        if one.log_loss is not None:
            mlflow.log_metric("log_loss", one.log_loss)
        mlflow.set_tag("given_up", str(one.log_loss is None).lower())


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
