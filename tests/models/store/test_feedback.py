"""The decision log: kept once, in order, and not of who was erased."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models.store import erased_ids
from models.store.database import StoreDatabase
from models.store.feedback import ErasedAccountError, Feedback, FeedbackStore

MONDAY = datetime.fromisoformat("2026-09-07T08:30:00.5")


def entry(feedback_id: str = "f1", **changes: Any) -> Feedback:
    """Return an entry with what the test is about changed."""
    plain = Feedback(
        feedback_id=feedback_id,
        account_id="a-000001",
        play="expand",
        scoring_id="s1",
        action="called",
        outcome="open",
        amount=None,
        happened_on=date(2026, 9, 4),
        by="csm-07",
        note="asked for a quote\nand für später",
        known_at=MONDAY,
        key_id="",
        digest="d" * 64,
    )
    return replace(plain, **changes)


@pytest.fixture
def store(database_url: str) -> Iterator[FeedbackStore]:
    opened = FeedbackStore(database_url)
    yield opened
    opened.close()


def test_before_the_first_entry_there_is_none(store: FeedbackStore) -> None:
    assert store.read() == []


def test_an_entry_is_read_as_it_was_stored(store: FeedbackStore) -> None:
    stored = store.add(entry(amount=-1200.5))
    assert store.read() == [stored]
    assert replace(stored, number=0) == entry(amount=-1200.5)


def test_a_line_holds_all_of_an_entry() -> None:
    assert Feedback.from_line(entry().as_line()) == entry()


def test_the_first_of_an_id_stays(store: FeedbackStore) -> None:
    first = store.add(entry())
    assert store.add(entry(outcome="expanded")) == first
    store.write([entry(outcome="declined"), entry("f2")])
    assert [one.outcome for one in store.read()] == ["open", "open"]


def test_who_goes_on_after_a_number_misses_nothing_that_was_late(store: FeedbackStore) -> None:
    seen = store.add(entry("new", known_at=MONDAY))
    store.write([entry("late", known_at=MONDAY - timedelta(days=1))])
    assert [one.feedback_id for one in store.read(after=seen.number)] == ["late"]


def test_the_log_is_read_by_account_by_time_and_in_parts(store: FeedbackStore) -> None:
    store.write(
        [entry("f1"), entry("f2", account_id="b"), entry("f3", known_at=MONDAY.replace(year=2027))]
    )
    assert [one.feedback_id for one in store.read(account_id="b")] == ["f2"]
    assert [one.feedback_id for one in store.read(since=datetime.fromisoformat("2027-01-01"))] == [
        "f3"
    ]
    first = store.read(most=2)
    assert [one.feedback_id for one in store.read(after=first[-1].number)] == ["f3"]


def test_of_an_erased_account_nothing_is_kept(store: FeedbackStore, database_url: str) -> None:
    database = StoreDatabase(database_url)
    with database.writing() as connection:
        erased_ids.remember(connection, "account", "a-000001", MONDAY)
        erased_ids.remember(connection, "account", "a-000001", MONDAY)
    database.close()
    with pytest.raises(ErasedAccountError):
        store.add(entry())
    store.write([entry(), entry("f2", account_id="b")])
    assert [one.account_id for one in store.read()] == ["b"]
