from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from features.errors import DataError, UsageError
from pipelines.cli.show import results
from pipelines.ingest import rules
from pipelines.ingest.check import check
from pipelines.ingest.sources.readers import open_database
from tests.pipelines.small import ACCOUNTS, SUBSCRIPTIONS, USAGE_DAILY, company

LINE = "s3,a1,core,2024-01-01,,,{quantity},100,{currency},{signed},2024-01-01\n"
PRODUCTS = """
product_id,name,price_metric,launched_on,known_at
core,Core,seats,2020-01-01,2020-01-01
"""
CONTACTS = """
contact_id,account_id,role,from_on,left_on,known_at
c1,a1,{role},2024-01-01,{left},2024-01-01
"""


class Case(NamedTuple):
    rule: str
    place: str
    tables: dict[str, str]


def line(quantity: str = "1", currency: str = "EUR", signed: str = "2024-01-01") -> dict[str, str]:
    text = LINE.format(quantity=quantity, currency=currency, signed=signed)
    return {"subscriptions": SUBSCRIPTIONS + text}


def ending(day: str) -> dict[str, str]:
    """Return a line without an end whose end is written as ``day``."""
    text = LINE.format(quantity=1, currency="EUR", signed="2024-01-01")
    return {"subscriptions": SUBSCRIPTIONS + text.replace(",,,", f",{day},2024-01-01,")}


def usage(*rows: str) -> dict[str, str]:
    return {"usage_daily": USAGE_DAILY + "".join(f"{row}\n" for row in rows)}


def contact(role: str = "champion", left: str = "") -> dict[str, str]:
    return {"contacts": CONTACTS.format(role=role, left=left)}


ROW = "a1,core,x,{day},3,{users},{known}"


def one_usage(**values: str) -> dict[str, str]:
    usual = {"day": "2024-02-01", "users": "1", "known": "2024-02-02"}
    return usage(ROW.format(**{**usual, **values}))


AGAIN = {"accounts": ACCOUNTS + "a2,Again,2024-01-01,2024-01-01\n"}
NAMELESS = {"accounts": ACCOUNTS + "a3,,2024-01-01,2024-01-01\n"}
STRANGER = usage("a9,core,x,2024-02-01,3,1,2024-02-02")
UNLISTED = {"products": PRODUCTS, **usage("a1,extra,x,2024-02-01,3,1,2024-02-02")}
OVERLAP = {"subscriptions": SUBSCRIPTIONS.replace("s1,a1,core,2024-03-01", "s1,a1,core,2024-02-28")}

CASES = [
    Case("type", "subscriptions.quantity", line(quantity="many")),
    Case("type", "usage_daily.active_users", one_usage(users="1.5")),
    Case("type", "usage_daily.day", one_usage(day="1.2.2024")),
    Case("placeholder", "subscriptions.ended_on", ending("9999-12-31")),
    Case("not_null", "accounts.name", NAMELESS),
    Case("allowed", "contacts.role", contact(role="friend")),
    Case("minimum", "subscriptions.quantity", line(quantity="-1")),
    Case("finite", "subscriptions.quantity", line(quantity="inf")),
    Case("one_currency", "subscriptions.currency", line(currency="USD")),
    Case("one_count", "usage_daily.user_id, active_users", one_usage(users="")),
    Case("order", "subscriptions.known_at", line(signed="2024-01-02")),
    Case("known_by", "contacts.left_on", contact(left="2024-02-01")),
    Case("known_before_it_happened", "usage_daily.known_at", one_usage(day="2024-02-03")),
    Case("known_after_data_through", "usage_daily.known_at", one_usage(known="2024-05-01")),
    Case("of_the_future", "usage_daily.day", one_usage(day="2999-01-01")),
    Case("unique", "accounts.account_id, known_at", AGAIN),
    Case("reference", "usage_daily.account_id", STRANGER),
    Case("reference", "usage_daily.product_id", UNLISTED),
    Case("overlap", "subscriptions.starts_on", OVERLAP),
    Case("within_subscription", "usage_daily.day", one_usage(day="2023-12-31")),
]


def test_a_clean_company_passes_without_a_word(tmp_path: Path) -> None:
    report = check(company(tmp_path))
    assert report.ok
    assert report.violations == ()
    assert report.tables == {"accounts": 2, "subscriptions": 3, "usage_daily": 3}
    assert report.data_through == "2024-05-01"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.place}")
def test_each_rule_finds_its_violation_and_no_more(tmp_path: Path, case: Case) -> None:
    report = check(company(tmp_path, **case.tables))
    found = [one for one in report.violations if one.rule == case.rule]
    assert [(f"{one.table}.{one.column}", one.count) for one in found] == [(case.place, 1)]
    assert len(found[0].examples) == 1
    for told in (case.place, case.rule, "1 of", found[0].why):
        assert told in str(found[0])


def test_each_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(rules.RULES)


def test_all_violations_are_found_at_once(tmp_path: Path) -> None:
    spoilt = {
        **line(quantity="many"),
        **usage("a9,core,x,soon,3,1,2024-02-02"),
        **contact("friend"),
    }
    found = {(one.table, one.rule) for one in check(company(tmp_path, **spoilt)).violations}
    assert found >= {
        ("subscriptions", "type"),
        ("usage_daily", "type"),
        ("usage_daily", "reference"),
        ("contacts", "allowed"),
    }


def test_an_example_shows_key_and_value_before_its_cast(tmp_path: Path) -> None:
    report = check(company(tmp_path, **line(quantity="many")))
    example = report.refused[0].examples[0]
    assert example == {"subscription_id": "s3", "starts_on": "2024-01-01", "quantity": "many"}


def test_at_most_three_examples_are_shown(tmp_path: Path) -> None:
    rows = [f"a9,core,x{n},2024-02-01,3,1,2024-02-02" for n in range(5)]
    (found,) = check(company(tmp_path, **usage(*rows))).refused[:1]
    assert (found.count, len(found.examples)) == (5, 3)


@pytest.mark.parametrize(("share", "policy"), [(1, "accept"), (2, "refuse")])
def test_usage_outside_subscriptions_is_refused_above_a_share(
    tmp_path: Path, share: int, policy: str
) -> None:
    inside = [f"a2,core,x{n},2024-02-01,1,1,2024-02-02" for n in range(21)]
    outside = [f"a2,core,x{n},2023-02-01,1,1,2024-02-02" for n in range(share)]
    (found,) = check(company(tmp_path, **usage(*inside, *outside))).violations
    assert (found.rule, found.count, found.of) == ("within_subscription", share, 24 + share)
    assert found.policy == policy


def test_a_gap_between_two_lines_is_no_coverage(tmp_path: Path) -> None:
    gap = SUBSCRIPTIONS.replace("s1,a1,core,2024-03-01", "s1,a1,core,2024-03-05")
    rows = [f"a1,core,x,2024-03-{day:02},1,1,2024-04-01" for day in range(1, 9)]
    (found,) = check(company(tmp_path, subscriptions=gap, **usage(*rows))).violations
    assert found.count == 4


@pytest.mark.parametrize("rule", ["accounts.unique", "accounts.unqiue", "usage_daily.day.type"])
def test_a_rule_is_configured_by_a_name_that_exists(tmp_path: Path, rule: str) -> None:
    settings = company(tmp_path, f'[rules]\n"{rule}" = "accept"\n')
    if rule == "accounts.unqiue":
        with pytest.raises(UsageError, match=r"no 'accounts.unqiue'; did you mean 'accounts.uniq"):
            check(settings)
    else:
        assert check(settings).ok


def test_an_accepted_rule_is_reported_and_passes(tmp_path: Path) -> None:
    accepted = ("reference", "within_subscription")
    section = "\n".join(["[rules]", *(f'"usage_daily.{one}" = "accept"' for one in accepted)])
    settings = company(tmp_path, section, **STRANGER)
    report = check(settings)
    assert report.ok
    assert {one.severity for one in report.violations} == {"warning"}


def test_a_company_can_check_what_the_contract_does_not(tmp_path: Path) -> None:
    own = (
        '[[checks]]\nname = "loud_name"\ntable = "accounts"\nviolates = "name = upper(name)"\n'
        'say = "A name is in capitals."\ndo = "ask the CRM team"\n'
    )
    shouting = ACCOUNTS + "a3,EXAMPLE,2024-01-01,2024-01-01\n"
    (found,) = check(company(tmp_path, own, accounts=shouting)).refused
    assert (found.table, found.rule, found.count) == ("accounts", "loud_name", 1)
    assert found.examples[0] == {"account_id": "a3", "name": "EXAMPLE"}
    assert "A name is in capitals. What to do: ask the CRM team" in str(found)


def test_a_check_that_does_not_fit_its_table_is_a_mistake(tmp_path: Path) -> None:
    own = '[[checks]]\nname = "x"\ntable = "accounts"\nviolates = "nam = 1"\n'
    with pytest.raises(UsageError, match=r"checks.x.violates = 'nam = 1'.*accounts has: account_"):
        check(company(tmp_path, own))


def test_missing_and_empty_files_are_told_together_with_violations(tmp_path: Path) -> None:
    settings = company(tmp_path, accounts=None, usage_daily="", **line(quantity="many"))
    with pytest.raises(DataError) as caught:
        check(settings)
    told = "\n".join(caught.value.problems)
    assert "accounts: the table is missing" in told
    assert "usage_daily.csv is empty (0 bytes)" in told
    assert "subscriptions.quantity, type: 1 of 4 rows" in told


def test_a_table_without_rows_is_told(tmp_path: Path) -> None:
    header = USAGE_DAILY.strip().splitlines()[0] + "\n"
    with pytest.raises(DataError, match="usage_daily: the table has no rows"):
        check(company(tmp_path, usage_daily=header))


def test_a_file_that_is_no_parquet_is_told(tmp_path: Path) -> None:
    settings = company(tmp_path, accounts=None)
    (settings.data_folder / "accounts.parquet").write_text("not a table")
    with pytest.raises(DataError, match=r"sources.accounts \(accounts.parquet\)"):
        check(settings)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    settings = company(tmp_path, '[data]\nfolder = "elsewhere"\n')
    with pytest.raises(DataError, match=r"the data folder .*elsewhere does not exist"):
        check(settings)


def test_the_report_is_json(tmp_path: Path) -> None:
    found = check(company(tmp_path, **line(quantity="many"))).as_dict()
    assert found["ok"] is False
    assert found["violations"][0]["severity"] == "error"
    assert found["tables"]["accounts"] == 2


def test_what_is_not_there_and_what_is_not_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = company(tmp_path, mileston="account_id\na1\n", notes="?\n")
    report = check(settings)
    assert report.ignored == {"mileston.csv": "milestones", "notes.csv": None}
    assert report.as_dict()["absent"] == list(report.absent)
    assert "milestones" in report.absent
    results.violations(report)
    said = capsys.readouterr().out
    assert "Optional tables not provided: users, contacts, milestones," in said
    assert (
        "Ignored files in the data folder: mileston.csv (did you mean milestones?), notes.csv."
        in said
    )


def test_who_decided_to_keep_rows_is_told(tmp_path: Path) -> None:
    inside = [f"a2,core,x{n},2024-02-01,1,1,2024-02-02" for n in range(21)]
    rows = usage(*inside, "a2,core,x,2023-02-01,1,1,2024-02-02")
    (usual,) = check(company(tmp_path, **rows)).violations
    assert usual.fate == "kept by default (refused above 5 %)"
    section = '[rules]\n"usage_daily.within_subscription" = "{}"\n'
    (kept,) = check(company(tmp_path, section.format("accept"), **rows)).violations
    assert kept.fate == "kept, as [rules] says"
    (dropped,) = check(company(tmp_path, section.format("drop"), **rows)).violations
    assert dropped.fate == "left out, as [rules] says"


def test_no_bar_of_the_database_goes_where_its_output_goes(tmp_path: Path) -> None:
    with closing(open_database(company(tmp_path))) as connection:
        told = connection.execute("SELECT current_setting('enable_progress_bar')").fetchone()
    assert told == (False,)


def test_a_check_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.ingest.sources.readers.MEMORY", "100MB")
    settings = company(tmp_path)
    assert check(settings).ok
    assert {path.name for path in tmp_path.iterdir()} == {"source", "expansion.toml"}
