"""A scoring that was withdrawn, or lies after today, counts for nobody who reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models.common import clock
from models.plays.prioritisation import Decision
from models.store import erased_ids, erasure
from models.store.forecasts import ForecastStore, SeatForecast, StoredForecast
from models.store.outbox import Outbox
from models.store.scores import AccountScore, ScoreStore, Withdrawal
from tests.models.stored import account, scoring

DAY = date(2026, 8, 3)
LATER = DAY + timedelta(days=7)
TAKEN_BACK = Withdrawal(datetime(2026, 8, 11, 9), "operations", "usage of another company")  # noqa: DTZ001
EVENTS = {"crm": ["account.play_changed", "scores.published"]}
LISTED = Decision("expand", "Talk.", "", None, 9.0, "listed", place=1)


@pytest.fixture
def store(database_url: str) -> Iterator[ScoreStore]:
    with closing(ScoreStore(database_url)) as opened:
        yield opened


def playing(plays: dict[int, str]) -> list[AccountScore]:
    return [
        account(rank, decision=replace(LISTED, play=play), name=play)
        for rank, play in plays.items()
    ]


@pytest.fixture
def two(store: ScoreStore) -> ScoreStore:
    """Two scorings, a week apart; the second gives account 2 another play."""
    store.write(scoring("first", as_of=DAY, accounts=2), playing({1: "expand", 2: "expand"}))
    store.write(scoring("second", as_of=LATER, accounts=2), playing({1: "expand", 2: "save"}))
    return store


def days(store: ScoreStore) -> dict[str, list[date]]:
    """Return which scorings each way of reading finds."""
    newest, scored = store.newest(), store.account("a-000002")
    with store.open_scoring() as opened:
        rows = [] if opened is None else list(opened.rows)
    return {
        "newest": [newest.as_of] if newest else [],
        "account": [scored.scoring.as_of] if scored else [],
        "all": sorted({score.scoring.as_of for score in store.all()}),
        "open": sorted({score.scoring.as_of for score in rows}),
        "scorings": [scoring.as_of for scoring in store.scorings()],
        "history": [score.scoring.as_of for score in store.history("a-000002", 9)],
        "turns": sorted({turn.as_of for turn in store.turns(DAY, date(2036, 1, 1)).values()}),
    }


READERS = ("newest", "account", "all", "open", "scorings", "history", "turns")
ONLY_FIRST = {name: [DAY] for name in READERS}


def test_a_withdrawn_scoring_is_found_by_no_way_of_reading(two: ScoreStore) -> None:
    before = days(two)
    assert before["newest"] == [LATER]
    assert two.withdraw("second", TAKEN_BACK)
    assert days(two) == ONLY_FIRST
    assert [(state.scoring.scoring_id, state.state) for state in two.states()] == [
        ("second", "withdrawn"),
        ("first", "valid"),
    ]
    assert two.states()[0].withdrawal == TAKEN_BACK
    assert two.restore("second")
    assert days(two) == before


def test_only_what_stands_can_be_withdrawn_and_only_what_was_can_be_restored(
    two: ScoreStore,
) -> None:
    assert not two.withdraw("nowhere", TAKEN_BACK)
    assert not two.restore("second")
    assert two.withdraw("second", TAKEN_BACK)
    assert not two.withdraw("second", replace(TAKEN_BACK, reason="another"))
    assert two.states()[0].withdrawal == TAKEN_BACK


def test_without_any_other_there_is_no_scoring(store: ScoreStore) -> None:
    store.write(scoring("only"), [account(1)])
    store.withdraw("only", TAKEN_BACK)
    assert store.newest() is None
    assert store.all() == []


@pytest.mark.parametrize("ahead", [2, 49, 3000])
def test_a_scoring_of_the_future_is_never_the_newest(
    two: ScoreStore, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    at(monkeypatch, LATER - timedelta(days=ahead))
    if ahead < 7:
        assert days(two) == ONLY_FIRST
    else:
        assert two.newest() is None
    assert two.states()[0].state == "of the future"


def test_the_day_after_today_may_be_today_elsewhere(
    two: ScoreStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, LATER - timedelta(days=1))
    assert days(two)["newest"] == [LATER]


def at(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    """Let it be noon of a day."""
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "utc_now", lambda: moment)


def test_a_scoring_written_again_stands(two: ScoreStore) -> None:
    two.withdraw("second", TAKEN_BACK)
    two.write(scoring("second", as_of=LATER, accounts=1), [account(1)])
    assert two.states()[0].withdrawal is None


def forecast(day: date, **changes: Any) -> StoredForecast:
    values: dict[str, Any] = {
        "as_of": day,
        "data_fingerprint": "f" * 64,
        "created_at": TAKEN_BACK.at,
        "document": {"of": str(day)},
    }
    return StoredForecast(**{**values, **changes})


def test_a_forecast_goes_with_the_scorings_of_its_day_and_data(
    database_url: str, two: ScoreStore
) -> None:
    seats = [SeatForecast("a-000001", 182, 10.0, 8.0, 11.0, 15.0)]
    with closing(ForecastStore(database_url)) as forecasts:
        forecasts.write(forecast(DAY))
        forecasts.write(forecast(LATER), seats)
        two.withdraw("second", TAKEN_BACK)
        newest = forecasts.newest()
        assert newest is not None
        assert newest.as_of == DAY
        assert [stored.as_of for stored in forecasts.history()] == [DAY]
        assert forecasts.seats("a-000001") is None
        two.write(scoring("other model", as_of=LATER), [account(1)])
        assert [stored.as_of for stored in forecasts.history()] == [DAY, LATER]
        assert forecasts.seats("a-000001") is not None


def test_a_forecast_of_the_future_is_never_the_newest(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(ForecastStore(database_url)) as forecasts:
        forecasts.write(forecast(DAY))
        forecasts.write(forecast(date(2035, 1, 2)), [SeatForecast("a", 182, 1.0, 1.0, 1.0, 1.0)])
        assert [stored.as_of for stored in forecasts.history()] == [DAY]
        assert forecasts.seats("a") is None
        newest = forecasts.newest()
        assert newest is not None
        assert newest.as_of == DAY
        at(monkeypatch, date(2035, 1, 2))
        assert [stored.as_of for stored in forecasts.history()] == [DAY, date(2035, 1, 2)]


def sent(box: Outbox) -> list[tuple[Any, ...]]:
    """Take every message that is due; return what each says."""
    messages = []
    while message := box.take(["crm"], TAKEN_BACK.at):
        box.settle(message, "sent", "204")
        body = json.loads(message.body)
        data = body["data"]
        messages.append((data["scoring_id"], data.get("account_id"), data.get("play")))
    return sorted(messages, key=repr)


def test_who_was_told_of_a_withdrawn_scoring_is_told_what_counts_now(
    database_url: str, two: ScoreStore
) -> None:
    with closing(Outbox(database_url)) as box:
        box.notice(EVENTS, TAKEN_BACK.at)
        assert sent(box) == [("second", "a-000002", "save"), ("second", None, None)]
        two.withdraw("second", TAKEN_BACK)
        assert box.notice(EVENTS, TAKEN_BACK.at) == 2
        assert sent(box) == [("first", "a-000002", "expand"), ("first", None, None)]
        assert box.notice(EVENTS, TAKEN_BACK.at) == 0
        two.restore("second")
        box.notice(EVENTS, TAKEN_BACK.at)
        assert sent(box) == [("second", "a-000002", "save"), ("second", None, None)]


def test_a_correction_is_later_than_what_it_corrects(database_url: str, two: ScoreStore) -> None:
    with closing(Outbox(database_url)) as box:
        box.notice(EVENTS, TAKEN_BACK.at)
        sent(box)
        two.withdraw("second", TAKEN_BACK)
        box.notice(EVENTS, TAKEN_BACK.at)
        message = box.take(["crm"], TAKEN_BACK.at)
    assert message is not None
    assert json.loads(message.body)["timestamp"] == "2026-08-11T09:00:00Z"


def test_what_waits_of_a_withdrawn_scoring_is_not_sent(database_url: str, two: ScoreStore) -> None:
    with closing(Outbox(database_url)) as box:
        box.notice(EVENTS, TAKEN_BACK.at)
        two.withdraw("second", TAKEN_BACK)
        box.notice(EVENTS, TAKEN_BACK.at)
        assert {scoring_id for scoring_id, *_ in sent(box)} == {"first"}


def test_an_erased_person_is_not_named_by_a_withdrawal(database_url: str, two: ScoreStore) -> None:
    two.withdraw("second", Withdrawal(TAKEN_BACK.at, "p-77", "p-77 loaded a-000001 twice"))
    assert erasure.erase(database_url, "account", "a-000001")["scorings"] == 1
    erasure.erase(database_url, "contact", "p-77")
    withdrawal = two.states()[0].withdrawal
    person = erased_ids.pseudonym("contact", "p-77")
    gone = erased_ids.pseudonym("account", "a-000001")
    assert withdrawal == Withdrawal(TAKEN_BACK.at, person, f"{person} loaded {gone} twice")
