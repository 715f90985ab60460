"""A real server whose store gets another schema: it says so, and no request fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from models.store.audit_log import AuditLog
from models.store.database import Database, upgrade_schema
from models.store.feedback import FeedbackStore
from models.store.migrations import versions
from models.store.migrations.upgrade import configuration
from models.store.migrations.version import VERSION
from models.store.scores import ScoreStore
from serving.snapshot import file
from tests.models.store import baseline
from tests.support.served import free_port, serving, start, stop, until

ACCOUNTS = ("acme-1", "bolt-2", "dull-4", "emit-5")
FEEDBACK = {
    "account_id": "acme-1", "action": "called", "outcome": "open", "happened_on": "2026-08-05",
    "by": "csm-1",
}  # fmt: skip
NEWER = f'''
from alembic import op
revision = "9001"
down_revision = "{VERSION}"
branch_labels = depends_on = None

def upgrade():
    op.rename_table("scores", "account_scores")
    op.drop_index("feedback_by_account", "feedback")
    op.rename_table("feedback", "decision_log")

def downgrade():
    op.rename_table("decision_log", "feedback")
    op.create_index("feedback_by_account", "feedback", ["account_id", "number"])
    op.rename_table("account_scores", "scores")
'''


class Asking:
    """Asks for one account after the other, over and over."""

    def __init__(self, url: str) -> None:
        self.sent = 0
        self.failed: list[str] = []
        self._url, self._over = url, Event()
        self._thread = Thread(target=self._ask)

    def _ask(self) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as client:
            while not self._over.wait(0.005):
                account = ACCOUNTS[self.sent % len(ACCOUNTS)]
                answer = client.get(f"/v1/accounts/{account}/score")
                self.sent += 1
                if answer.status_code != 200 or answer.json()["account_id"] != account:
                    self.failed.append(answer.text)

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def settings(tmp_path: Path, database_url: str, released: Path) -> dict[str, object]:
    """The settings of a server over a store of before there were migrations."""
    baseline.load(database_url)
    return {
        "store_url": database_url, "release_folder": released, "keys": "off",
        "cache_folder": tmp_path / "cache", "spool_folder": tmp_path / "spool",
        "refresh_seconds": 0.1,
    }  # fmt: skip


def problems(client: httpx.Client) -> str:
    try:
        return " ".join(client.get("/health/ready").json()["problems"])
    except httpx.ConnectError:
        return "nobody listens"


@contextmanager
def revisions(url: str, folder: Path) -> Iterator[Config]:
    """Alembic's configuration with one more revision, of a version to come."""
    folder.mkdir()
    (folder / "v9001_newer.py").write_text(NEWER)

    def configured(connection: Connection) -> Config:
        config = configuration(connection)
        own = Path(versions.__file__).parent
        config.set_main_option("version_locations", f"{own}{os.pathsep}{folder}")
        return config

    with closing(Database(url)) as database, database.writing() as connection:
        yield configured(connection)


def test_a_server_whose_store_becomes_newer_answers_from_what_it_holds(
    settings: dict[str, object], database_url: str, tmp_path: Path
) -> None:
    upgrade_schema(database_url)
    says = f"the score store has schema 9001, this server knows {VERSION}: update this server"
    with (
        serving(settings) as (url, _),
        Asking(url) as asking,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        assert client.post("/v1/feedback", json=FEEDBACK).status_code == 201
        with revisions(database_url, tmp_path / "newer") as config:
            command.upgrade(config, "head")
        until(lambda: says in problems(client), "told of a newer schema")
        assert client.get("/health/ready").status_code == 200
        assert client.get("/v1/accounts/acme-1/score").json()["stale"] is True
        assert client.get("/v1/accounts/acme-1/history").status_code == 503
        assert client.post("/v1/feedback", json=FEEDBACK).status_code == 202
        with revisions(database_url, tmp_path / "older") as config:
            command.downgrade(config, VERSION)
        until(lambda: problems(client) == "", "at peace with the store")
    assert asking.failed == []
    assert asking.sent > 10
    with closing(FeedbackStore(database_url)) as store, closing(AuditLog(database_url)) as log:
        assert len(store.read()) == baseline.COUNTS["feedback"] + 2
        assert len(log.read(most=1_000_000)) == baseline.COUNTS["audit"] + asking.sent + 4


def test_a_server_over_an_old_store_waits_for_the_upgrade_and_answers_meanwhile(
    settings: dict[str, object], database_url: str, tmp_path: Path
) -> None:
    hold_edition(tmp_path)
    (tmp_path / "expansion.toml").write_text(
        f'[company]\nname = "Example"\n[store]\nurl = "{database_url}"\n'
    )
    says = f"the score store has schema 0001, this server knows {VERSION}: run `expansion store"
    process, url = start(settings, free_port())
    try:
        with httpx.Client(base_url=url, timeout=30) as client:
            until(lambda: says in problems(client), "told of an older schema")
            until(lambda: client.get("/health/ready").status_code == 200, "ready")
            with Asking(url) as asking:
                assert client.post("/v1/feedback", json=FEEDBACK).status_code == 202
                verb = [Path(sys.executable).with_name("expansion"), "store", "upgrade"]
                subprocess.run(verb, cwd=tmp_path, check=True, capture_output=True)
                until(lambda: problems(client) == "", "at peace with the store")
            history = client.get("/v1/accounts/acme-1/history").json()["scores"]
    finally:
        stop(process)
    assert asking.failed == []
    assert asking.sent > 10
    assert [score["as_of"] for score in history] == ["2026-08-03", "2026-07-27", "2026-07-20"]
    with closing(FeedbackStore(database_url)) as store:
        assert len(store.read()) == baseline.COUNTS["feedback"] + 1


def hold_edition(folder: Path) -> None:
    """Leave the newest scoring of such a store where a server before has left it."""
    url = f"sqlite:///{folder / 'copy.db'}"
    baseline.load(url)
    (folder / "cache").mkdir()
    with closing(ScoreStore(url)) as store, store.open_scoring() as newest:
        assert newest is not None
        file.write(file.path_of(folder / "cache", newest.scoring), newest)
