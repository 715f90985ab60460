"""Signals: what a CSM reads about one account from its newest row."""

from functools import partial
from typing import Any

import pytest

from models.plays.context import Case
from pipelines.report.sections.alarms import (
    SIGNAL_COLUMNS,
    champion_signal,
    oversold_signal,
    starting_signal,
)
from pipelines.report.texts import CATALOGUES


def case(row: dict[str, Any]) -> Case:
    return Case(row, {}, {}, words=CATALOGUES["en"])


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"champions_count": 2}, None),
        (
            {"champions_days_since_lost": 20, "champions_count": 1, "has_champion_successor": 1},
            None,
        ),
        ({"champions_days_since_lost": 200, "champions_count": 0}, None),
        (
            {"champions_days_since_lost": 20},
            "champion left 20 days ago, no successor; no active champion",
        ),
        (
            {"champions_going": 1, "champions_on_leave": 1, "champions_count": 3},
            "1 champion leaving; 1 champion on long leave; 3 active champions",
        ),
    ],
)
def test_champions(row: dict[str, Any], told: str | None) -> None:
    assert champion_signal(case(row)) == (None if told is None else (told, False))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"adoption_age_days": 80}, None),
        ({"seats_activated_share": 0.5}, None),
        ({}, "only 20 % of 120 licensed seats activated"),
        (
            {"renewal_days": -3, "seats_days_since_increase": 300},
            "only 20 % of 120 licensed seats activated",
        ),
        (
            {"seats_contracted_ahead": 60, "renewal_days": 30, "seats_days_since_increase": 1},
            "only 20 % of 120 licensed seats activated; 60 more seats signed; renewal in 30 days; "
            "last seat increase 1 day ago",
        ),
    ],
)
def test_overselling_tells_why_it_matters_now(more: dict[str, Any], told: str | None) -> None:
    row = {"seats_activated_share": 0.2, "seats_licensed": 120, **more}
    found = oversold_signal(case(row))
    assert (found and found[0].replace("\u00a0", " ")) == told


@pytest.mark.parametrize(
    ("row", "told", "behind"),
    [
        ({"adoption_age_days": 5, "usage_active_users_28d": 0}, "day 5, no usage yet", False),
        (
            {"adoption_age_days": 31, "usage_active_users_28d": 0},
            "day 31, no usage yet, low early usage",
            True,
        ),
        (
            {"adoption_age_days": 31, "usage_active_users_28d": 11, "seats_licensed": 120},
            "day 31, 11 of 120 seats active in the last 28 days, low early usage",
            True,
        ),
        (
            {"adoption_age_days": 31, "usage_active_users_28d": 12, "seats_licensed": 120},
            "day 31, 12 of 120 seats active in the last 28 days",
            False,
        ),
        (
            {"adoption_age_days": 60, "usage_active_users_28d": 15, "seats_licensed": 10},
            "day 60, active users in the last 28 days: 15; no first outcome, 30 days left",
            True,
        ),
        (
            {"adoption_age_days": 80, "adoption_days_to_first_outcome": 44},
            "day 80; first outcome on day 44",
            False,
        ),
    ],
)
def test_the_first_90_days_stand_against_the_journey(
    row: dict[str, Any], told: str, behind: bool
) -> None:
    assert starting_signal(case(row), outcomes=True) == (told, behind)


def test_an_outcome_that_nobody_records_is_not_missed() -> None:
    row = {"adoption_age_days": 80, "usage_active_users_28d": 3}
    assert starting_signal(case(row), outcomes=False) == (
        "day 80, active users in the last 28 days: 3",
        False,
    )
    assert starting_signal(case({"adoption_age_days": 91}), outcomes=True) is None
    assert starting_signal(case({"adoption_age_days": None}), outcomes=True) is None


class Asked(dict[str, Any]):
    """A row that notes what is looked at."""

    names: set[str]

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


@pytest.mark.parametrize(
    "row",
    [
        {"champions_days_since_lost": 1, "champions_going": 1},
        {"seats_activated_share": 0.1, "adoption_age_days": 200, "renewal_days": 1},
        {"seats_utilization_28d": 0.1},
        {"adoption_age_days": 70, "usage_active_users_28d": 2, "seats_licensed": 9},
    ],
)
def test_only_the_columns_that_are_read_are_looked_at(row: dict[str, Any]) -> None:
    asked = Asked(row)
    asked.names = set()
    for tell in (champion_signal, oversold_signal, partial(starting_signal, outcomes=True)):
        tell(case(asked))
    assert asked.names <= set(SIGNAL_COLUMNS)
