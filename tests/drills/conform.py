"""Holds the whole API against its own document, with a key and without, by schemathesis.

``python -m tests.drills.conform --examples 100 --seed 1`` starts a service with two models, a
scoring and a key of all scopes, and lets schemathesis ask it whatever the document allows and
whatever it forbids: all phases, all checks. Without a key every operation must refuse. More options
are handed on to schemathesis.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from models.common.clock import stored_now
from models.store.api_keys import KeyStore, generate_key
from models.store.scored_inputs import Inputs
from models.store.scores import ScoreStore
from tests.models.releases import META, account, publish, scoring
from tests.support import served

CONFIG = Path(__file__).with_name("schemathesis.toml")
SCHEMATHESIS = (sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG))
ACCOUNTS = ("a-000012", "a", "0")
"""The first one is the document's example."""


def settings(base: Path) -> tuple[dict[str, object], str]:
    """Return the settings of a service that has everything to answer with, and an admin's key."""
    url = f"sqlite:///{base / 'scores.db'}"
    folder = base / "releases"
    models = {"upsell": served.model(1, "1", isotonic=True)}
    publish(folder, models, META)
    store = ScoreStore(url)
    given = zip(ACCOUNTS, served.rows(3, seed=7), strict=True)
    names = [one.name for one in served.INPUTS]
    inputs = Inputs(names, {one: [row[name] for name in names] for one, row in given})
    found = [account(one, rank) for rank, one in enumerate(ACCOUNTS, 1)]
    store.write(scoring(accounts=3), found, inputs)
    store.close()
    until = stored_now() + timedelta(days=1)
    stored, key = generate_key("conform", ["admin"], until, per_minute=10**8)
    keys = KeyStore(url)
    keys.add(stored)
    keys.close()
    return {"store_url": url, "release_folder": folder, "spool_folder": base / "spool",
            "keys": "required", "log": "error"}, key  # fmt: skip


def run(options: Sequence[str]) -> int:
    """Ask with a key, then without; return the first exit code that is not 0."""
    with tempfile.TemporaryDirectory() as base:
        chosen, key = settings(Path(base))
        with served.serving(chosen) as (url, _):
            command = [*SCHEMATHESIS, "run", f"{url}/openapi.json", "--checks", "all", *options]
            with_key = subprocess.run([*command, "-H", f"Authorization: Bearer {key}"], cwd=base)
            without = subprocess.run(command, cwd=base)
    return with_key.returncode or without.returncode


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.drills.conform", description=__doc__)
    parser.add_argument("--examples", default=100, type=int)
    parser.add_argument("--seed", default=1, type=int)
    chosen, more = parser.parse_known_args()
    sys.exit(run(["--max-examples", str(chosen.examples), "--seed", str(chosen.seed), *more]))


if __name__ == "__main__":
    main()
