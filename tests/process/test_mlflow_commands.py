"""Whoever has MLflow can serve any version, with its own commands and without this repository."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.dataset import feature_table
from models.dataset.matrix import matrix
from models.inference.calibrators import METHODS
from models.registry import Registry, Run
from models.release.golden_rows import matrix_probabilities
from models.release.model_files import ModelFiles
from tests.pipelines import trained
from tests.support import engines

TARGET = "upsell"
ROWS = 40
SECONDS = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("company")


@pytest.fixture(scope="module")
def registry(folder: Path) -> Registry:
    return trained.empty_registry(trained.company(folder))


@pytest.fixture(scope="module")
def rows(folder: Path) -> pd.DataFrame:
    """The newest rows, among them missing numbers and a category that no model knows."""
    table = feature_table.read(trained.settings_in(folder).feature_table)
    rows = table.newest()[table.inputs].head(ROWS).reset_index(drop=True)
    rows.loc[0, "segment"] = "never seen"
    assert rows["silent"].isna().any()
    return rows


@pytest.fixture(scope="module")
def versions(folder: Path, registry: Registry) -> dict[str, tuple[str, ModelFiles]]:
    """A version with each kind of calibration that a release may hold, with its number."""
    table = feature_table.read(trained.settings_in(folder).feature_table)
    plain = trained.model(table, TARGET)
    made = {
        method["method"]: replace(plain, calibration=method)
        for method in (
            {"method": "none"},
            {"method": "sigmoid", "a": 0.9, "b": -0.2},
            {"method": "beta", "a": 0.9, "b": 1.1, "c": 0.1},
            {"method": "isotonic", "raw": [-4.0, 0.0, 2.0], "probability": [0.01, 0.4, 0.9]},
        )
    }
    assert made.keys() == METHODS.keys()
    return {
        name: (registry.log(TARGET, one, Run({}, {}, {"verdict": "skill"}, "card", {})), one)
        for name, one in made.items()
    }


def expected(files: ModelFiles, rows: pd.DataFrame) -> np.ndarray:
    return matrix_probabilities(files, matrix(rows, tuple(files.features)))


def test_every_kind_of_calibration_gives_other_probabilities(
    versions: dict[str, tuple[str, ModelFiles]], rows: pd.DataFrame
) -> None:
    given = np.array([expected(files, rows) for _, files in versions.values()])
    assert len(np.unique(given.round(6), axis=0)) == len(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_a_version_loads_where_this_repository_is_not(
    registry: Registry,
    versions: dict[str, tuple[str, ModelFiles]],
    rows: pd.DataFrame,
    method: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import mlflow

    version, files = versions[method]
    wanted = expected(files, rows)
    mlflow.set_tracking_uri(registry.uri)
    mlflow.set_registry_uri(registry.uri)
    for package in ("features", "models", "pipelines", "serving"):
        monkeypatch.setitem(sys.modules, package, None)
    model = mlflow.pyfunc.load_model(f"models:/{TARGET}/{version}")
    np.testing.assert_allclose(model.predict(rows), wanted, rtol=0, atol=1e-12)


@contextmanager
def served(registry: Registry, version: str, folder: Path) -> Iterator[str]:
    """Run ``mlflow models serve`` as a user would, and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    binaries = Path(sys.executable).parent
    command = [
        str(binaries / "mlflow"), "models", "serve", "--model-uri", f"models:/{TARGET}/{version}",
        "--env-manager", "local", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    known = {"MLFLOW_TRACKING_URI": registry.uri, "DO_NOT_TRACK": "true",
             "PATH": f"{binaries}:{os.environ['PATH']}"}  # fmt: skip
    log = folder / "serve.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **known}, stdout=written, stderr=written,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield _once_up(f"http://127.0.0.1:{port}", process, log)
    finally:
        os.killpg(process.pid, 15)
        process.wait(SECONDS)


def _once_up(address: str, process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/ping", timeout=5):  # noqa: S310
                return address
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise AssertionError(log.read_text())


def test_mlflow_models_serve_gives_the_calibrated_probability(
    registry: Registry,
    versions: dict[str, tuple[str, ModelFiles]],
    rows: pd.DataFrame,
    tmp_path: Path,
) -> None:
    version, files = versions["isotonic"]
    split = rows.astype(object).where(rows.notna(), None).to_dict("split", index=False)
    body = json.dumps({"dataframe_split": split}).encode()
    with served(registry, version, tmp_path) as address:
        request = urllib.request.Request(  # noqa: S310
            f"{address}/invocations", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            given = json.loads(answer.read())["predictions"]
    np.testing.assert_allclose(given, expected(files, rows), rtol=0, atol=1e-9)


def test_spark_udf_gives_the_calibrated_probability_of_every_version(
    registry: Registry, versions: dict[str, tuple[str, ModelFiles]], rows: pd.DataFrame
) -> None:
    engines.needed("spark")
    import mlflow

    mlflow.set_tracking_uri(registry.uri)
    mlflow.set_registry_uri(registry.uri)
    with engines.quiet():
        session = engines.session()._session
        # One partition and one query: each of Spark's Python workers imports MLflow for seconds.
        frame = session.createDataFrame(rows.astype(object).where(rows.notna(), None)).coalesce(1)
        udfs = [
            mlflow.pyfunc.spark_udf(session, f"models:/{TARGET}/{version}", result_type="double")
            for version, _ in versions.values()
        ]
        found = np.array(frame.select(*(udf(*rows.columns) for udf in udfs)).collect())
    wanted = np.column_stack([expected(files, rows) for _, files in versions.values()])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)
