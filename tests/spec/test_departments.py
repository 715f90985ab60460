"""What the account map says, as tables a CSM could check. The day is always 2024-06-01."""

from __future__ import annotations

from tests.support.company import assert_features

RUNS = """
    account_id | starts_on
    a          | 2023-01-01
    new        | 2023-01-01
    unmapped   | 2023-01-01
    """
MAP = """
    account_id | org_unit | status | headcount | changed_on | known_at
    a          | sales    | red    | 40        | 2023-01-01 | 2023-01-01
    a          | sales    | yellow | 40        | 2023-06-01 | 2023-06-01
    a          | sales    | green  | 50        | 2024-05-31 | 2024-05-31
    a          | it       | yellow | 20        | 2024-01-01 | 2024-01-01
    a          | it       | red    | 10        | 2023-01-01 | 2024-05-01
    a          | finance  | red    | 30        | 2023-01-01 | 2023-01-01
    a          | finance  | green  | 30        | 2024-06-01 | 2024-05-01
    a          | service  | red    | -         | 2023-01-01 | 2023-01-01
    a          | service  | green  | 90        | 2024-05-01 | 2024-06-01
    a          | legal    | red    | 70        | 2024-06-01 | 2024-06-01
    new        | sales    | green  | 40        | 2024-05-01 | 2024-05-01
    """


def test_the_last_status_known_counts() -> None:
    assert_features(
        subscriptions=RUNS,
        org_units=MAP,
        expect="""
        account_id | as_of      | departments_known | departments_green_share
        a          | 2024-06-01 | 4                 | 0.25
        new        | 2024-06-01 | 1                 | 1
        unmapped   | 2024-06-01 | 0                 | -
        """,
    )
    assert_features(
        subscriptions=RUNS,
        org_units=MAP,
        expect="""
        account_id | as_of      | departments_yellow_share | departments_people_ahead
        a          | 2024-06-01 | 0.25                     | 50
        new        | 2024-06-01 | 0                        | 0
        unmapped   | 2024-06-01 | -                        | -
        """,
    )


def test_people_ahead_are_unknown_where_no_department_tells_its_size() -> None:
    assert_features(
        subscriptions="starts_on\n2023-01-01",
        org_units="org_unit | status | headcount | changed_on\nit | red | - | 2023-01-01",
        expect="as_of | departments_people_ahead\n2024-06-01 | -",
    )


def test_departments_in_which_somebody_is_known() -> None:
    assert_features(
        subscriptions=RUNS,
        org_units=MAP,
        contacts="""
        account_id | contact_id | role     | org_unit | from_on    | left_on    | known_at
        a          | p          | champion | sales    | 2023-01-01 | -          | 2023-01-01
        a          | q          | buyer    | sales    | 2023-01-01 | -          | 2023-01-01
        a          | r          | blocker  | it       | 2023-01-01 | -          | 2023-01-01
        a          | s          | champion | finance  | 2023-01-01 | 2024-05-31 | 2023-01-01
        a          | t          | champion | service  | 2024-05-01 | -          | 2024-06-01
        a          | u          | champion | legal    | 2023-01-01 | -          | 2023-01-01
        a          | v          | champion | -        | 2023-01-01 | -          | 2023-01-01
        unmapped   | p          | champion | sales    | 2023-01-01 | -          | 2023-01-01
        """,
        expect="""
        account_id | as_of      | departments_contact_share
        a          | 2024-06-01 | 0.5
        new        | 2024-06-01 | 0
        unmapped   | 2024-06-01 | -
        """,
    )


def test_without_an_account_map_or_contacts_nobody_can_say() -> None:
    assert_features(
        subscriptions="starts_on\n2023-01-01",
        expect="""
        as_of      | departments_known | departments_green_share | departments_people_ahead
        2024-06-01 | -                 | -                       | -
        """,
    )
    assert_features(
        subscriptions="starts_on\n2023-01-01",
        org_units="org_unit | status | changed_on\nit | green | 2023-01-01",
        expect="""
        as_of      | departments_known | departments_contact_share
        2024-06-01 | 1                 | -
        """,
    )
