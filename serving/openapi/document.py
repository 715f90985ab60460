"""``python -m serving.openapi.document FILE``: the API's OpenAPI document, as kept under ``docs/``.

With ``--crm`` before the file it is the document that a CRM reads.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from serving.app import create_app
from serving.openapi import salesforce
from serving.settings import ServingSettings


def openapi(*, for_crm: bool = False) -> str:
    """Return the OpenAPI document as JSON; no store or release is needed for it."""
    settings = ServingSettings(store_url="sqlite://", release_folder=Path("release"))
    document = create_app(settings).openapi()
    chosen = salesforce.profile(document) if for_crm else document
    return json.dumps(chosen, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Write the document into the file that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m serving.openapi.document")
    parser.add_argument("--crm", action="store_true", help="OpenAPI 3.0.3, as a CRM takes it")
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    arguments.file.write_text(openapi(for_crm=arguments.crm), encoding="utf-8")


if __name__ == "__main__":
    main()
