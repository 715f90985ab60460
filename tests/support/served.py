"""A service as a process of its own, with models rich enough to be spoiled in many ways."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import lightgbm as lgb
import numpy as np

from models.inference.encoding import FeatureSpec, encode
from models.release.golden_rows import golden_scores
from models.release.model_files import ModelFiles
from tests.models.releases import FEATURES
from tests.support.cards import card

NAMES = tuple(f"name-{number:02}" for number in range(12))
SIZE = FeatureSpec(
    "size", "firm", "size", "category", "Size", None, None, (None, None), NAMES, NAMES[0]
)
INPUTS = (*FEATURES, SIZE)
PATIENCE = 180.0


def rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Return rows of which some lack a value."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        row = {"one": float(random.random()), "two": float(random.random()),
               "size": str(random.choice(NAMES))}  # fmt: skip
        made.append({name: None if random.random() < 0.15 else row[name] for name in row})
    return made


def model(seed: int, version: str, *, isotonic: bool) -> ModelFiles:
    """Return a model with categories, a calibration of either kind, and one of amounts, too."""
    matrix = encode(rows(2000, seed), INPUTS)
    random = np.random.default_rng(seed)
    known = np.nan_to_num(matrix, nan=0.4)
    label = (known[:, 0] + (known[:, 2] % 3 == 0) * 0.4 + 0.3 * random.random(2000) > 0.8) * 1.0
    steps = {"raw": [-4.0, -1.0, 1.0, 4.0], "probability": [0.01, 0.2, 0.6, 0.95]}
    calibration = {"method": "isotonic", **steps} if isotonic else {
        "method": "sigmoid", "a": 1.1, "b": -0.1}  # fmt: skip
    amount = {"method": "model", "share": 0.2, "cap": 2.0, "factor": 1.0}
    described = card(version=version, amount=amount)
    text, shares = (
        _trees(matrix, told, seed, objective)
        for told, objective in ((label, "binary"), (known[:, 1] + 0.1, "tweedie"))
    )
    proven = [*rows(200, seed + 1), {}]
    draft = ModelFiles(text, calibration, INPUTS, described, {"rows": proven}, shares)
    return replace(draft, golden={"rows": proven, **golden_scores(draft)})


def _trees(matrix: np.ndarray, label: np.ndarray, seed: int, objective: str) -> str:
    settings = {
        "objective": objective, "verbose": -1, "seed": seed, "num_threads": 1, "num_leaves": 12,
        "max_cat_to_onehot": 1, "min_data_per_group": 10, "cat_smooth": 1,
    }  # fmt: skip
    data = lgb.Dataset(matrix, label, categorical_feature=[2])
    return str(lgb.train(settings, data, 10).model_to_string())


def posted(asked: list[dict[str, Any]], *, reasons: bool = False) -> dict[str, Any]:
    """Return the body that asks for the scores of rows."""
    names = [one.name for one in INPUTS]
    values = [{"values": [row.get(name) for name in names]} for row in asked]
    return {"features": names, "rows": values, "reasons": reasons}


@contextmanager
def serving(settings: Mapping[str, object], port: int = 0) -> Iterator[tuple[str, Process]]:
    """Start the server; give its URL once it is ready, and the process. Ends it with SIGTERM."""
    process, url = start(settings, port)
    try:
        with httpx.Client(base_url=url, timeout=60) as client:
            until(lambda: ready(client), "ready")
        yield url, process
    finally:
        stop(process)


Process = subprocess.Popen[bytes]


def start(settings: Mapping[str, object], port: int = 0) -> tuple[Process, str]:
    """Start the server on a port, 0 being any; return it with its URL."""
    port = port or free_port()
    environment = {f"EXPANSION_{name.upper()}": str(one) for name, one in settings.items()}
    command = [sys.executable, "-m", "serving", "--port", str(port)]
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL
    )
    return process, f"http://127.0.0.1:{port}"


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop(process: Process) -> int:
    """Tell the server to stop, and return its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=PATIENCE)


def ready(client: httpx.Client) -> bool:
    """Say whether a server has scores and a release, and nothing is wrong with either."""
    try:
        answer = client.get("/health/ready")
    except httpx.ConnectError:
        return False
    return answer.status_code == 200 and not answer.json()["problems"]


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends, f"not {what} within {PATIENCE:.0f} s"
        time.sleep(0.005)
