"""A real server follows what the command line takes back, without a restart."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from models.store.scores import ScoreStore
from tests.models.stored import account, scoring
from tests.support.served import serving, until

TODAY = datetime.now(UTC).date()
VERB = "from pipelines.cli.app import main; main()"


def test_a_server_follows_a_withdrawal_and_never_shows_the_future(
    tmp_path: Path, database_url: str, released: Path
) -> None:
    config = tmp_path / "expansion.toml"
    config.write_text(f'[store]\nurl = "{database_url}"\n')

    def scorings(*arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-c", VERB, "scorings", *arguments]
        options = ["--config", str(config), "--json"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def write(name: str, day: date) -> None:
        with closing(ScoreStore(database_url)) as store:
            store.write(scoring(name, as_of=day), [account(1)])

    write("before", TODAY - timedelta(days=7))
    write("today", TODAY)
    settings = {
        "store_url": database_url, "release_folder": released, "keys": "off",
        "cache_folder": tmp_path / "cache", "spool_folder": tmp_path / "spool",
        "refresh_seconds": 0.1,
    }  # fmt: skip

    def answer(client: httpx.Client) -> tuple[str, int]:
        body = client.get("/v1/accounts/a-000001/score").json()
        return body["versions"]["scoring_id"], body["age_days"]

    with serving(settings) as (url, _), httpx.Client(base_url=url, timeout=30) as client:
        write("2035", date(2035, 1, 2))
        says = "2035-01-02, after today"
        until(lambda: says in client.get("/health/ready").text, "told of the future")
        assert answer(client) == ("today", 0)
        assert scorings("withdraw", "today", "--reason", "wrong data")["newest"] == "before"
        until(lambda: answer(client) == ("before", 7), "answers from the scoring before")
        assert "today" not in client.get("/v1/accounts/a-000001/history").text
        assert scorings("restore", "today")["newest"] == "today"
        until(lambda: answer(client) == ("today", 0), "answers from what was restored")
        scorings("withdraw", "2035", "--reason", "one event of 2035")
        until(lambda: client.get("/health/ready").json()["problems"] == [], "nothing to report")
        states = {item["scoring_id"]: item["state"] for item in scorings()["items"]}
        assert states == {"2035": "withdrawn", "today": "valid", "before": "valid"}
