"""A declaration that breaks a rule is refused with a sentence that says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from features.catalogue import columns_of, feature_catalogue
from features.declaration.derived_columns import stages
from features.declaration.feature import Rows
from features.declaration.group import FeatureGroup
from features.errors import UsageError, gathering


@pytest.fixture
def group() -> FeatureGroup:
    return FeatureGroup("trial", "Features for these tests.")


TICKETS = Rows("trial_rows", ("tickets",), "Tickets.", lambda facts: facts.rows("tickets"))


def documented(rows: Any) -> Any:
    """Something."""
    return rows.count()


def declare(group: FeatureGroup, function: Any = documented, **declared: Any) -> None:
    group.feature(declared.pop("rows", TICKETS), **{"unit": "count", **declared})(function)


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


def test_a_sentence_is_declared_beside_the_description(group: FeatureGroup) -> None:
    declare(group, says="{value} opened in the last {days} days", windows=(28, 91))
    declare(group, renamed("size"), says={"zero": "Nothing", "many": "{value} pieces"})
    declare(group, renamed("plain"))
    many = {"many": "{value} opened in the last {days} days"}
    forms = {"zero": "Nothing", "many": "{value} pieces"}
    assert [column.says for column in group.columns] == [many, many, forms, {}]
    assert [column.as_dict()["says"] for column in group.columns] == [many, many, forms, {}]


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
        (documented, {"by_days": (0, 30)}, "has by_days [0]; count from 1, the first day after"),
        (documented, {"windows": (28, 28)}, "names [28] twice; a column each is enough"),
        (
            documented,
            {"says": {"some": "{value}", "many": "{value}"}},
            "says some; a sentence has the forms negative, zero, one, many, unknown",
        ),
        (documented, {"says": {"zero": "None"}}, "says no sentence for many; add it to `says`"),
        (
            renamed("has_use"),
            {"unit": "flag", "says": "In use"},
            "says no sentence for zero, one; add it to `says`",
        ),
        (documented, {"says": "{count} open"}, "says {count}, for which there is no value"),
        (
            documented,
            {"says": "{value} in {days} days"},
            "says {days}, for which there is no value",
        ),
        (
            documented,
            {"says": "{value} open", "windows": (28,)},
            "says nothing of its {days} in '{value} open'",
        ),
        (documented, {"says": "{value open"}, "says '{value open', whose braces do not close"),
        (
            documented,
            {"windows": (28,), "rows": None},
            "has windows, but its function takes no `window`: all columns would be the same",
        ),
        (
            documented,
            {"by_days": (30,), "rows": None},
            "combines columns, which know no days since the start; combine the `_by_day_` columns",
        ),
        (
            documented,
            {"expected": (9, 1)},
            "feature trial.documented expects 9 to 1, where nothing lies; swap the two",
        ),
        (
            documented,
            {"expected": (1, 9), "absent": 0},
            "gives absent=0, outside what it expects; mend one of both",
        ),
        (documented, {"unit": "category", "absent": 0}, "is a name, and absent=0 a number;"),
        (
            documented,
            {"monotone": {"upsell": 1, "renewal": -1}},
            "is monotone for the unknown target renewal; there are upsell, cross_sell, downsell,",
        ),
        (
            documented,
            {"monotone": {"upsell": 2, "churn": -1}},
            "has the direction upsell=2; use +1 for rising, -1 for falling",
        ),
        (renamed("csm_id"), {}, "is called like a column that every row carries; rename it"),
        (renamed("churn"), {}, "is called like a target; rename it"),
        (renamed("Tickets"), {}, "needs a name of lower-case letters, digits and _; rename it"),
        (documented, {"unit": "flag"}, "says yes or no; let its name begin with is_, has_"),
        (renamed("is_new"), {}, "is called like a flag; use unit='flag'"),
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
        group.rows("subscriptions", "orders", "phone_calls")(documented)
    with pytest.raises(
        UsageError, match=r'^group trial: rows\(\) needs its tables, as rows\("usage'
    ):
        group.rows()(documented)


def test_a_group_has_a_plain_name_a_meaning_and_an_owner() -> None:
    with pytest.raises(UsageError) as refused:
        FeatureGroup("Own ones", " ", owner="")
    assert refused.value.problems == (
        "group 'Own ones' needs a name of lower-case letters, digits and _",
        "group 'Own ones' has no meaning; say in a sentence what its features tell",
        "group 'Own ones' has no owner; name the team that answers for its features",
    )


def test_what_a_whole_file_breaks_can_be_gathered(group: FeatureGroup) -> None:
    with gathering() as refused:
        declare(group, renamed("silent", None))
        declare(group, renamed("kept"))
        declare(group, windows=(3,))
    assert [(one.sentence.split()[1], __file__ in one.place) for one in refused] == [
        ("trial.silent", True),
        ("trial.documented", True),
    ]
    assert [column.name for column in group.columns] == ["kept"]


def share(columns: Any, window: int) -> Any:
    """Share of the tickets."""
    return columns[f"opened_{window}d"] / columns.all_opened.nullif(0)


def doubled(columns: Any) -> Any:
    """Twice that."""
    return columns.share_28d * 2


def test_what_combines_columns_draws_on_the_tables_behind_them(group: FeatureGroup) -> None:
    users = Rows("users", ("users", "accounts"), "Users.", lambda facts: facts.rows("users"))
    declare(group, doubled, unit="ratio", rows=None)
    declare(group, share, unit="ratio", windows=(28,), rows=None)
    declare(group, renamed("opened"), windows=(28,))
    declare(group, renamed("all_opened"), rows=users)
    sources = {column.name: column.sources for column in columns_of([group])}
    assert sources["share_28d"] == sources["doubled"] == ("accounts", "tickets", "users")
    assert sources["opened_28d"] == ("tickets",)
    order = [[one.column.name for one in stage] for stage in stages([group])]
    assert order == [["share_28d"], ["doubled"]]


def test_a_column_that_nobody_declares_cannot_be_combined(group: FeatureGroup) -> None:
    declare(group, renamed("opened"), windows=(91,))
    declare(group, renamed("all_opened"))
    declare(group, share, unit="ratio", windows=(28,), rows=None)
    declare(group, doubled, unit="ratio", rows=None)
    with pytest.raises(UsageError) as refused:
        columns_of([group])
    assert refused.value.problems == (
        "feature trial.share reads the column 'opened_28d', which no group declares; "
        "did you mean opened_91d?",
    )


def test_columns_may_not_be_drawn_from_themselves(group: FeatureGroup) -> None:
    declare(group, doubled, unit="ratio", rows=None)
    declare(group, renamed("opened"), windows=(28,))

    def in_a_circle(columns: Any, window: int) -> Any:  # noqa: ARG001
        """Circular."""
        return columns.doubled

    in_a_circle.__name__ = "share"
    declare(group, in_a_circle, unit="ratio", windows=(28,), rows=None)
    with pytest.raises(UsageError, match=r"columns in a circle: .*share_28d"):
        columns_of([group])


def test_the_document_says_who_answers_what_is_drawn_on_and_which_way(group: FeatureGroup) -> None:
    group.owner = "support"
    declare(group, windows=(28,), absent=0, expected=(0, None), monotone={"churn": 1, "upsell": -1})
    text = feature_catalogue([group])
    assert "Features for these tests. Owner: support." in text
    cells = "count | 0 or more | 0 | tickets | rises with churn; falls with upsell |"
    assert f"| `documented_28d` | Something, last 28 days | {cells}" in text


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
