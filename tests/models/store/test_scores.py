"""The score store: whole scorings only, the newest wins, and clear words when it is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from features.errors import DataError, EnvironmentFailure, UsageError
from models.inference.reasons import StoredReasons
from models.plays.prioritisation import Decision, Standing, Turn
from models.store import scored_inputs
from models.store.scored_inputs import Inputs
from models.store.scores import AccountScore, ScoreStore, StoredScore
from tests.models.stored import account, scoring


@pytest.fixture
def store(database_url: str) -> Iterator[ScoreStore]:
    opened = ScoreStore(database_url)
    yield opened
    opened.close()


def bare(stored: StoredScore) -> AccountScore:
    """What was written of an account, without its scoring."""
    return AccountScore(**{one.name: getattr(stored, one.name) for one in fields(AccountScore)})


def test_an_empty_store_has_no_scores(store: ScoreStore) -> None:
    assert store.newest() is None
    assert store.account("a-000001") is None
    assert store.all() == []


def test_what_was_written_is_read_as_it_was(store: ScoreStore) -> None:
    odd = account(2, account_id="a/ü '2'", csm_id="csm-07", segment=None, reasons=StoredReasons({}))
    store.write(scoring(), [account(1), odd, account(3)])
    assert store.newest() == scoring()
    found = store.accounts(["a/ü '2'", "a-000003", "nobody"])
    assert {one.account_id: bare(one) for one in found.values()} == {
        "a/ü '2'": odd,
        "a-000003": account(3),
    }
    assert all(one.scoring == scoring() for one in found.values())


@pytest.mark.parametrize(
    ("gain", "risk", "net"),
    [(900.0, 300.0, 600.0), (0.0, 250.5, -250.5), (None, 300.0, None), (900.0, None, None)],
)
def test_the_net_is_known_where_gain_and_risk_are(
    gain: float | None, risk: float | None, net: float | None
) -> None:
    one = account(1, expected_expansion_arr=gain, arr_at_risk=risk)
    assert one.net_expected_arr == net


def test_the_best_come_first(store: ScoreStore) -> None:
    store.write(scoring(), [account(3), account(1), account(2)])
    assert [one.rank for one in store.top(2)] == [1, 2]
    assert [one.rank for one in store.all()] == [1, 2, 3]


def test_writing_a_scoring_again_replaces_it(store: ScoreStore) -> None:
    store.write(scoring(), [account(1), account(2)])
    store.write(scoring(accounts=1), [account(1, name="Renamed")])
    assert [one.name for one in store.all()] == ["Renamed"]
    assert store.account("a-000002") is None
    newest = store.newest()
    assert newest is not None
    assert newest.accounts == 1


def test_the_newest_is_by_day_then_by_when_it_was_made(store: ScoreStore) -> None:
    later = scoring().created_at + timedelta(hours=1)
    store.write(scoring("day", as_of=date(2026, 8, 4)), [account(1, name="newest")])
    store.write(scoring("again", created_at=later), [account(1, name="older day, made later")])
    store.write(scoring("first"), [account(1, name="oldest")])
    assert [one.name for one in store.all()] == ["newest"]
    store.write(scoring("day 2", as_of=date(2026, 8, 4), created_at=later), [account(1, name="2")])
    assert [one.name for one in store.all()] == ["2"]


def test_a_moment_elsewhere_is_kept_in_utc(store: ScoreStore) -> None:
    there = datetime(2026, 8, 4, 8, 30, tzinfo=timezone(timedelta(hours=2)))
    store.write(scoring(created_at=there), [account(1)])
    newest = store.newest()
    assert newest is not None
    assert newest.created_at.replace(tzinfo=UTC) == there


def test_a_failed_scoring_leaves_the_old_one(store: ScoreStore) -> None:
    store.write(scoring(), [account(1)])

    def rows() -> Iterator[AccountScore]:
        yield from (account(number, name="half") for number in range(1, 4000))
        raise RuntimeError("the machine is on fire")

    with pytest.raises(RuntimeError):
        store.write(scoring(accounts=9), rows())
    assert [one.name for one in store.all()] == ["Account 1"]
    assert store.newest() == scoring()


def test_an_account_scored_twice_is_refused(store: ScoreStore) -> None:
    store.write(scoring(), [account(1)])
    with pytest.raises(DataError, match=r"scores"):
        store.write(scoring("second"), [account(1), account(1)])
    assert store.newest() == scoring()


def test_an_unknown_amount_is_null_in_every_database(store: ScoreStore) -> None:
    store.write(scoring(), [account(1, arr=float("nan"), arr_at_risk=None)])
    found = store.account("a-000001")
    assert found is not None
    assert (found.arr, found.arr_at_risk) == (None, None)


def test_a_probability_that_is_no_number_is_refused(store: ScoreStore) -> None:
    with pytest.raises(DataError, match="nan"):
        store.write(scoring(), [account(1, probabilities={"upsell": float("nan")})])
    assert store.newest() is None


def test_readers_see_one_scoring_while_others_write(database_url: str) -> None:
    """Two writers replace the same scoring over and over; what a reader gets is never mixed."""
    reader = ScoreStore(database_url)
    reader.write(scoring(release_id="start"), [account(n, name="start") for n in range(50)])
    failed: list[Exception] = []

    def replace(writer: int) -> None:
        own = ScoreStore(database_url)
        try:
            for turn in range(40):
                name = f"{writer}-{turn}"
                own.write(scoring(release_id=name), [account(n, name=name) for n in range(50)])
        except EnvironmentFailure as error:
            failed.append(error)
        own.close()

    writers = [threading.Thread(target=replace, args=(number,)) for number in range(2)]
    for one in writers:
        one.start()
    seen = set()
    while any(one.is_alive() for one in writers):
        rows = reader.all()
        names = {row.name for row in rows} | {row.scoring.release_id for row in rows}
        assert (len(rows), len(names)) == (50, 1)
        seen |= names
    reader.close()
    assert not failed
    assert len(seen) > 1


def test_many_accounts_are_written_from_a_stream(store: ScoreStore) -> None:
    store.write(scoring(), (account(number, reasons={}) for number in range(1, 5001)))
    wanted = [f"a-{number:06}" for number in range(1, 2001, 2)]
    assert list(store.accounts(wanted)) == wanted
    assert len(store.all()) == 5000


@pytest.mark.parametrize("url", ["scores.db", "mysql://host/scores", "", "sqlite+nope:///x"])
def test_a_url_that_is_none_says_what_to_write(url: str) -> None:
    with pytest.raises(UsageError, match=r"sqlite:///folder/scores\.db"):
        ScoreStore(url)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "scores.db").write_text("no database " * 200)
    broken = ScoreStore(f"sqlite:///{tmp_path}/scores.db")
    with pytest.raises(EnvironmentFailure, match="not a database"):
        broken.newest()
    broken.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFailure, match="cannot be made"):
        ScoreStore(f"sqlite:///{tmp_path}/file/scores.db")


def test_a_password_is_never_shown() -> None:
    away = ScoreStore("postgresql+psycopg://reader:secret@127.0.0.1:1/scores")
    with pytest.raises(EnvironmentFailure) as told:
        away.newest()
    away.close()
    assert "secret" not in str(told.value)
    assert "127.0.0.1" in str(told.value)


def decision(
    play: str = "expand", standing: Standing = "listed", place: int | None = 1
) -> Decision:
    return Decision(play, "Offer seats.", "", "cross_sell", 900.0, standing, place, held_out=False)


def test_a_decision_is_read_as_it_was_written(store: ScoreStore) -> None:
    apart = Decision("expand", "text", "why", None, 1.5, "held_out", None, held_out=True)
    store.write(scoring(), [account(1, decision=decision()), account(2, decision=apart)])
    assert [one.decision for one in store.all()] == [decision(), apart]
    store.write(scoring(), [account(1)])
    assert [one.decision for one in store.all()] == [None]


def test_the_last_turn_of_an_account_is_remembered(store: ScoreStore) -> None:
    weeks = [date(2026, 8, day) for day in (3, 10, 17, 24)]
    for week, play in zip(weeks, ("expand", "cross_sell", "drive_adoption", "expand"), strict=True):
        rows = [
            account(1, decision=decision(play)),
            account(2, decision=decision(play, "held_out", None)),
            account(3, decision=decision(play, "beyond_capacity", None)),
            account(4),
        ]
        store.write(scoring(str(week), as_of=week), rows if week != weeks[2] else rows[2:])
    assert store.turns(weeks[0], weeks[3]) == {
        "a-000001": Turn(weeks[1], "cross_sell"),
        "a-000002": Turn(weeks[1], "cross_sell"),
    }
    assert store.turns(weeks[2], weeks[3]) == {}
    assert store.turns(weeks[0], weeks[0]) == {}


def test_a_stored_score_is_json_able_but_for_its_dates(store: ScoreStore) -> None:
    store.write(scoring(), [account(1)])
    found = store.account("a-000001")
    assert found is not None
    assert found.reasons["upsell"].up[0].contribution == pytest.approx(0.42)


INPUTS = Inputs(("seats", "segment"), {"a-000001": (3.5, None), "a-000002": (None, "smb")})


def read_whole(store: ScoreStore) -> tuple[list[str], Any]:
    with store.open_scoring() as whole:
        assert whole is not None
        inputs = whole.inputs and (list(whole.inputs.names), dict(whole.inputs.rows))
        return [one.account_id for one in whole.rows], inputs


def test_a_scoring_is_read_whole_with_what_it_was_scored_on(store: ScoreStore) -> None:
    with store.open_scoring() as nothing:
        assert nothing is None
    store.write(scoring(), [account(2), account(1)], INPUTS)
    given = {"a-000001": "[3.5,null]", "a-000002": '[null,"smb"]'}
    assert read_whole(store) == (["a-000001", "a-000002"], (["seats", "segment"], given))


def test_only_the_newest_scorings_keep_their_inputs(store: ScoreStore) -> None:
    for day in (3, 4, 5, 1):
        store.write(scoring(f"s{day}", as_of=date(2026, 8, day)), [account(1)], INPUTS)
    with store._database.reading() as connection:
        assert connection is not None
        kept = [one for one in ("s1", "s3", "s4", "s5") if scored_inputs.read(connection, one)]
    assert kept == ["s4", "s5"]


def test_a_scoring_written_again_without_inputs_has_none(store: ScoreStore) -> None:
    store.write(scoring(), [account(1)], INPUTS)
    store.write(scoring(), [account(1)])
    assert read_whole(store) == (["a-000001"], None)


def test_an_input_that_is_no_number_is_refused(store: ScoreStore) -> None:
    with pytest.raises(DataError, match="neither number"):
        store.write(scoring(), [account(1)], Inputs(("x",), {"a-000001": (float("nan"),)}))
    assert store.newest() is None


def test_the_history_of_an_account_is_newest_first_and_no_longer_than_asked(
    store: ScoreStore,
) -> None:
    assert store.history("a-000001", 5) == []
    for day in (3, 10, 17):
        store.write(scoring(f"s{day}", as_of=date(2026, 8, day)), [account(1), account(day)])
    assert [one.scoring.as_of.day for one in store.history("a-000001", 2)] == [17, 10]
    assert [one.scoring.scoring_id for one in store.history("a-000010", 5)] == ["s10"]
    assert store.history("nobody", 5) == []
