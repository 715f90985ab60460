"""The audit of one row: why each label is what it is, and which rows entered which feature."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import pytest

from features.catalogue import GROUPS
from features.errors import DataError, UsageError
from features.labels.outcome_window import Horizon
from features.point_in_time.facts import Facts, spine
from features.provenance.labels import Verdict, verdicts
from features.provenance.row import Explanation, explain
from features.provenance.visibility import numbered, own_rows
from tests.support.company import company, compute_on, from_rows, groups_of

DAY = date(2024, 4, 1)
THROUGH = date(2030, 1, 1)
HEADER = (
    "product_id | starts_on | ended_on | ended_known_on | quantity | unit_price | signed_on | plan"
)
STAYS = "core | 2023-01-01 | - | - | 10 | 100 | 2023-01-01 | -"


def told(*lines: str, through: date = THROUGH, price_changes: bool = False) -> dict[str, Verdict]:
    """Return the verdicts on an account with these subscription periods."""
    own = numbered(own_rows(company(subscriptions="\n".join([HEADER, *lines])), "a"))
    facts = Facts(own, spine(own, [DAY]).cache(), [DAY])
    return {
        one.target: one for one in verdicts(facts, Horizon(91, 31, through, price_changes), DAY)
    }


def core(quantity: int, start: str, end: str = "-", known: str = "", signed: str = "") -> str:
    return f"core | {start} | {end} | {known or end} | {quantity} | 100 | {signed or start} | -"


BEFORE = core(10, "2023-01-01", "2024-05-01")
CASES: list[tuple[str, list[str], str, str, str]] = [
    (
        "more seats",
        [BEFORE, core(15, "2024-05-01", signed="2024-04-20")],
        "upsell",
        "positive",
        "core 10 -> 15 on 2024-05-01: signed 2024-04-20, +500 ARR",
    ),
    (
        "contracted before",
        [BEFORE, core(15, "2024-05-01", signed="2024-03-31")],
        "upsell",
        "negative",
        "core 10 -> 15 on 2024-05-01: signed 2024-03-31, before 2024-04-01: contracted",
    ),
    (
        "after the horizon",
        [core(10, "2023-01-01", "2024-07-01"), core(15, "2024-07-01")],
        "upsell",
        "negative",
        "core 10 -> 15 on 2024-07-01: signed 2024-07-01, after the horizon, which ends before "
        "2024-07-01",
    ),
    (
        "dearer",
        [BEFORE, "core | 2024-05-01 | - | - | 10 | 120 | 2024-05-01 | -"],
        "upsell",
        "negative",
        "core 10 -> 10 on 2024-05-01: the price or the paper alone changed",
    ),
    (
        "new product",
        [STAYS, "flow | 2024-05-01 | - | - | 3 | 100 | 2024-05-01 | -"],
        "cross_sell",
        "positive",
        "flow starts, 3 on 2024-05-01: signed 2024-05-01, +300 ARR",
    ),
    (
        "bought back",
        [
            STAYS,
            "flow | 2022-01-01 | 2023-01-01 | 2023-01-01 | 3 | 100 | 2022-01-01 | -",
            "flow | 2024-05-01 | - | - | 3 | 100 | 2024-05-01 | -",
        ],
        "cross_sell",
        "positive",
        "flow starts, 3 on 2024-05-01: bought back, signed 2024-05-01, +300 ARR",
    ),
    (
        "replacement",
        [BEFORE, "next | 2024-05-01 | - | - | 10 | 100 | 2024-05-01 | -"],
        "cross_sell",
        "negative",
        "next starts, 10 on 2024-05-01: replaces core (2024-05-01): by itself neither a new "
        "product nor a loss",
    ),
    (
        "dropped",
        [STAYS, "flow | 2023-01-01 | 2024-05-01 | 2024-05-01 | 3 | 100 | 2023-01-01 | -"],
        "downsell",
        "positive",
        "flow ends, 3 on 2024-05-01: ended 2024-05-01 without notice before 2024-04-01, -300 ARR",
    ),
    (
        "notice given",
        [STAYS, "flow | 2023-01-01 | 2024-05-01 | 2024-03-01 | 3 | 100 | 2023-01-01 | -"],
        "downsell",
        "negative",
        "flow ends, 3 on 2024-05-01: end known 2024-03-01, before 2024-04-01: contracted",
    ),
    (
        "part of the churn",
        [BEFORE],
        "downsell",
        "negative",
        "core ends, 10 on 2024-05-01: part of the churn",
    ),
    ("churn", [BEFORE], "churn", "positive", "the last line ends on 2024-05-01: -1,000 ARR"),
    (
        "pause",
        [BEFORE, core(10, "2024-06-01")],
        "churn",
        "negative",
        "the last line ends on 2024-05-01: back on 2024-06-01, within the 31 days of grace",
    ),
    (
        "announced pause",
        [
            core(10, "2023-01-01", "2024-04-15", known="2024-03-01"),
            core(10, "2024-06-01", signed="2024-03-10"),
        ],
        "churn",
        "negative",
        "the last line ends on 2024-04-15: back on 2024-06-01, within the 31 days of grace after "
        "2024-06-01, as announced before 2024-04-01: contracted",
    ),
]


@pytest.mark.parametrize(("_name", "lines", "target", "state", "why"), CASES)
def test_each_rule_says_why(
    _name: str, lines: list[str], target: str, state: str, why: str
) -> None:
    verdict = told(*lines)[target]
    assert verdict.state == state
    assert [f"{change.text}: {change.why}" for change in verdict.changes] == [why]
    assert verdict.changes[0].counts == (state == "positive")
    assert verdict.changes[0].rows


def test_a_change_of_price_counts_where_the_company_says_so() -> None:
    dearer = "core | 2024-05-01 | - | - | 10 | 120 | 2024-05-01 | -"
    verdict = told(BEFORE, dearer, price_changes=True)["upsell"]
    assert (verdict.state, verdict.arr) == ("positive", 200)


def test_an_outcome_settled_before_is_excluded_from_every_target() -> None:
    known = set(told(core(10, "2023-01-01", "2024-05-01", known="2024-03-31")).values())
    assert {(one.state, one.arr, one.changes) for one in known} == {("excluded", None, ())}
    assert {one.why for one in known} == {
        "it was known before that no paid line runs on 2024-07-01, the horizon's end "
        "(the last line ends on 2024-05-01, known on 2024-03-31)"
    }
    gone = told(core(10, "2023-01-01", "2024-03-15", known="2024-04-10"))["churn"]
    assert gone.why == (
        "no paid line really ran on 2024-04-01 or the day before "
        "(ended on 2024-03-15, known only later)"
    )


def test_a_label_says_from_when_on_it_is_mature() -> None:
    found = told(STAYS, through=date(2024, 7, 1))
    assert (found["upsell"].state, found["churn"].state) == ("negative", "not mature")
    assert found["churn"].why == (
        "not mature before 2024-08-01; data is complete before 2024-07-01"
    )


ROWS: dict[str, str] = {
    "subscriptions": "\n".join([HEADER, BEFORE, core(12, "2024-03-01", signed="2024-03-01")]),
    "usage_daily": """
    day        | events | user_id | known_at
    2023-12-31 | 2      | ann     | 2023-12-31
    2024-03-04 | 3      | ann     | 2024-03-04
    2024-03-31 | 5      | bob     | 2024-03-31
    2024-03-30 | 7      | cem     | 2024-04-01
    2024-04-01 | 9      | ann     | 2024-04-01
    """,
    "tickets": """
    opened_on  | known_at
    2024-03-03 | 2024-03-03
    2023-03-03 | 2023-03-03
    2024-04-02 | 2024-04-02
    """,
}
ASKED = ["usage_events_28d", "usage_active_users_28d", "usage_events_91d", "tickets_opened_91d"]
ASKED = [*ASKED, "adoption_age_days", "arr", "seats_licensed"]


def explained(*names: str, day: date = DAY, account: str = "a") -> Explanation:
    groups = groups_of(names) if names and "none_such" not in names else GROUPS
    horizon = Horizon(91, 31, THROUGH)
    return explain(groups, company(**ROWS), horizon, account, day, names)


def values_of(tables: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    found = compute_on(from_rows(tables), [DAY], groups_of(ASKED))
    return {name: found[0][name] for name in ASKED} if found else {}


def test_the_rows_that_decide_are_those_without_which_the_value_differs() -> None:
    result = explained(*ASKED)
    uses = {(value.name, use.table): use for value in result.values for use in value.uses}
    tables: dict[str, list[dict[str, Any]]] = {"accounts": [], "subscriptions": []}
    for row in result.rows:
        tables.setdefault(row.table, []).append(dict(row.values))
    full = values_of(tables)
    assert full == {value.name: value.value for value in result.values}
    for table in ("subscriptions", "usage_daily", "tickets"):
        for number in range(len(tables[table])):
            mine = [row for place, row in enumerate(tables[table]) if place != number]
            without = values_of({**tables, table: mine})
            differing = {name for name in ASKED if without.get(name) != full[name]}
            marked = {
                n for (n, t), use in uses.items() if t == table and number in (use.decides or ())
            }
            assert marked == differing, (table, tables[table][number])


def test_every_row_is_visible_or_says_why_not() -> None:
    hidden = {str(row.values.get("day")): row.hidden for row in explained(ASKED[0]).rows}
    assert hidden["2024-03-31"] == ""
    assert hidden["2024-03-30"] == "known on 2024-04-01, not before 2024-04-01"
    assert hidden["2024-04-01"] == "known on 2024-04-01, not before 2024-04-01"


def test_the_result_holds_only_what_json_can_say() -> None:
    import json

    said = json.loads(json.dumps(explained("arr").as_dict()))
    assert [one["target"] for one in said["targets"]] == [
        "upsell", "cross_sell", "downsell", "churn",
    ]  # fmt: skip
    assert said["features"][0]["name"] == "arr"
    assert {row["table"] for row in said["rows"]} >= {"subscriptions", "usage_daily", "tickets"}


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (partial(explained, account="b"), DataError, "account 'b' has no subscription"),
        (
            partial(explained, day=date(2020, 1, 1)),
            DataError,
            "has no row on 2020-01-01.*runs on that day.*next on 2023-01-02",
        ),
        (partial(explained, "none_such"), UsageError, "no feature 'none_such'.*catalogue"),
    ],
)
def test_errors_name_the_way_out(ask: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ask()
