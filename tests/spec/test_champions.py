"""What the champion features say, as tables a CSM could check. The day is always 2024-06-01."""

from __future__ import annotations

from tests.support.company import assert_features

RUNS = """
    account_id | starts_on
    one        | 2023-01-01
    two        | 2023-01-01
    lost       | 2023-01-01
    replaced   | 2023-01-01
    away       | 2023-01-01
    back       | 2023-01-01
    going      | 2023-01-01
    nobody     | 2023-01-01
    """
CONTACTS = """
    account_id | contact_id | from_on    | left_on    | leave_from | leave_to   | looking_known_on
    one        | p          | 2023-06-02 | -          | -          | -          | -
    two        | p          | 2022-06-01 | -          | -          | -          | -
    two        | q          | 2024-05-31 | -          | -          | -          | -
    two        | q          | 2024-01-01 | -          | -          | -          | -
    lost       | p          | 2023-01-01 | 2024-05-02 | -          | -          | -
    replaced   | p          | 2023-01-01 | 2024-03-01 | -          | -          | -
    replaced   | q          | 2024-03-01 | -          | -          | -          | -
    away       | p          | 2023-01-01 | -          | 2024-05-01 | 2025-05-01 | -
    back       | p          | 2023-01-01 | -          | 2023-05-01 | 2024-05-01 | -
    going      | p          | 2023-01-01 | -          | -          | -          | 2024-05-31
    going      | q          | 2023-01-01 | -          | -          | -          | 2024-06-01
    """


def test_how_many_champions_there_are() -> None:
    assert_features(
        subscriptions=RUNS,
        contacts=CONTACTS,
        expect="""
        account_id | as_of      | champions_count | champions_on_leave | champions_going
        one        | 2024-06-01 | 1               | 0                  | 0
        two        | 2024-06-01 | 2               | 0                  | 0
        lost       | 2024-06-01 | 0               | 0                  | 0
        replaced   | 2024-06-01 | 1               | 0                  | 0
        away       | 2024-06-01 | 0               | 1                  | 0
        back       | 2024-06-01 | 1               | 0                  | 0
        going      | 2024-06-01 | 2               | 0                  | 1
        nobody     | 2024-06-01 | 0               | 0                  | 0
        """,
    )


def test_how_long_champions_have_been_there() -> None:
    assert_features(
        subscriptions=RUNS,
        contacts=CONTACTS,
        expect="""
        account_id | as_of      | champions_tenure_longest_days | champions_tenure_newest_days
        one        | 2024-06-01 | 365                           | 365
        two        | 2024-06-01 | 731                           | 1
        lost       | 2024-06-01 | -                             | -
        nobody     | 2024-06-01 | -                             | -
        """,
    )


def test_a_lost_champion_and_a_successor() -> None:
    assert_features(
        subscriptions=RUNS,
        contacts=CONTACTS,
        expect="""
        account_id | as_of      | champions_days_since_lost | has_champion_successor
        one        | 2024-06-01 | -                         | -
        lost       | 2024-06-01 | 30                        | 0
        replaced   | 2024-06-01 | 92                        | 1
        nobody     | 2024-06-01 | -                         | -
        """,
    )


def test_losses_and_leaves_count_from_the_day_they_were_known() -> None:
    assert_features(
        subscriptions="""
        account_id   | starts_on
        known        | 2023-01-01
        known_late   | 2023-01-01
        announced    | 2023-01-01
        leave_ahead  | 2023-01-01
        leave_hidden | 2023-01-01
        """,
        contacts="""
        account_id   | from_on    | left_on    | left_known_on | leave_from | leave_known_on
        known        | 2023-01-01 | 2024-05-01 | 2024-05-31    | -          | -
        known_late   | 2023-01-01 | 2024-05-01 | 2024-06-01    | -          | -
        announced    | 2023-01-01 | 2024-07-01 | 2024-05-31    | -          | -
        leave_ahead  | 2023-01-01 | -          | -             | 2024-07-01 | 2024-05-31
        leave_hidden | 2023-01-01 | -          | -             | 2024-05-01 | 2024-06-01
        """,
        expect="""
        account_id   | as_of      | champions_count | champions_going | champions_on_leave
        known        | 2024-06-01 | 0               | 0               | 0
        known_late   | 2024-06-01 | 1               | 0               | 0
        announced    | 2024-06-01 | 1               | 1               | 0
        leave_ahead  | 2024-06-01 | 1               | 1               | 0
        leave_hidden | 2024-06-01 | 1               | 0               | 0
        """,
    )


def test_a_champion_counts_from_the_day_they_were_known() -> None:
    assert_features(
        subscriptions=RUNS,
        contacts="""
        account_id | from_on    | known_at
        one        | 2023-01-01 | 2024-05-31
        two        | 2023-01-01 | 2024-06-01
        lost       | 2024-06-01 | 2024-05-31
        """,
        expect="""
        account_id | as_of      | champions_count
        one        | 2024-06-01 | 1
        two        | 2024-06-01 | 0
        lost       | 2024-06-01 | 0
        """,
    )


def test_champions_lost_in_a_year() -> None:
    assert_features(
        subscriptions="account_id | starts_on\na | 2022-01-01\nb | 2022-01-01\nc | 2022-01-01",
        contacts="""
        account_id | contact_id | role     | from_on    | left_on    | left_known_on
        a          | p          | champion | 2022-01-01 | 2023-06-03 | 2023-06-03
        a          | q          | champion | 2022-01-01 | 2024-05-31 | 2024-05-31
        a          | r          | champion | 2022-01-01 | 2024-05-31 | 2024-06-01
        a          | s          | champion | 2022-01-01 | 2024-06-02 | 2024-05-01
        a          | t          | sponsor  | 2022-01-01 | 2024-05-01 | 2024-05-01
        b          | p          | champion | 2022-01-01 | 2023-06-02 | 2023-06-02
        c          | p          | champion | 2022-01-01 | 2023-07-01 | 2023-07-01
        c          | p          | champion | 2023-08-01 | 2024-02-01 | 2024-02-01
        """,
        expect="""
        account_id | as_of      | champions_lost_364d
        a          | 2024-06-01 | 2
        b          | 2024-06-01 | 0
        c          | 2024-06-01 | 1
        """,
    )


def test_champions_in_many_departments_and_sponsors() -> None:
    assert_features(
        subscriptions="account_id | starts_on\na | 2023-01-01\nb | 2023-01-01",
        contacts="""
        account_id | contact_id | role     | org_unit | from_on    | left_on    | leave_from
        a          | p          | champion | sales    | 2023-01-01 | -          | -
        a          | q          | champion | sales    | 2023-01-01 | -          | -
        a          | r          | champion | it       | 2023-01-01 | -          | -
        a          | s          | champion | finance  | 2023-01-01 | 2024-01-01 | -
        a          | t          | champion | service  | 2023-01-01 | -          | 2024-01-01
        a          | u          | champion | -        | 2023-01-01 | -          | -
        a          | v          | champion | legal    | 2024-06-01 | -          | -
        a          | w          | sponsor  | board    | 2024-05-31 | -          | -
        a          | x          | sponsor  | board    | 2023-01-01 | 2024-05-31 | -
        a          | y          | sponsor  | board    | 2023-01-01 | -          | 2024-01-01
        """,
        expect="""
        account_id | as_of      | champions_departments | sponsors_count
        a          | 2024-06-01 | 2                     | 1
        b          | 2024-06-01 | 0                     | 0
        """,
    )


def test_departments_and_blockers() -> None:
    assert_features(
        subscriptions="account_id | starts_on\na | 2023-01-01\nb | 2023-01-01\nc | 2023-01-01",
        contacts="""
        account_id | contact_id | role     | org_unit | from_on    | left_on
        a          | p          | champion | sales    | 2023-01-01 | -
        a          | q          | sponsor  | sales    | 2023-01-01 | -
        a          | r          | blocker  | it       | 2023-01-01 | -
        a          | s          | buyer    | finance  | 2023-01-01 | 2024-01-01
        b          | p          | blocker  | it       | 2023-01-01 | 2024-01-01
        b          | q          | buyer    | -        | 2023-01-01 | -
        """,
        expect="""
        account_id | as_of      | contacts_departments | has_blocker | champions_count
        a          | 2024-06-01 | 2                    | 1           | 1
        b          | 2024-06-01 | 0                    | 0           | 0
        c          | 2024-06-01 | 0                    | 0           | 0
        """,
    )


def test_without_contacts_nobody_can_say() -> None:
    assert_features(
        subscriptions="starts_on\n2023-01-01",
        expect="""
        as_of      | champions_count | has_blocker | contacts_departments | champions_lost_364d
        2024-06-01 | -               | -           | -                    | -
        """,
    )


def test_use_near_a_champion_counts_days_of_people_whose_department_is_known() -> None:
    assert_features(
        subscriptions="""
        account_id | starts_on
        near       | 2023-01-01
        far        | 2023-01-01
        nobody     | 2023-01-01
        unknown    | 2023-01-01
        """,
        contacts="""
        account_id | contact_id | role     | from_on    | left_on    | org_unit
        near       | p          | champion | 2023-06-02 | -          | sales
        near       | q          | champion | 2023-06-02 | 2024-05-01 | it
        near       | r          | sponsor  | 2023-06-02 | -          | hr
        far        | p          | champion | 2023-06-02 | -          | sales
        nobody     | p          | sponsor  | 2023-06-02 | -          | sales
        unknown    | p          | champion | 2023-06-02 | -          | -
        """,
        users="""
        account_id | user_id | activated_on | org_unit
        near       | n1      | 2023-06-02   | sales
        near       | n2      | 2023-06-02   | it
        near       | n3      | 2023-06-02   | -
        far        | f1      | 2023-06-02   | hr
        nobody     | o1      | 2023-06-02   | sales
        unknown    | u1      | 2023-06-02   | sales
        """,
        usage_daily="""
        account_id | day        | user_id | feature
        near       | 2024-05-31 | n1      | search
        near       | 2024-05-31 | n1      | export
        near       | 2024-05-30 | n1      | search
        near       | 2024-05-31 | n2      | search
        near       | 2024-05-31 | n3      | search
        near       | 2024-03-01 | n2      | search
        far        | 2024-05-31 | f1      | search
        nobody     | 2024-05-31 | o1      | search
        unknown    | 2024-05-31 | u1      | search
        """,
        expect="""
        account_id | as_of      | champions_usage_share_91d
        near       | 2024-06-01 | 0.666667
        far        | 2024-06-01 | 0
        nobody     | 2024-06-01 | -
        unknown    | 2024-06-01 | -
        """,
    )
