"""An endpoint for webhooks on this machine, which can behave badly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Got:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Endpoint:
    """Where it listens, what it got, and how it answers: with a status, headers, or not at all."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], tuple[int, dict[str, str]]] = lambda _got: (204, {})
    drips: float = 0.0

    def bodies(self) -> list[bytes]:
        return [one.body for one in self.got]

    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.got]


@contextmanager
def listening() -> Iterator[Endpoint]:
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            endpoint.got.append(Got(self.path, headers, body))
            if endpoint.drips:
                self._drip()
                return
            status, more = endpoint.answer(endpoint.got[-1])
            self.send_response(status)
            for name, value in {**more, "content-length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 (the library's name)

        def _drip(self) -> None:
            """Send a byte now and then, so that no single read takes too long."""
            until = time.monotonic() + endpoint.drips
            self.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
            while time.monotonic() < until:
                self.wfile.write(b"a")
                time.sleep(0.02)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        endpoint.url = f"http://127.0.0.1:{server.server_port}/hook"
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield endpoint
        server.shutdown()
        thread.join()
