"""The outbox: what is new becomes messages, each once, whoever makes and takes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from models.plays.prioritisation import Decision
from models.store import erasure
from models.store.outbox import LEASE, Outbox
from models.store.scores import AccountScore, ScoreStore
from tests.models.store.test_audit_log import ASKED
from tests.models.stored import account, scoring

NOW = ASKED.at
PLAYS = {"crm": ["account.play_changed"]}
BOTH = {"crm": ["account.play_changed"], "chat": ["account.play_changed", "scores.published"]}
TOLD = Decision("expand", "Talk.", "", None, 9.0, "listed", place=1)
WEEK = timedelta(days=7)


def playing(number: int, play: str | None) -> AccountScore:
    return account(number, decision=replace(TOLD, play=play) if play else None)


@pytest.fixture
def store(database_url: str) -> Iterator[ScoreStore]:
    opened = ScoreStore(database_url)
    yield opened
    opened.close()


@pytest.fixture
def box(database_url: str, store: ScoreStore) -> Iterator[Outbox]:
    """An outbox beside two scorings: the second account's play changes, a third account comes."""
    week(store, 0, {1: "expand", 2: "expand"})
    week(store, 1, {1: "expand", 2: "save", 3: "expand"})
    opened = Outbox(database_url)
    yield opened
    opened.close()


def week(store: ScoreStore, number: int, plays: dict[int, str]) -> None:
    day = date(2026, 8, 3) + number * WEEK
    rows = [playing(rank, play) for rank, play in plays.items()]
    store.write(scoring(f"s{number}", as_of=day, accounts=len(rows)), rows)


def taken(box: Outbox, *endpoints: str) -> list[dict[str, Any]]:
    found = []
    while message := box.take(endpoints or ("crm",), NOW):
        found.append({"id": message.message_id, "to": message.endpoint, **json.loads(message.body)})
    return found


def changed(messages: list[dict[str, Any]]) -> set[tuple[str, str | None, str]]:
    return {
        (one["data"]["account_id"], one["data"]["play_before"], one["data"]["play"])
        for one in messages
    }


def test_a_play_that_changes_and_an_account_that_comes_are_told(box: Outbox) -> None:
    assert box.notice(PLAYS, NOW) == 2
    messages = taken(box)
    assert changed(messages) == {("a-000002", "expand", "save"), ("a-000003", None, "expand")}
    first = messages[0]
    assert first["type"] == "account.play_changed"
    assert first["timestamp"] == "2026-08-04T06:30:00Z"
    assert first["data"].keys() >= {"scoring_id", "as_of", "currency", "csm_id", "at_stake", "text"}


def test_noticing_again_makes_nothing_twice(box: Outbox) -> None:
    box.notice(PLAYS, NOW)
    ids = {one["id"] for one in taken(box)}
    assert box.notice(PLAYS, NOW) == 0
    later = NOW + LEASE
    again = box.take(["crm"], later)
    assert again is not None
    assert again.message_id in ids
    assert again.attempts == 2


def test_each_endpoint_gets_its_events(box: Outbox) -> None:
    assert box.notice(BOTH, NOW) == 5
    to_chat = taken(box, "chat")
    assert sorted(one["type"] for one in to_chat) == [
        "account.play_changed", "account.play_changed", "scores.published",
    ]  # fmt: skip
    published = next(one for one in to_chat if one["type"] == "scores.published")
    assert published["data"]["accounts"] == 3
    assert len(taken(box, "crm")) == 2


def test_scorings_that_nobody_noticed_are_made_up_for(box: Outbox, store: ScoreStore) -> None:
    box.notice(PLAYS, NOW)
    week(store, 2, {1: "save", 2: "save", 3: "expand"})
    week(store, 3, {1: "expand", 2: "save", 3: "expand"})
    assert box.notice(PLAYS, NOW) == 2
    assert {("a-000001", "expand", "save"), ("a-000001", "save", "expand")} <= changed(taken(box))


def test_a_scoring_written_anew_tells_only_what_is_new(box: Outbox, store: ScoreStore) -> None:
    box.notice(PLAYS, NOW)
    week(store, 1, {1: "save", 2: "save", 3: "expand"})
    assert box.notice(PLAYS, NOW) == 1


def test_at_first_only_the_newest_is_new(box: Outbox, store: ScoreStore) -> None:
    week(store, 2, {1: "expand", 2: "save", 3: "expand"})
    assert box.notice(PLAYS, NOW) == 0


@pytest.mark.parametrize("weeks", [0, 1])
def test_without_two_scorings_nothing_is_new(database_url: str, weeks: int) -> None:
    opened = ScoreStore(database_url)
    if weeks:
        week(opened, 0, {1: "expand"})
    opened.close()
    empty = Outbox(database_url)
    assert (empty.off(), empty.counts()) == (frozenset(), {})
    assert empty.notice(PLAYS, NOW) == 0
    assert empty.take(["crm"], NOW) is None
    empty.close()


def test_what_was_sent_goes_in_time_and_what_was_not_stays(box: Outbox, store: ScoreStore) -> None:
    box.notice(PLAYS, NOW)
    sent = box.take(["crm"], NOW)
    assert sent is not None
    box.settle(sent, "sent", "204")
    for number in range(2, 11):
        week(store, number, {1: "expand", 2: "save", 3: "expand"})
    assert box.notice(PLAYS, NOW) == 0
    assert box.counts() == {("crm", "due"): 1}


def test_an_account_that_was_erased_is_not_told_of(box: Outbox, database_url: str) -> None:
    box.notice(PLAYS, NOW)
    assert erasure.erase(database_url, "account", "a-000002")["outbox"] == 1
    assert box.notice(PLAYS, NOW) == 0
    assert changed(taken(box)) == {("a-000003", None, "expand")}


def test_who_is_switched_off_and_on_again_gets_what_waited(box: Outbox) -> None:
    box.notice(PLAYS, NOW)
    first, second = box.take(["crm"], NOW), box.take(["crm"], NOW)
    assert first is not None
    assert second is not None
    box.switch_off(first, NOW)
    box.settle(second, "given_up", "500")
    assert box.off() == {"crm"}
    box.switch_on("crm", NOW)
    assert box.off() == frozenset()
    assert len(taken(box)) == 2
