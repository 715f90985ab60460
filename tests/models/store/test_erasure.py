"""Erasing from the store: every table of ours, at once, and for good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect

from models.plays.prioritisation import Decision
from models.store import erased_ids, erasure
from models.store.audit_log import AuditLog
from models.store.feedback import FeedbackStore
from models.store.forecasts import ForecastStore, SeatForecast, StoredForecast
from models.store.migrations.version import VERSION_TABLE
from models.store.outbox import Outbox
from models.store.scored_inputs import Inputs
from models.store.scores import ScoreStore
from tests.models.store.test_audit_log import ASKED
from tests.models.store.test_feedback import entry
from tests.models.stored import account, scoring

GONE = "a-000001"
LIKE = ("a-0000011", "a-000001-b", "xa-000001", "a-000002")
"""Ids of others: one that begins or ends like the erased one is not it."""


def decided(account_id: str) -> Any:
    told = Decision("expand", f"Talk to {account_id[:1]}.", "", None, 9.0)
    return account(
        int(LIKE.index(account_id) + 2) if account_id in LIKE else 1,
        account_id=account_id,
        decision=told,
    )


@pytest.fixture
def url(database_url: str) -> str:
    """A store in which every table names the account to erase, beside others."""
    store = ScoreStore(database_url)
    ids = [GONE, *LIKE]
    rows = [decided(one) for one in ids]
    inputs = Inputs(["arr"], {one: [1.0] for one in ids})
    other = [replace(one, decision=replace(one.decision, play="leave_alone")) for one in rows]
    earlier = scoring("s1", accounts=len(ids), as_of=date(2026, 7, 27))
    store.write(earlier, other, inputs)
    store.write(scoring("s2", accounts=len(ids)), rows, inputs)
    store.close()
    forecasts = ForecastStore(database_url)
    forecasts.write(
        StoredForecast(date(2026, 8, 3), "f" * 64, ASKED.at, {"nrr": 1.1}),
        [SeatForecast(one, 182, 10.0, 8.0, 11.0, 15.0) for one in ids],
    )
    forecasts.close()
    log = AuditLog(database_url)
    log.write([replace(ASKED, account_id=one) for one in ids])
    log.close()
    box = Outbox(database_url)
    box.notice({"crm": ["account.play_changed"]}, ASKED.at)
    box.close()
    feedback = FeedbackStore(database_url)
    feedback.write([entry(f"f-{one}", account_id=one) for one in ids])
    feedback.write([entry("note", account_id="a-000002", note=f"as with {GONE}, not {LIKE[0]}")])
    feedback.close()
    return database_url


@pytest.fixture
def store(url: str) -> Iterator[ScoreStore]:
    opened = ScoreStore(url)
    yield opened
    opened.close()


def test_an_account_goes_from_every_table_and_others_stay(url: str, store: ScoreStore) -> None:
    before = erasure.mentions(url, GONE)
    assert {name for name, rows in before.items() if rows} == {
        "scores", "inputs", "seat_forecasts", "audit", "feedback", "outbox",
    }  # fmt: skip
    removed = erasure.erase(url, "account", GONE)
    assert removed == {
        "scores": 2, "inputs": 2, "seat_forecasts": 1, "audit": 1, "feedback": 2, "outbox": 1,
    }  # fmt: skip
    assert set(erasure.mentions(url, GONE).values()) == {0}
    assert {one.account_id for one in store.all()} == set(LIKE)
    assert all(one.decision for one in store.all())
    newest = store.newest()
    assert newest is not None
    assert newest.accounts == len(LIKE)


def test_the_audit_log_keeps_that_somebody_asked(url: str) -> None:
    erasure.erase(url, "account", GONE)
    log = AuditLog(url)
    found = {one.account_id for one in log.read()}
    log.close()
    assert found == {*LIKE, erased_ids.pseudonym("account", GONE)}


def test_in_what_people_wrote_of_others_a_pseudonym_stands(url: str) -> None:
    erasure.erase(url, "account", GONE)
    feedback = FeedbackStore(url)
    notes = [one.note for one in feedback.read() if one.feedback_id == "note"]
    feedback.close()
    assert notes == [f"as with {erased_ids.pseudonym('account', GONE)}, not {LIKE[0]}"]


def test_a_scoring_that_was_on_its_way_does_not_bring_it_back(url: str, store: ScoreStore) -> None:
    erasure.erase(url, "account", GONE)
    rows = [decided(one) for one in (GONE, *LIKE)]
    inputs = Inputs(["arr"], {one.account_id: [1.0] for one in rows})
    later = date(2026, 8, 10)
    store.write(scoring("s3", as_of=later, accounts=len(rows)), rows, inputs)
    assert set(erasure.mentions(url, GONE).values()) == {0}
    newest = store.newest()
    assert newest is not None
    assert (newest.scoring_id, newest.accounts) == ("s3", len(LIKE))


def test_erasing_again_finds_nothing_more_to_do(url: str) -> None:
    erasure.erase(url, "account", GONE)
    assert not any(erasure.erase(url, "account", GONE).values())


def test_a_person_goes_from_what_people_wrote(url: str) -> None:
    feedback = FeedbackStore(url)
    feedback.write([entry("who", note="met c-7 (and c-77)", by="c-7")])
    assert erasure.erase(url, "contact", "c-7") == {"feedback": 1}
    (found,) = [one for one in feedback.read() if one.feedback_id == "who"]
    feedback.close()
    nameless = erased_ids.pseudonym("contact", "c-7")
    assert (found.note, found.by) == (f"met {nameless} (and c-77)", nameless)


def test_an_empty_store_can_be_erased_from(database_url: str) -> None:
    assert erasure.mentions(database_url, GONE) == {}
    assert erasure.erase(database_url, "account", GONE) == {
        "scores": 0, "inputs": 0, "seat_forecasts": 0, "audit": 0, "feedback": 0, "outbox": 0,
    }  # fmt: skip
    assert set(erasure.mentions(database_url, GONE).values()) == {0}


def test_in_sqlite_not_even_the_bytes_are_left(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 's.db'}"
    store = ScoreStore(url)
    store.write(scoring(), [account(1, account_id="unmistakable"), account(2)])
    erasure.erase(url, "account", "unmistakable")
    store.close()
    assert b"unmistakable" not in b"".join(path.read_bytes() for path in tmp_path.glob("s.db*"))


@pytest.mark.parametrize("odd", ["ü/1", "it's", "100%", "a_b", 'quo"te', "back\\slash", "a.c"])
def test_ids_of_every_kind_are_found(tmp_path: Path, odd: str) -> None:
    url = f"sqlite:///{tmp_path / 's.db'}"
    store = ScoreStore(url)
    store.write(scoring(), [account(1, account_id=odd), account(2, account_id="abc")])
    store.close()
    assert erasure.mentions(url, odd)["scores"] == 1
    assert erasure.erase(url, "account", odd)["scores"] == 1
    assert erasure.mentions(url, "abc")["scores"] == 1


def test_every_table_in_the_store_is_looked_at(url: str) -> None:
    """A table that is added later must be known here, or it is never erased from."""
    engine = create_engine(url)
    names = set(inspect(engine).get_table_names()) - {VERSION_TABLE}
    engine.dispose()
    assert set(erasure.mentions(url, GONE)) == names
