"""Lists: whose turn it is within capacity and cooldown, and who is kept apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.inference.contracted import Contracted
from models.plays.context import Case
from models.plays.definitions import DECIDED, PLAYS
from models.plays.prioritisation import NOBODY, Decision, Rules, Turn, choose, is_held_out, listed
from tests.support.company import rows

MONDAY = date(2026, 8, 3)
ALARM = "secure_the_champion"


def decision(play: str, at_stake: float) -> Decision:
    return Decision(play, "text", "", None, at_stake)


def check(table: str, rules: Rules) -> None:
    """List the accounts of a table; ``last`` is when and with what play their turn last came."""
    lines = rows(table)
    choices = {one["account"]: decision(one["play"], float(one["stake"])) for one in lines}
    csms = {one["account"]: None if one["csm"] == "-" else one["csm"] for one in lines}
    turns = {one["account"]: _turn(one["last"]) for one in lines if one.get("last", "-") != "-"}
    found = listed(choices, csms, rules, MONDAY, turns)
    told = {name: (one.standing, str(one.place or "-")) for name, one in found.items()}
    assert told == {one["account"]: (one["standing"], one["place"]) for one in lines}


def _turn(cell: str) -> Turn:
    day, play = cell.split()
    return Turn(date.fromisoformat(day), play)


def test_each_csm_gets_what_is_worth_most_up_to_their_capacity() -> None:
    check(
        """
        account | csm | play           | stake | standing        | place
        small   | ann | expand         | 300   | beyond_capacity | -
        large   | ann | expand         | 900   | listed          | 1
        mid     | ann | drive_adoption | 500   | listed          | 2
        other   | ben | expand         | 300   | listed          | 1
        nothing | ben | leave_alone    | 0     | nothing_to_do   | -
        theirs  | cid | expand         | 999   | beyond_capacity | -
        nobodys | -   | expand         | 200   | listed          | 1
        equal_b | dee | expand         | 200   | listed          | 2
        equal_a | dee | expand         | 200   | listed          | 1
        """,
        Rules(capacity=2, by_csm={"cid": 0, NOBODY: 1}),
    )


def test_an_account_rests_after_its_turn_but_an_alarm_is_news() -> None:
    check(
        """
        account    | csm | play                | stake | last                           | standing     | place
        yesterday  | ann | expand              | 900   | 2026-08-02 expand              | cooling_down | -
        four_weeks | ann | expand              | 800   | 2026-07-06 expand              | listed       | 1
        nearly     | ann | expand              | 700   | 2026-07-07 expand              | cooling_down | -
        new_alarm  | ann | secure_the_champion | 600   | 2026-07-27 expand              | listed       | 2
        old_alarm  | ann | secure_the_champion | 500   | 2026-07-27 secure_the_champion | cooling_down | -
        other_play | ann | drive_adoption      | 400   | 2026-07-27 expand              | cooling_down | -
        never      | ann | expand              | 300   | -                              | listed       | 3
        """,  # noqa: E501
        Rules(capacity=5, cooldown_days=28),
    )


def test_who_is_held_out_takes_no_place_and_is_marked() -> None:
    apart = next(f"a-{n}" for n in range(999) if is_held_out(f"a-{n}", 0.05))
    choices = {apart: decision("expand", 900), "b": decision("expand", 500)}
    found = listed(choices, {}, Rules(capacity=1, hold_out=0.05), MONDAY)
    assert (found[apart].standing, found[apart].place, found[apart].held_out) == (
        "held_out",
        None,
        True,
    )
    assert (found["b"].standing, found["b"].place) == ("listed", 1)
    assert not listed(choices, {}, Rules(capacity=1), MONDAY)[apart].held_out


def test_a_notice_is_news_takes_a_place_and_is_in_no_control_group() -> None:
    apart = next(f"a-{n}" for n in range(999) if is_held_out(f"a-{n}", 0.05))
    choices = {apart: decision(DECIDED, 900), "b": decision("expand", 500)}
    last_week = {apart: Turn(MONDAY - timedelta(days=7), "expand")}
    first = listed(choices, {}, Rules(capacity=1, hold_out=0.05), MONDAY, last_week)
    assert (first[apart].standing, first[apart].place, first[apart].held_out) == (
        "listed",
        1,
        False,
    )
    assert first["b"].standing == "beyond_capacity"
    again = {apart: Turn(MONDAY - timedelta(days=7), DECIDED)}
    found = listed(choices, {}, Rules(capacity=1, hold_out=0.05), MONDAY, again)
    assert (found[apart].standing, found["b"].standing) == ("cooling_down", "listed")


def test_what_is_worth_nobody_knows_what_comes_last() -> None:
    choices = {"issue": replace(decision("fix_before_you_sell", 0), at_stake=None)}
    choices |= {"sale": decision("expand", 300), "small": decision("drive_adoption", 1)}
    found = listed(choices, {}, Rules(capacity=2), MONDAY)
    assert [found[name].place for name in ("sale", "small", "issue")] == [1, 2, None]
    assert found["issue"].standing == "beyond_capacity"


def test_the_lot_is_fair_and_does_not_change() -> None:
    names = [f"a-{number:06}" for number in range(20_000)]
    few = {name for name in names if is_held_out(name, 0.05)}
    assert 0.045 < len(few) / len(names) < 0.055
    assert few == {name for name in names if is_held_out(name, 0.05)}
    assert few < {name for name in names if is_held_out(name, 0.2)}
    assert not any(is_held_out(name, 0.0) for name in names)
    assert "a-000022" in few  # drawn today is drawn for ever: no list may forget its control group


plays = st.sampled_from(sorted(PLAYS))
accounts = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4),
    st.tuples(plays, st.floats(0, 1e6), st.sampled_from([None, "ann", "ben", "cid"])),
    max_size=25,
)
rules = st.builds(
    Rules,
    capacity=st.integers(0, 5),
    by_csm=st.dictionaries(st.sampled_from(["ann", NOBODY]), st.integers(0, 3)),
    cooldown_days=st.integers(0, 60),
    hold_out=st.floats(0, 1),
)
past = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4),
    st.builds(Turn, st.integers(1, 90).map(lambda n: MONDAY - timedelta(days=n)), plays),
)


@given(accounts, rules, past)
def test_whatever_the_accounts_a_list_keeps_its_promises(
    given_accounts: dict[str, tuple[str, float, str | None]],
    given_rules: Rules,
    turns: dict[str, Turn],
) -> None:
    choices = {name: decision(play, stake) for name, (play, stake, _) in given_accounts.items()}
    csms = {name: csm for name, (_, _, csm) in given_accounts.items()}
    found = listed(choices, csms, given_rules, MONDAY, turns)
    assert list(found) == list(choices)
    assert found == listed(dict(reversed(choices.items())), csms, given_rules, MONDAY, turns)
    on_list = {name: one for name, one in found.items() if one.standing == "listed"}
    assert {name for name, one in found.items() if one.place} == set(on_list)
    for csm, count in Counter(csms[name] or NOBODY for name in on_list).items():
        assert count <= given_rules.of(csm)
    for name, one in on_list.items():
        assert one.play != "leave_alone"
        assert one.play == DECIDED or not is_held_out(name, given_rules.hold_out)
        turn = turns.get(name)
        rested = turn and (MONDAY - turn.as_of).days >= given_rules.cooldown_days
        is_alarm = one.play in (ALARM, DECIDED)
        assert turn is None or rested or (is_alarm and turn.play != one.play)
    for csm in {csms[name] for name in on_list}:
        mine = sorted((one for n, one in on_list.items() if csms[n] == csm), key=_place)
        assert [one.place for one in mine] == list(range(1, len(mine) + 1))
        stakes = [one.at_stake for one in mine]
        assert stakes == sorted(stakes, reverse=True)
        left = [o.at_stake for n, o in found.items() if csms[n] == csm and _waits(o)]
        assert not left or max(left) <= min(stakes)


def _place(one: Decision) -> int:
    return one.place or 0


def _waits(one: Decision) -> bool:
    return one.standing == "beyond_capacity"


figures = st.one_of(st.none(), st.floats(-10, 500))
anything_contracted = st.one_of(
    st.none(),
    st.builds(
        Contracted,
        arr=st.just(0.0),
        gain=st.just(0.0),
        loss=st.one_of(st.none(), st.floats(0, 1e5)),
        effective_on=st.one_of(st.none(), st.just(MONDAY)),
        is_decided=st.booleans(),
    ),
)
COLUMNS = [
    *("champions_going", "champions_count", "tickets_open_escalated", "has_blocker", "discount"),
    *("seats_activated_share", "usage_days_silent", "seats_contracted_ahead", "seats_licensed"),
    *("seats_whitespace_share", "products_whitespace", "renewal_days"),
]
cases = st.builds(
    Case,
    values=st.dictionaries(st.sampled_from(COLUMNS), figures),
    chances=st.just({"upsell": 0.3}),
    amounts=st.dictionaries(
        st.sampled_from(["upsell", "cross_sell", "downsell", "churn"]), st.floats(0, 1e5)
    ),
    contracted=anything_contracted,
    contracted_in_a_year=anything_contracted,
)


@given(cases)
def test_each_account_has_one_play_worth_a_talk_or_none(case: Case) -> None:
    found = choose(case)
    assert found == choose(case)
    assert found.play in PLAYS
    assert found.second != found.play
    assert found.text.endswith(".")
    if found.at_stake is None:
        assert case.risk is None
        assert not PLAYS[found.play].sells
        return
    assert (
        found.at_stake >= case.limits.worth_a_talk
        or found.play == "leave_alone"
        or (case.risk is None and not PLAYS[found.play].sells)
    )
    if case.is_ending:
        assert found.play in (DECIDED, "leave_alone")
    if PLAYS[found.play].sells:
        assert case.gain is not None
        assert found.at_stake <= case.gain - (case.risk or 0.0) + 0.01
        assert not any(one.tell(case) for one in PLAYS[found.play].guards)
