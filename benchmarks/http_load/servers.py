"""Servers as processes of their own: started, timed until they answer, weighed, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.http_load.client import once

PATIENCE = 180.0


@dataclass(frozen=True)
class Server:
    """A server that answers on a port; ``started`` is how long it took to, in seconds."""

    port: int
    process: int
    started: float

    def weights(self) -> list[float]:
        """Return the resident memory of each process of the server in MB, the heaviest first."""
        return sorted((_resident(one) for one in _family(self.process)), reverse=True)


@contextmanager
def serving(
    command: Sequence[str], first: bytes, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start a server, ``{port}`` in its command being a free one; ready when ``first`` gets 200."""
    port = _free_port()
    begun = time.perf_counter()
    # Servers start others by name: those of this environment.
    beside = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with subprocess.Popen(  # noqa: S603
        [one.replace("{port}", str(port)) for one in command],
        env={**os.environ, **beside, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            _wait(process, port, first, begun + PATIENCE)
            yield Server(port, process.pid, time.perf_counter() - begun)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


def _wait(process: subprocess.Popen[bytes], port: int, first: bytes, until: float) -> None:
    while time.perf_counter() < until and process.poll() is None:
        try:
            if asyncio.run(once(port, first))[0] == 200:
                return
        except (OSError, asyncio.IncompleteReadError):
            pass
        time.sleep(0.02)
    raise TimeoutError(f"the server on port {port} ended, or did not answer in {PATIENCE:.0f} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _family(process: int) -> list[int]:
    """Return a process with all its descendants."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(one for child in children for one in _family(int(child)))]


def _resident(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(one.split()[1]) / 1024 for one in lines if one.startswith("VmRSS"))
