"""The audit log: each question once, the newest first, erased accounts under a pseudonym."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from models.store import erased_ids
from models.store.audit_log import Asked, AuditLog
from models.store.database import StoreDatabase

NOON = datetime.fromisoformat("2026-09-07T12:00:00")
ASKED = Asked("e1", "a-000001", NOON, "0" * 12, "192.0.2.7", "GET /v1/x", 200, "r1")


@pytest.fixture
def log(database_url: str) -> Iterator[AuditLog]:
    opened = AuditLog(database_url)
    yield opened
    opened.close()


def test_before_the_first_question_there_is_none(log: AuditLog) -> None:
    assert log.read() == []


def test_an_event_told_twice_is_written_once(log: AuditLog) -> None:
    both = [ASKED, replace(ASKED, account_id="b")]
    log.write(both)
    log.write([*both, replace(ASKED, event_id="e2", at=NOON + timedelta(seconds=1))])
    assert log.read(most=1)[0].event_id == "e2"
    assert len(log.read()) == 3


def test_it_is_read_by_account_by_key_and_by_time(log: AuditLog) -> None:
    later = replace(
        ASKED, event_id="e2", account_id="b", key_id="1" * 12, at=NOON + timedelta(days=1)
    )
    log.write([ASKED, later])
    assert log.read(account_id="b") == [later]
    assert log.read(key_id="0" * 12) == [ASKED]
    assert log.read(since=later.at) == [later]
    assert log.read(most=1) == [later]


def test_an_erased_account_stands_under_a_pseudonym(log: AuditLog, database_url: str) -> None:
    database = StoreDatabase(database_url)
    with database.writing() as connection:
        erased_ids.remember(connection, "account", "a-000001", NOON)
    database.close()
    log.write([ASKED])
    assert [one.account_id for one in log.read()] == [erased_ids.pseudonym("account", "a-000001")]
    assert log.read(account_id="a-000001") == []
