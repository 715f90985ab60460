"""What a training leaves in MLflow: a run with its figures, the model it logs, and its trials."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.release.model_files import ModelFiles

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from models.training.tuning import Trial

REQUIREMENTS = ["lightgbm", "numpy", "pandas"]
HOST, PROCESS = "host", "process"
HERE = Path(__file__).parent
ARITHMETIC = HERE.parent / "inference"


@dataclass(frozen=True)
class Run:
    """What a training run leaves in MLflow beside its model; its ``trials`` are nested runs."""

    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    card: str
    pictures: Mapping[str, bytes]
    trials: Sequence[Trial] = ()


def logged(
    target: str, files: ModelFiles, run: Run, tags: Mapping[str, str], experiment: str
) -> str:
    """Log a run with its model, register it, and return the new version."""
    import mlflow

    with (
        tempfile.TemporaryDirectory() as folder,
        mlflow.start_run(experiment_id=experiment, run_name=target, tags=_process()),
    ):
        _log_run(Path(folder), files, run, tags)
        for number, trial in enumerate(run.trials):
            _log_trial(f"{target} trial {number}", experiment, trial)
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(HERE / "pyfunc.py"),
            artifacts=_written(Path(folder), files.files()) | _arithmetic(),
            signature=_signature(files),
            pip_requirements=REQUIREMENTS,
            registered_model_name=target,
        )
    return str(info.registered_model_version)


def _process() -> dict[str, str]:
    """Return the tags that tell a run's process, so that its end can be noticed."""
    return {HOST: platform.node(), PROCESS: str(os.getpid())}


def end_the_killed(client: MlflowClient, experiment: str) -> None:
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


def _log_trial(name: str, experiment: str, trial: Trial) -> None:
    """Log a trial as a run within the one that is open."""
    import mlflow

    with mlflow.start_run(experiment_id=experiment, run_name=name, nested=True, tags=_process()):
        mlflow.log_params(dict(trial.params))
        for step, loss in enumerate(trial.folds):
            mlflow.log_metric("fold_log_loss", loss, step=step)
        if trial.log_loss is not None:
            mlflow.log_metric("log_loss", trial.log_loss)
        mlflow.set_tag("given_up", str(trial.log_loss is None).lower())


def _arithmetic() -> dict[str, str]:
    """Return the code that a version is scored by, which it keeps a copy of."""
    names = ("encoding", "calibrators")
    return {name: str(ARITHMETIC / f"{name}.py") for name in names}


def _signature(files: ModelFiles) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    # Said outright: MLflow would call an input required when its sample holds no missing value.
    inputs = [
        ColSpec("double" if feature.categories is None else "string", feature.name, required=False)
        for feature in files.features
    ]
    return ModelSignature(Schema([*inputs]), Schema([ColSpec("double")]))
