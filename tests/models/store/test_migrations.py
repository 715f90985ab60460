"""The migrations: from a store of before there were any, every row, all at once or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from setuptools import find_packages
from sqlalchemy import MetaData, text
from sqlalchemy.exc import OperationalError

from features.errors import DataError, EnvironmentFailure
from models.plays.prioritisation import Decision
from models.store.api_keys import KeyStore
from models.store.audit_log import AuditLog
from models.store.database import (
    Database,
    SchemaState,
    Store,
    StoreDatabase,
    metadata,
    schema_state,
    upgrade_schema,
)
from models.store.erased_ids import read as read_erased
from models.store.feedback import FeedbackStore
from models.store.forecasts import ForecastStore
from models.store.migrations.upgrade import configuration, upgrade
from models.store.migrations.version import TABLES, VERSION, VERSION_TABLE
from models.store.outbox import Outbox
from models.store.scores import ScoreStore
from tests.models.store import baseline
from tests.models.store.test_feedback import entry
from tests.models.stored import account, scoring

ROOT = Path(__file__).parents[3]
SCRIPTS = ScriptDirectory.from_config(configuration())


@pytest.fixture
def old_url(database_url: str) -> str:
    """A store that was written by the code of before there were migrations."""
    baseline.load(database_url)
    return database_url


def differences(url: str, expected: MetaData) -> list[Any]:
    with baseline.opened(url) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return list(compare_metadata(context, expected))


def by_key(scores: list[baseline.Row]) -> dict[tuple[str, str], baseline.Row]:
    return {(row["scoring_id"], row["account_id"]): row for row in scores}


def by_id(scorings: list[baseline.Row]) -> dict[str, baseline.Row]:
    return {row["scoring_id"]: row for row in scorings}


def changed(url: str, statement: str) -> None:
    with baseline.opened(url) as engine, engine.begin() as connection:
        connection.execute(text(statement))


def test_the_fixture_has_rows_in_every_table_of_the_baseline(old_url: str) -> None:
    assert {name: len(rows) for name, rows in baseline.rows(old_url).items()} == baseline.COUNTS
    first = SCRIPTS.get_revision("0001")
    assert differences(old_url, first.module.baseline) == []


def test_every_row_of_a_store_of_before_is_there_after(old_url: str) -> None:
    before = baseline.rows(old_url)
    assert upgrade_schema(old_url).before == "0001"
    after = baseline.rows(old_url)
    assert after.pop(VERSION_TABLE) == [{"version_num": VERSION}]
    assert by_key(after.pop("scores")) == by_key(baseline.moved(before))
    assert by_id(after.pop("scorings")) == by_id(baseline.standing(before))
    del before["scores"], before["decisions"], before["scorings"]
    assert after == before


@pytest.mark.parametrize(
    ("models", "unknown"),
    [
        ('{"upsell": "1"}', {"arr_at_risk"}),
        ('{"churn": "1"}', {"expected_expansion_arr"}),
        ('{"downsell": "1", "cross_sell": "2"}', set()),
        ('{"own_label": "1"}', set()),
    ],
)
def test_a_sum_that_no_model_was_behind_is_no_longer_0(
    old_url: str, models: str, unknown: set[str]
) -> None:
    changed(old_url, f"UPDATE scorings SET models = '{models}'")
    before = by_key(baseline.rows(old_url)["scores"])
    upgrade_schema(old_url)
    after = by_key(baseline.rows(old_url)["scores"])
    for key, row in after.items():
        for name in ("expected_expansion_arr", "arr_at_risk"):
            assert row[name] == (None if name in unknown else before[key][name])


def test_what_was_written_before_is_read_by_every_store(old_url: str) -> None:
    with closing(ScoreStore(old_url)) as scores:
        first, second, undecided = scores.history("cogs/3", 9)
    assert first.decision == Decision(
        "expand", "Offer 20 seats; 96 % are in use.", "", None, 0.1, "held_out", held_out=True
    )
    assert second.decision is not None
    assert (second.decision.play, second.decision.place) == ("save", 3)
    assert undecided.decision is None
    assert [one.scoring.as_of.day for one in (first, second, undecided)] == [3, 27, 20]
    with closing(ForecastStore(old_url)) as forecasts:
        assert [one.as_of.day for one in forecasts.history()] == [27, 3]
    with closing(FeedbackStore(old_url)) as feedback:
        assert [one.amount for one in feedback.read()] == [None, -1200.5]
        assert feedback.add(entry()).number > 2
    with closing(KeyStore(old_url)) as keys:
        assert {key.name: key.per_minute for key in keys.all()} == {"crm": 600, "former crm": None}
    with closing(AuditLog(old_url)) as audit:
        assert len(audit.read()) == 3
    with closing(Outbox(old_url)) as outbox:
        assert outbox.off() == {"chat"}
        assert outbox.counts()["crm", "due"] == 3
    assert len(read_erased(old_url)["account"]) == 1


@pytest.mark.parametrize("load", [lambda _: None, baseline.load], ids=["new", "old"])
def test_the_migrations_make_the_tables_of_the_code(
    database_url: str, load: Callable[[str], None]
) -> None:
    load(database_url)
    upgrade_schema(database_url)
    assert differences(database_url, metadata) == []


def test_the_newest_revision_is_the_one_that_the_code_knows() -> None:
    assert SCRIPTS.get_current_head() == VERSION
    assert metadata.tables.keys() | SCRIPTS.get_revision("0001").module.baseline.tables == TABLES


def test_a_store_that_never_needed_some_tables_gets_them(old_url: str) -> None:
    for table in baseline.COUNTS.keys() - {"scorings", "scores"}:
        changed(old_url, f"DROP TABLE {table}")
    with closing(ScoreStore(old_url)) as store:
        assert [one.decision for one in store.all()] == [None] * 5
        store.write(scoring(), [account(1)])
    assert differences(old_url, metadata) == []


def test_upgrading_again_changes_nothing(old_url: str) -> None:
    upgrade_schema(old_url)
    before = baseline.rows(old_url)
    assert upgrade_schema(old_url).before == VERSION
    assert baseline.rows(old_url) == before


def test_an_empty_store_is_told_and_reading_does_not_fill_it(database_url: str) -> None:
    with closing(ScoreStore(database_url)) as store:
        assert store.newest() is None
    state = schema_state(database_url)
    assert state == SchemaState(state.store, None, VERSION)
    assert baseline.rows(database_url) == {}
    upgrade_schema(database_url)
    assert schema_state(database_url).schema == VERSION


def test_a_migration_that_fails_leaves_the_old_store(old_url: str) -> None:
    changed(old_url, "UPDATE decisions SET account_id = 'nobody' WHERE account_id = 'acme-1'")
    before = baseline.rows(old_url)
    with pytest.raises(DataError, match="2 rows of the table decisions have no score"):
        upgrade_schema(old_url)
    assert baseline.rows(old_url) == before
    changed(old_url, "UPDATE decisions SET account_id = 'acme-1' WHERE account_id = 'nobody'")
    upgrade_schema(old_url)
    assert len(baseline.rows(old_url)["scores"]) == baseline.COUNTS["scores"]


STOPPED = """
import sys, time
from sqlalchemy import Engine, event
from models.store.database import upgrade_schema

@event.listens_for(Engine, "after_cursor_execute")
def stop(connection, cursor, statement, *rest):
    if statement.strip() == "DROP TABLE decisions":
        print("half-way", flush=True)
        time.sleep(60)

upgrade_schema(sys.argv[1])
"""


def test_a_migration_that_is_killed_leaves_the_old_store(old_url: str) -> None:
    before = baseline.rows(old_url)
    command = [sys.executable, "-c", STOPPED, old_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half-way\n"
        process.send_signal(signal.SIGKILL)
    assert baseline.rows(old_url) == before
    assert upgrade_schema(old_url).before == "0001"
    assert baseline.rows(old_url).keys() == metadata.tables.keys() | {VERSION_TABLE}


def test_of_two_that_upgrade_at_once_one_does_it(old_url: str) -> None:
    code = "import sys; from models.store.scores import ScoreStore; ScoreStore(sys.argv[1]).all()"
    command = [sys.executable, "-c", code, old_url]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert len(baseline.rows(old_url)["scores"]) == baseline.COUNTS["scores"]


def test_who_reads_during_an_upgrade_sees_the_old_store_to_the_end(old_url: str) -> None:
    """PostgreSQL waits for the reader, without a deadlock; SQLite lets both go on."""
    code = "import sys; from models.store.database import upgrade_schema as u; u(sys.argv[1])"
    with closing(Database(old_url)) as database, database.reading() as reader:
        assert reader.exec_driver_sql("SELECT count(*) FROM scores").scalar_one() == 15
        with subprocess.Popen([sys.executable, "-c", code, old_url]) as process:
            if database.is_sqlite:
                assert process.wait(timeout=120) == 0
            else:
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(timeout=5)
            assert reader.exec_driver_sql("SELECT count(*) FROM decisions").scalar_one() == 10
            reader.rollback()
            assert process.wait(timeout=120) == 0
    assert schema_state(old_url).schema == VERSION


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_in_postgres_a_reader_keeps_upgrades_out(database_url: str) -> None:
    upgrade_schema(database_url)
    lock = f"LOCK TABLE {VERSION_TABLE} IN ACCESS EXCLUSIVE MODE NOWAIT"
    with closing(StoreDatabase(database_url)) as database:
        with database.reading(), pytest.raises(OperationalError, match="could not obtain lock"):
            changed(database_url, lock)
        changed(database_url, lock)


def test_a_table_of_somebody_else_is_left_alone(database_url: str) -> None:
    Path(database_url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    changed(database_url, "CREATE TABLE inputs (source_type TEXT, destination_id TEXT)")
    with pytest.raises(DataError, match="the table inputs is not the score store's"):
        upgrade_schema(database_url)
    assert baseline.rows(database_url) == {"inputs": []}


def test_a_newer_store_is_neither_read_nor_written(database_url: str) -> None:
    upgrade_schema(database_url)
    changed(database_url, f"UPDATE {VERSION_TABLE} SET version_num = '9001'")
    says = f"schema 9001, this installation knows {VERSION}: update this installation"
    with closing(ScoreStore(database_url)) as store:
        with pytest.raises(EnvironmentFailure, match=says):
            store.newest()
        with pytest.raises(EnvironmentFailure, match=says):
            store.write(scoring(), [account(1)])
    with pytest.raises(EnvironmentFailure, match=says):
        upgrade_schema(database_url)
    assert schema_state(database_url).schema == "9001"


def asked(store: Store) -> str:
    """Return what a store says when it is read, nothing when it can be."""
    try:
        with store._database.reading():
            return ""
    except EnvironmentFailure as error:
        return str(error)


def test_a_server_upgrades_nothing_and_says_what_to_do(old_url: str) -> None:
    before = baseline.rows(old_url)
    says = f"the score store has schema 0001, this server knows {VERSION}: run `expansion store"
    with closing(FeedbackStore(old_url, upgrades=False)) as store:
        assert asked(store).startswith(says)
        with pytest.raises(EnvironmentFailure, match=says):
            store.add(entry())
        assert baseline.rows(old_url) == before
        upgrade_schema(old_url)
        assert asked(store) == ""
        assert store.add(entry()).feedback_id == "f1"


def test_a_server_does_not_fill_an_empty_store(database_url: str) -> None:
    with closing(FeedbackStore(database_url, upgrades=False)) as store:
        assert store.read() == []
        with pytest.raises(EnvironmentFailure, match="empty: run `expansion store upgrade`"):
            store.add(entry())
    assert baseline.rows(database_url) == {}


def test_a_write_that_fails_takes_its_upgrade_back(old_url: str) -> None:
    before = baseline.rows(old_url)
    with closing(ScoreStore(old_url)) as store, pytest.raises(DataError, match="nan"):
        store.write(scoring(), [account(1, probabilities={"upsell": float("nan")})])
    assert baseline.rows(old_url) == before


def test_a_store_at_the_first_revision_is_upgraded_as_one_without_a_version(
    database_url: str,
) -> None:
    with closing(Database(database_url)) as database, database.writing() as connection:
        upgrade(connection, "0001")
    assert schema_state(database_url).schema == "0001"
    assert upgrade_schema(database_url).before == "0001"
    assert differences(database_url, metadata) == []


def test_asking_for_the_version_needs_no_alembic(database_url: str) -> None:
    upgrade_schema(database_url)
    code = (
        "import sys; from models.store.scores import ScoreStore; "
        "ScoreStore(sys.argv[1]).all(); print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, database_url], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_a_wheel_holds_the_revisions() -> None:
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    packages = find_packages(str(ROOT), include=setup["packages"]["find"]["include"])
    folders = {path.parent for path in (ROOT / "models/store/migrations").rglob("*.py")}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert "models.store.migrations.versions" in names
    assert names <= set(packages)
