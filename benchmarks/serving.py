"""How fast is the service against `mlflow models serve` and against FastAPI with nothing around it?

One worker each, the same models, rows and machine, all up at once and loaded in turn, round by
round. Ours answers with all four models where MLflow answers with one. Prints requests a second,
latencies, memory, start-up, and ratios. Run it with ``python -m benchmarks.serving --config
expansion.toml`` after ``expansion demo``; it needs two cores, one for the client.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import uvloop

from benchmarks.http_load.client import Load, load, loop, once, request
from benchmarks.http_load.servers import Server, serving
from models.common.clock import stored_now
from models.release import bundle
from models.store.api_keys import KeyStore, generate_key
from models.store.scores import ScoreStore
from pipelines.config.settings import Settings
from pipelines.config.settings import load as read_settings

CONNECTIONS, ROUNDS, SECONDS = 8, 3, 5.0
TARGET = "upsell"
BATCH = 1000
PYTHON = (sys.executable, "-m")


@dataclass(frozen=True)
class Sample:
    """What is asked: an account, and the inputs it was scored on."""

    account: str
    names: list[str]
    values: list[float | str | None]

    @classmethod
    def of(cls, url: str) -> Sample:
        """Return the best ranked account of the newest scoring."""
        store = ScoreStore(url)
        with store.open_scoring() as whole:
            if whole is None or whole.inputs is None:
                raise SystemExit("the store holds no scoring with its inputs; run expansion score")
            account = next(whole.rows).account_id
            values = dict(whole.inputs.rows)[account]
            names = list(whole.inputs.names)
        store.close()
        return cls(account, names, json.loads(values))

    def posted(self, rows: int, *, reasons: bool) -> bytes:
        """Return the body that asks us to score so many rows."""
        row = {"values": self.values}
        told = {"features": self.names, "rows": [row] * rows, "reasons": reasons}
        return json.dumps(told).encode()

    def split(self) -> bytes:
        """Return the body that asks MLflow to score one row."""
        told = {"columns": self.names, "data": [self.values]}
        return json.dumps({"dataframe_split": told}).encode()


@dataclass(frozen=True)
class Case:
    """One request to one server."""

    name: str
    server: Server
    sent: bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="expansion.toml", type=Path)
    settings = read_settings(parser.parse_args().config)
    uvloop.install()
    sample = Sample.of(settings.store_url)
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        compare(settings, sample, stack, Path(folder))


def compare(settings: Settings, sample: Sample, stack: ExitStack, folder: Path) -> None:
    """Start all servers, load them in turn, and print what came of it."""
    header = f"authorization: Bearer {_key(settings)}\r\n"
    row = request("POST", "/v1/rows/score", sample.posted(1, reasons=False), header)
    told = request("POST", "/v1/rows/score", sample.posted(1, reasons=True), header)
    lookup = request("GET", f"/v1/accounts/{sample.account}/score", headers=header)
    invocation = request("POST", "/invocations", sample.split())
    ours = stack.enter_context(_ours(settings, folder, row))
    mlflow = stack.enter_context(_mlflow(settings, invocation))
    (folder / "body").write_bytes(asyncio.run(once(ours.port, lookup))[1])
    bare = stack.enter_context(_bare(folder / "body", lookup))
    _same(ours, row, mlflow, invocation)
    cases = [
        Case("ours: lookup by id", ours, lookup),
        Case("FastAPI: the same bytes", bare, lookup),
        Case("ours: a row, four models", ours, row),
        Case("ours: the same with reasons", ours, told),
        Case("mlflow: a row, one model", mlflow, invocation),
    ]
    rates = _told(cases)
    for name, one, two in (
        ("a row, four models, over mlflow's one", 2, 4),
        ("the same with reasons", 3, 4),
        ("lookup over bare FastAPI", 0, 1),
    ):
        print(f"{name:<40}{rates[one] / rates[two]:>8.2f} x")
    _weights(ours, mlflow)
    for reasons in (False, True):
        batch = request("POST", "/v1/rows/score", sample.posted(BATCH, reasons=reasons), header)
        _health(ours, batch, "with reasons" if reasons else "without reasons")


def _told(cases: list[Case]) -> list[float]:
    """Load each case in turn, several rounds; return the median rate of each."""
    rounds: list[list[Load]] = [[] for _ in cases]
    for _ in range(ROUNDS):
        for found, case in zip(rounds, cases, strict=True):
            asyncio.run(load(case.server.port, case.sent, 1.0, CONNECTIONS))
            found.append(asyncio.run(load(case.server.port, case.sent, SECONDS, CONNECTIONS)))
    print(f"{'':<32}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}")
    for case, found in zip(cases, rounds, strict=True):
        middle = sorted(found, key=lambda one: one.rate)[len(found) // 2]
        failed = sum(one.failed for one in found)
        print(
            f"{case.name:<32}{middle.rate:>9.0f}{middle.p50:>9.2f}{middle.p99:>9.2f}{failed:>8}",
            flush=True,
        )
    return [statistics.median(one.rate for one in found) for found in rounds]


def _weights(ours: Server, mlflow: Server) -> None:
    """Print memory after the load, and start-up until the first row was scored."""
    one, two = ours.weights(), mlflow.weights()
    print(f"memory {sum(one):.0f} MB against {sum(two):.0f} MB: {sum(one) / sum(two):.2f} x; "
          f"of MLflow's worker alone, {two[0]:.0f} MB: {one[0] / two[0]:.2f} x")  # fmt: skip
    print(f"start-up {ours.started:.2f} s against {mlflow.started:.2f} s: "
          f"{ours.started / mlflow.started:.2f} x")  # fmt: skip


def _health(ours: Server, batch: bytes, how: str) -> None:
    """Print the latency of health checks while batches are scored."""

    async def both() -> tuple[Load, Load]:
        until = time.perf_counter() + 3 * SECONDS
        probe = request("GET", "/health/live")
        batches = asyncio.gather(*(loop(ours.port, batch, until) for _ in range(4)))
        latencies, failed = await loop(ours.port, probe, until)
        heavy = [one for some, _ in await batches for one in some]
        lost = sum(count for _, count in await batches)
        return Load.of(3 * SECONDS, latencies, failed), Load.of(3 * SECONDS, heavy, lost)

    probes, heavy = asyncio.run(both())
    failed = probes.failed + heavy.failed
    print(
        f"health checks under {heavy.rate:.1f} batches/s of {BATCH} rows {how}: "
        f"p50 {probes.p50:.1f} ms, p99 {probes.p99:.1f} ms, failed {failed}",
        flush=True,
    )


def _same(ours: Server, row: bytes, mlflow: Server, invocation: bytes) -> None:
    """Refuse to compare servers that give the row different probabilities."""
    one = json.loads(asyncio.run(once(ours.port, row))[1])
    two = json.loads(asyncio.run(once(mlflow.port, invocation))[1])
    gap = abs(one["rows"][0]["probabilities"][TARGET] - two["predictions"][0])
    if gap > 1e-6:
        raise SystemExit(f"the servers differ by {gap:.2g}: not the same model or row")


def _key(settings: Settings) -> str:
    """Make a key for the benchmark that lasts an hour and is never held up."""
    until = stored_now() + timedelta(hours=1)
    stored, key = generate_key("benchmark", ["read", "score"], until, per_minute=100_000_000)
    KeyStore(settings.store_url).add(stored)
    return key


def _ours(settings: Settings, folder: Path, first: bytes) -> Iterator[Server]:
    environment = {
        "EXPANSION_STORE_URL": settings.store_url,
        "EXPANSION_RELEASE_FOLDER": str(settings.release_folder),
        "EXPANSION_SPOOL_FOLDER": str(folder / "spool"),
        "EXPANSION_KEYS": "required",
    }
    return serving([*PYTHON, "serving", "--port", "{port}"], first, environment)


def _mlflow(settings: Settings, first: bytes) -> Iterator[Server]:
    path = bundle.current(settings.release_folder)
    version = bundle.verify(path).models[TARGET]["version"] if path else None
    command = [
        *PYTHON, "mlflow", "models", "serve", "--model-uri", f"models:/{TARGET}/{version}",
        "--env-manager", "local", "--workers", "1", "--port", "{port}",
    ]  # fmt: skip
    return serving(command, first, {"MLFLOW_TRACKING_URI": settings.mlflow_uri})


def _bare(body: Path, first: bytes) -> Iterator[Server]:
    command = [*PYTHON, "uvicorn", "benchmarks.http_load.bare:app", "--port", "{port}",
               "--log-level", "warning"]  # fmt: skip
    return serving(command, first, {"BARE_BODY": str(body)})


if __name__ == "__main__":
    main()
