"""Installs the server as its image does, in an environment of its own, and asks it.

``python -m tests.drills.install`` takes about a minute and a connection to a package index.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from models.store.scores import ScoreStore
from tests.models.releases import META, model, publish
from tests.models.stored import account, scoring
from tests.support.served import free_port, ready, until

ROOT = Path(__file__).parents[2]
STAGE = "install-serving"


def commands(stage: str) -> list[list[str]]:
    """Return the commands of a stage of the Dockerfile."""
    text = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    [body] = re.findall(rf" AS {stage}\n(.*?)(?=^FROM)", text, re.DOTALL | re.MULTILINE)
    [run] = re.findall(r"^RUN (.*?)(?<!\\)\n", body, re.DOTALL | re.MULTILINE)
    return [one.split() for one in run.replace("\\\n", " ").split("&&")]


def installed(folder: Path) -> Path:
    """Run these commands on what is committed, with ``folder`` in place of /opt/expansion."""
    python, source = folder / "bin" / "python", folder.with_name("source")
    source.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "--extract"], cwd=source, input=archive.stdout, check=True)
    for command in commands(STAGE):
        if command[0] == "pip":
            command = [str(python), "-m", *command, "--quiet"]
        asked = [str(folder) if one == "/opt/expansion" else one for one in command]
        if asked[0] == "python":
            asked[0] = sys.executable
        subprocess.run(asked, cwd=source, check=True, stdout=subprocess.DEVNULL)
    return python


def main() -> None:
    """Print how long it took, what is installed, and what was answered."""
    argparse.ArgumentParser(prog="python -m tests.drills.install", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, began = Path(name), time.monotonic()
        python = installed(folder / "venv")
        size = sum(one.stat().st_size for one in (folder / "venv").rglob("*") if one.is_file())
        print(f"installed in {time.monotonic() - began:.0f} s, {size / 1e6:.0f} MB")
        url = f"sqlite:///{folder / 's.db'}"
        store = ScoreStore(url)
        store.write(scoring(), [account(1)])
        store.close()
        publish(folder / "release", {"upsell": model()}, META)
        _asked(python, folder, {"EXPANSION_STORE_URL": url})


def _asked(python: Path, folder: Path, given: dict[str, str]) -> None:
    port, began = free_port(), time.monotonic()
    environment = {
        "PATH": os.defpath, "EXPANSION_RELEASE_FOLDER": str(folder / "release"),
        "EXPANSION_METRICS": "open", **given,
    }  # fmt: skip
    command = [str(python), "-m", "serving", "--port", str(port)]
    # Beside the checkout: what is imported is what was installed.
    with subprocess.Popen(command, cwd=folder, env=environment) as server:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                until(lambda: server.poll() is not None or ready(client), "ready")
                print(f"ready after {time.monotonic() - began:.1f} s")
                paths = (
                    "/health/ready",
                    "/v1/accounts/a-000001/score",
                    "/v1/models",
                    "/metrics",
                    "/app",
                )
                for path in paths:
                    answer = client.get(path)
                    print(answer.status_code, path, len(answer.content), "bytes")
                    assert answer.status_code < 400
        finally:
            server.terminate()
    print(f"ended with {server.returncode}")


if __name__ == "__main__":
    main()
