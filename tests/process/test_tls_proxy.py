"""Behind a proxy that ends TLS: who asked and that it was https, from the trusted proxy only."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from models.store.scores import ScoreStore
from tests.models.stored import account, scoring
from tests.support.served import start, stop, until

PROXY = "127.0.0.2"
PATH = "/v1/accounts/a-000001/score"
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the key")


@contextmanager
def proxied(folder: Path, url: str) -> Iterator[httpx.Client]:
    """A proxy that ends TLS before ``url``, asking from an address of its own; ask it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    with httpx.Client(
        base_url=url, transport=httpx.HTTPTransport(local_address=PROXY)
    ) as onward, ThreadingHTTPServer(("127.0.0.1", 0), _handler(onward)) as proxy:  # fmt: skip
        ends = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ends.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        proxy.socket = ends.wrap_socket(proxy.socket, server_side=True)
        Thread(target=proxy.serve_forever, daemon=True).start()
        trusts = ssl.create_default_context(cafile=str(folder / "cert.pem"))
        with httpx.Client(
            base_url=f"https://localhost:{proxy.server_port}", verify=trusts
        ) as client:
            yield client
        proxy.shutdown()


def _handler(onward: httpx.Client) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Pass on, as the proxy of docs/operations.md does."""
            told = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https"}
            answer = onward.get(self.path, headers=told)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: Any) -> None:
            """Keep the terminal clean."""

    return Handler


def test_only_the_trusted_proxy_is_believed(tmp_path: Path) -> None:
    store_url = f"sqlite:///{tmp_path / 's.db'}"
    store = ScoreStore(store_url)
    store.write(scoring(), [account(1)])
    store.close()
    given = {"store_url": store_url, "release_folder": tmp_path, "keys": "off",
             "spool_folder": tmp_path / "spool", "trusted_proxies": PROXY}  # fmt: skip
    process, url = start(given)
    try:
        until(lambda: _answers(url), "answering")
        with proxied(tmp_path, url) as client:
            through = client.get(PATH)
        claimed = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
        directly = httpx.get(f"{url}{PATH}", headers=claimed)
    finally:
        stop(process)
    assert (through.status_code, directly.status_code) == (200, 200)
    assert through.headers["strict-transport-security"]
    assert "strict-transport-security" not in directly.headers
    engine = create_engine(store_url)
    with engine.connect() as connection:
        found = set(connection.execute(text("SELECT address FROM audit")).scalars())
    engine.dispose()
    assert found == {"198.51.100.7", "127.0.0.1"}


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}{PATH}").status_code == 200
    except httpx.ConnectError:
        return False
