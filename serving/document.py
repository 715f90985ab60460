"""``python -m serving.document FILE``: the API's OpenAPI document, as kept under ``docs/``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from serving.app import create_app
from serving.settings import ServingSettings


def openapi() -> str:
    """Return the OpenAPI document as JSON; no store or release is needed for it."""
    settings = ServingSettings(store_url="sqlite://", release_folder=Path("release"))
    return json.dumps(create_app(settings).openapi(), indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Write the document into the file that the command line names."""
    Path(sys.argv[1]).write_text(openapi(), encoding="utf-8")


if __name__ == "__main__":
    main()
