"""A closed loop of keep-alive connections: each sends its request again once it is answered.

Requests are bytes made beforehand and answers are only counted and checked for their status, so
that the client, which has a core of its own, is never what is measured.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Load:
    """What came of a load: requests a second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float
    failed: int

    @classmethod
    def of(cls, seconds: float, latencies: Sequence[float], failed: int) -> Load:
        """Return what the latencies of all requests, in seconds, add up to."""
        cuts = statistics.quantiles(latencies, n=1000)
        return cls(len(latencies) / seconds, 1000 * cuts[499], 1000 * cuts[989], failed)


def request(method: str, path: str, body: bytes = b"", headers: str = "") -> bytes:
    """Return a request as it goes over the wire."""
    kind = "content-type: application/json\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{kind}{headers}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def once(port: int, sent: bytes) -> tuple[int, bytes]:
    """Return the status and the body that one request is answered with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await _exchange(reader, writer, sent)
    finally:
        writer.close()


async def loop(port: int, sent: bytes, until: float) -> tuple[list[float], int]:
    """Send a request over one connection until a moment; return latencies and how many failed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    latencies, failed = [], 0
    while (started := time.perf_counter()) < until:
        status, _ = await _exchange(reader, writer, sent)
        latencies.append(time.perf_counter() - started)
        failed += status != 200
    writer.close()
    return latencies, failed


async def load(port: int, sent: bytes, seconds: float, connections: int) -> Load:
    """Load a server with one request over several connections."""
    until = time.perf_counter() + seconds
    found = await asyncio.gather(*(loop(port, sent, until) for _ in range(connections)))
    latencies = [one for some, _ in found for one in some]
    return Load.of(seconds, latencies, sum(failed for _, failed in found))


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes
) -> tuple[int, bytes]:
    writer.write(sent)
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    body = await reader.readexactly(int(length.group(1)) if length else 0)
    return int(head[9:12]), body
