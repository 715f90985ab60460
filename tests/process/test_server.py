from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from models.store.scores import ScoreStore
from tests.models.releases import account, scoring

HEAVY = ("pandas", "sklearn", "mlflow", "ibis", "evidently", "duckdb", "pyarrow", "lightgbm",
         "alembic")  # fmt: skip


def test_the_server_starts_without_the_pipelines_libraries() -> None:
    code = (
        "import sys, serving.app, serving.__main__; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_real_server_answers_becomes_ready_and_stops_when_told(
    tmp_path: Path, released: Path
) -> None:
    store = ScoreStore(f"sqlite:///{tmp_path / 's.db'}")
    store.write(scoring(), [account("a")])
    store.close()
    port = _free_port()
    command = [
        sys.executable, "-m", "serving", "--store", f"sqlite:///{tmp_path / 's.db'}",
        "--release", str(released), "--port", str(port),
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            _until_ready(f"http://127.0.0.1:{port}/health/ready")
            answer = httpx.get(f"http://127.0.0.1:{port}/v1/accounts/a/score")
            assert answer.json()["probabilities"]["upsell"] == 0.25
        finally:
            server.send_signal(signal.SIGTERM)
            _, told = server.communicate(timeout=20)
    assert "Traceback" not in told
    assert server.returncode in (0, -signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until_ready(url: str) -> None:
    last = ""
    for _ in range(240):
        try:
            answer = httpx.get(url)
            if answer.status_code == 200:
                return
            last = answer.text
        except httpx.ConnectError:
            last = "nobody listens"
        time.sleep(0.25)
    raise AssertionError(f"not ready: {last}")
