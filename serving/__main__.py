"""``python -m serving``: the server as a process of its own."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from serving.app import create_app
from serving.settings import ServingSettings


def main() -> None:
    """Serve until told to stop; a running request is answered first."""
    parser = argparse.ArgumentParser(prog="python -m serving", description=__doc__)
    parser.add_argument("--store", required=True, help="SQLAlchemy URL of the score store")
    parser.add_argument("--release", required=True, type=Path, help="folder of the releases")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", default=8000, type=int, help="port to listen on")
    chosen = parser.parse_args()
    settings = ServingSettings(store_url=chosen.store, release_folder=chosen.release)
    uvicorn.run(create_app(settings), host=chosen.host, port=chosen.port, log_level="warning")


if __name__ == "__main__":
    main()
