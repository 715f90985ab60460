"""A declaration that breaks a rule is refused with a sentence that says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from features.catalogue import columns_of
from features.core import FeatureGroup
from features.errors import UsageError


@pytest.fixture
def group() -> FeatureGroup:
    return FeatureGroup("trial", "Features for these tests.")


def documented(rows: Any) -> Any:
    """Something."""
    return rows.count()


def declare(group: FeatureGroup, function: Any = documented, **declared: Any) -> None:
    group.feature(**{"unit": "count", **declared})(function)


def test_a_window_makes_a_column_of_its_own(group: FeatureGroup) -> None:
    declare(group, windows=(28, 91), absent=0)
    declare(group, renamed("steps"), by_days=(30,))
    declare(group, renamed("size"))
    names = [column.name for column in group.columns]
    assert names == ["documented_28d", "documented_91d", "steps_by_day_30", "size"]
    assert [column.window_days for column in group.columns] == [28, 91, None, None]
    assert [column.by_day for column in group.columns] == [None, None, 30, None]
    assert {column.description for column in group.columns} == {"Something"}
    assert group.columns[0].absent == 0


def renamed(name: str, text: str | None = "Something.") -> Any:
    def function(rows: Any) -> Any:
        return rows.count()

    function.__name__, function.__doc__ = name, text
    return function


@pytest.mark.parametrize(
    ("function", "declared", "sentence"),
    [
        (
            renamed("silent", None),
            {},
            "feature trial.silent has no docstring; write what it measures in its first line",
        ),
        (
            documented,
            {"unit": "furlongs"},
            "feature trial.documented has the unknown unit 'furlongs'; use one of category, count,",
        ),
        (
            documented,
            {"windows": (28, 30)},
            "feature trial.documented has windows [30] that are no multiples of seven days;",
        ),
        (documented, {"windows": (0,)}, "has windows [0] that are no multiples of seven days"),
        (documented, {"windows": (-7,)}, "has windows [-7] that are no multiples of seven days"),
        (
            documented,
            {"windows": (28,), "by_days": (30,)},
            "feature trial.documented has both windows and by_days; declare two features",
        ),
        (
            renamed("churn_next_day"),
            {},
            "has '_next_' in its name, which marks labels; rename it",
        ),
    ],
)
def test_a_broken_rule_is_refused(
    group: FeatureGroup, function: Any, declared: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError) as refused:
        declare(group, function, **declared)
    assert sentence in str(refused.value)
    assert len(refused.value.problems) == 1
    assert group.columns == ()


def test_a_name_is_declared_once(group: FeatureGroup) -> None:
    declare(group)
    with pytest.raises(UsageError, match=r"^feature trial\.documented is declared twice; rename"):
        declare(group)


def test_all_broken_rules_are_told_at_once(group: FeatureGroup) -> None:
    with pytest.raises(UsageError) as refused:
        declare(group, renamed("x_next_", ""), unit="miles", windows=(3,), by_days=(3,))
    assert len(refused.value.problems) == 5


def test_rows_come_from_tables_of_the_contract(group: FeatureGroup) -> None:
    with pytest.raises(UsageError, match=r"^group trial: unknown source orders, phone_calls; the"):
        group.rows("subscriptions", "orders", "phone_calls")


def test_two_groups_may_not_declare_the_same_column(group: FeatureGroup) -> None:
    other = FeatureGroup("other", "Another group.")
    for one in (group, other):
        declare(one, windows=(28, 91))
    declare(other, renamed("size"))
    with pytest.raises(UsageError) as refused:
        columns_of([group, other])
    assert refused.value.problems == (
        "column documented_28d is declared by trial.documented and by other.documented; "
        "rename all but one of them",
        "column documented_91d is declared by trial.documented and by other.documented; "
        "rename all but one of them",
    )


def test_a_window_and_a_plain_name_may_not_meet(group: FeatureGroup) -> None:
    declare(group, renamed("size"), windows=(28,))
    declare(group, renamed("size_28d"))
    with pytest.raises(UsageError, match=r"^column size_28d is declared by trial\.size and by"):
        columns_of([group])
