"""What a target says of itself, and labels of some targets alone."""

from __future__ import annotations

from datetime import date

from features.labels.label_table import labels
from features.labels.outcome_window import Horizon
from features.labels.targets import TARGETS
from features.point_in_time.facts import Facts, spine
from tests.support.company import company

DAY = date(2024, 4, 1)


def test_a_target_describes_itself_by_its_first_line() -> None:
    assert TARGETS["upsell"].as_dict(91, 31) == {
        "name": "upsell",
        "title": "Upsell",
        "titles": {},
        "column": "upsell_next_91d",
        "amount_column": "upsell_arr_next_91d",
        "direction": "+",
        "excludes": [],
        "mature_days": 91,
        "description": "More of a product the account holds, or a dearer plan or successor, "
        "signed in the horizon.",
    }
    assert {name: one.mature_days(91, 31) for name, one in TARGETS.items()} == {
        "upsell": 91,
        "cross_sell": 122,
        "downsell": 122,
        "churn": 122,
    }


def test_some_targets_can_be_asked_for_alone() -> None:
    lines = """
    account_id | starts_on  | ended_on   | quantity
    more       | 2023-01-01 | 2024-05-01 | 10
    more       | 2024-05-01 | -          | 15
    gone       | 2023-01-01 | 2024-05-01 | 10
    """
    own = company(subscriptions=lines)
    facts = Facts(own, spine(own, [DAY]), [DAY])
    horizon = Horizon(91, 31, date(2030, 1, 1))
    for names in (["churn"], ["upsell"], ["upsell", "churn"]):
        chosen = {name: TARGETS[name] for name in names}
        rows = labels(facts, horizon, chosen).order_by("account_id").to_pyarrow().to_pylist()
        for name in names:
            expected = {"churn": [1, 0], "upsell": [0, 1]}[name]
            assert [row[TARGETS[name].column(91)] for row in rows] == expected
        assert len(rows[0]) == 2 + 2 * len(names)
