"""``python -m serving``: the server as a process of its own.

Exit codes: 0 stopped when told, 2 wrong usage, 3 the address is taken or the environment fails.
The store's URL may hold a password: name it in ``EXPANSION_STORE_URL``, which other users of the
machine cannot read, rather than on the command line, which they can.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any, Literal

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from features.errors import EnvironmentFailure, ExpansionError
from models.release.lightgbm_import import leave_out_unused
from serving.app import create_app
from serving.auth.proxy_user import ProxyUserMiddleware
from serving.auth.startup_check import decide_keys
from serving.settings import KEYS, RELEASES, STORE, ServingSettings
from serving.telemetry import json_logs

DRAIN_SECONDS = 20
DRAIN_NOTICE_SECONDS, LAST_SECONDS = 1.0, 0.5
TURN_SECONDS = 0.0005
"""After so long a thread that computes hands Python over to whoever answers."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; a running request is answered first. Return the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    chosen = _parser().parse_args(arguments)
    options = {STORE: chosen.store, RELEASES: chosen.release}
    try:
        environment = {**os.environ, **{name: url for name, url in options.items() if url}}
        settings = ServingSettings.from_environment(environment)
        json_logs.install(settings.log)
        settings = decide_keys(settings, chosen.host, chosen=KEYS in environment)
        _serve(create_app(settings), settings, _listen(chosen.host, chosen.port))
    except ExpansionError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving", description="Answer over HTTP from the published scores."
    )
    parser.add_argument("--store", help=f"SQLAlchemy URL of the score store, if not in {STORE}")
    parser.add_argument("--release", help=f"folder of the releases, if not in {RELEASES}")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", default=8000, type=int, help="port to listen on; 0 takes any")
    return parser


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=2048)
    except (OSError, OverflowError) as error:
        raise EnvironmentFailure(
            f"cannot listen on {host}:{port}: {error}; choose another --port or --host"
        ) from error


def _serve(app: FastAPI, settings: ServingSettings, listening: socket.socket) -> None:
    host, port = listening.getsockname()[:2]
    pages = ", documented under /docs" if settings.docs == "on" else ""
    sys.stderr.write(f"listening on http://{host}:{port}{pages}\n")
    config = uvicorn.Config(
        _behind_proxy(app, settings),
        http=_protocol(),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    DrainingServer(config, app).run(sockets=[listening])


def _behind_proxy(app: FastAPI, settings: ServingSettings) -> ASGIApp:
    """Return the application behind what reads a proxy's headers, the user's before the address."""
    trusted, header = settings.trusted_proxies, settings.proxy_user_header
    served: Any = app
    forwarded: Any = ProxyHeadersMiddleware(served, trusted) if trusted else served
    return ProxyUserMiddleware(forwarded, header, trusted) if header else forwarded


class DrainingServer(uvicorn.Server):
    """Says that it is about to stop before it does: whoever asks it now asks another one next.

    A request on its way over a connection that is closed at that moment would be lost.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._state = app.state

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop after a moment in which answers close their connections; told twice, at once."""
        if sig == signal.SIGINT or self._state.draining:
            super().handle_exit(sig, frame)
            return
        self._state.draining = True
        later = threading.Timer(DRAIN_NOTICE_SECONDS, super().handle_exit, (sig, frame))
        later.daemon = True
        later.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, and answer once more over those that are there; then close."""
        for server in self.servers:
            server.close()
        for listening in sockets or ():
            listening.close()
        await asyncio.sleep(LAST_SECONDS)
        await super().shutdown(sockets)


def _protocol() -> type[asyncio.Protocol] | Literal["h11"]:
    try:
        from serving.http.bounded_protocol import BoundedProtocol
    except ModuleNotFoundError:
        # Uvicorn's own parser, slower and bounded by itself.
        return "h11"
    return BoundedProtocol


def _stop(_signal: int, _frame: object) -> None:
    # Uvicorn drains first and then sends itself the signal again: having been told is no failure.
    raise SystemExit(0)


if __name__ == "__main__":
    leave_out_unused()
    sys.setswitchinterval(TURN_SECONDS)
    sys.exit(main())
