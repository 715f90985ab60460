"""``expansion export``: files as each CRM takes them, and no row lost without a word."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features.errors import DataError, UsageError
from features.labels.targets import TARGETS
from models.inference.contracted import Contracted
from models.plays.prioritisation import Decision
from models.store.scores import AccountScore, ScoreStore
from pipelines.config.sections import Export
from pipelines.config.settings import Settings, load
from pipelines.delivery.crm import files
from pipelines.delivery.crm.export import ExportResult, export
from pipelines.delivery.crm.fields import Format, available_fields, text
from tests.models.stored import account, scoring
from tests.pipelines.cli.test_app import expansion
from tests.support.shared import SETTINGS

TOLD = Decision("expand", 'Say "hello",\nthen wait.', "", None, 100.0, "listed", place=1)
TINY = 0.000001
ROOT = Path(__file__).parents[4]


@pytest.fixture
def company(tmp_path: Path) -> Settings:
    (tmp_path / "expansion.toml").write_text(SETTINGS)
    return load(tmp_path / "expansion.toml")


def keep(company: Settings, rows: list[AccountScore], **changes: Any) -> None:
    store = ScoreStore(company.store_url)
    store.write(scoring(**changes), rows)
    store.close()


def read(result: ExportResult, number: int = 0) -> list[dict[str, str]]:
    path = Path(result.folder) / result.files[number]
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_salesforce_gets_its_names_its_nulls_and_its_line_ends(company: Settings) -> None:
    first = account(1, decision=TOLD, arr_at_risk=-1.5, probabilities={"upsell": TINY})
    keep(company, [first, account(2)])
    result = export(company, "salesforce-bulk")
    assert (result.written, result.files) == (2, ["salesforce-bulk-00001.csv"])
    one, two = read(result)
    assert one["Expansion_Account_Id__c"] == "a-000001"
    assert one["Expansion_P_Upsell__c"] == "0.000001"
    assert one["Expansion_P_Churn__c"] == "#N/A"
    assert one["Expansion_Arr_At_Risk__c"] == "-1.5"
    assert one["Expansion_Play_Text__c"] == TOLD.text
    assert one["Expansion_As_Of__c"] == "2026-08-03"
    assert two["Expansion_Play__c"] == "#N/A"
    content = (Path(result.folder) / result.files[0]).read_bytes()
    assert b"\r" not in content
    assert content.startswith(b"Expansion_Account_Id__c,Expansion_P_Upsell__c,")
    assert b'"Say ""hello"",\nthen wait."' in content


DECIDED = Contracted(0.0, 0.0, 12_000.0, date(2026, 9, 10), is_decided=True)


def test_what_is_contracted_and_what_is_not_known_is_told_apart(company: Settings) -> None:
    fields = (
        "p_churn", "arr_at_risk", "arr_lost_by_notice", "arr_contracted", "contracted_on",
        "is_decided", "net_expected_arr", "leaves_out",
    )  # fmt: skip
    own = company.model_copy(update={"export": Export(fields=fields)})
    decided = account(
        1, contracted=DECIDED, arr_at_risk=12_000.0, expected_expansion_arr=0.0, probabilities={}
    )
    unknown = account(2, arr_at_risk=None, probabilities={"upsell": 0.3})
    keep(company, [decided, unknown], models={"upsell": "1"})
    one, two = (list(row.values())[1:] for row in read(export(own, "salesforce-bulk")))
    assert one == ["#N/A", "12000.0", "12000.0", "0.0", "2026-09-10", "true", "-12000.0", "#N/A"]
    assert two == [*["#N/A"] * 7, "cross_sell, downsell, churn"]
    plain = read(export(own, "csv"))
    assert (plain[1]["arr_at_risk"], plain[1]["net_expected_arr"]) == ("", "")


def test_every_field_is_explained() -> None:
    told = (ROOT / "docs" / "crm.md").read_text("utf-8")
    for name in available_fields(TARGETS):
        outcome = next((target for target in TARGETS if target in name), "")
        general = name.replace(outcome, "<outcome>") if outcome else name
        assert f"`{general}`" in told, name


def test_hubspot_gets_batches_of_a_hundred(company: Settings) -> None:
    keep(company, [account(number) for number in range(1, 202)])
    result = export(company, "hubspot-batch")
    batches = [json.loads((Path(result.folder) / one).read_text("utf-8")) for one in result.files]
    assert [len(one["inputs"]) for one in batches] == [100, 100, 1]
    first = batches[0]["inputs"][0]
    assert (first["idProperty"], first["id"]) == ("expansion_account_id", "a-000001")
    assert first["properties"]["expansion_p_upsell"] == "0.31"
    assert first["properties"]["expansion_play"] == ""
    assert list(first) == ["idProperty", "id", "properties"]


def test_a_table_for_people_computes_nothing(company: Settings) -> None:
    told = replace(TOLD, text="=1+1")
    keep(company, [account(1, decision=told, arr_at_risk=-3.0), account(2, account_id="=a")])
    result = export(company, "csv")
    [one] = read(result)
    assert (one["account_id"], one["play_text"], one["arr_at_risk"]) == (
        "a-000001",
        "'=1+1",
        "-3.0",
    )
    assert result.problems[0].account_id == "=a"


def test_a_file_that_would_be_too_large_is_split(
    company: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(company, [account(number) for number in range(1, 8)])
    whole = export(company, "salesforce-bulk")
    size = (Path(whole.folder) / whole.files[0]).stat().st_size
    monkeypatch.setattr(files, "MOST_BYTES", size // 2)
    parts = export(company, "salesforce-bulk")
    assert len(parts.files) == 4
    assert all((Path(parts.folder) / one).stat().st_size <= size // 2 for one in parts.files)
    ids = [row["Expansion_Account_Id__c"] for n in range(4) for row in read(parts, n)]
    assert ids == [f"a-{number:06}" for number in range(1, 8)]


@pytest.mark.parametrize(
    ("form", "wrong", "why"),
    [
        ("salesforce-bulk", " a", "begins or ends with a space"),
        ("salesforce-bulk", "x" * 256, "256 characters"),
        ("salesforce-bulk", "#N/A", "means nothing"),
        ("salesforce-bulk", "A-000001", "upper and lower case"),
        ("hubspot-batch", "A-000001", "upper and lower case"),
        ("hubspot-batch", "a\n1", "cannot be printed"),
        ("csv", "@a", "formula"),
    ],
)
def test_a_row_that_the_crm_would_refuse_is_told_and_the_others_go(
    company: Settings, form: Format, wrong: str, why: str
) -> None:
    keep(company, [account(1), account(2, account_id=wrong), account(3)])
    result = export(company, form)
    told = [one for one in result.problems if one.account_id == wrong]
    assert why in told[0].problem
    assert result.written == 3 - len({one.account_id for one in result.problems})
    assert result.files[-1] == "errors.csv"
    assert [row["account_id"] for row in read(result, -1)] == [
        o.account_id for o in result.problems
    ]
    assert "a-000003" not in {one.account_id for one in result.problems}


def test_only_what_changed_is_written(company: Settings) -> None:
    keep(company, [account(1), account(2), account(3)], scoring_id="s1", as_of=date(2026, 7, 27))
    keep(company, [account(1), account(4), account(3, arr_at_risk=301.0)])
    result = export(company, "csv", since=date(2026, 8, 2))
    assert {one["account_id"] for one in read(result)} == {"a-000003", "a-000004"}
    assert (result.accounts, result.unchanged, result.written) == (3, 1, 2)
    assert export(company, "csv", since=date(2026, 8, 3)).files == []
    with pytest.raises(DataError, match="on or before 2026-07-01"):
        export(company, "csv", since=date(2026, 7, 1))


def test_a_dry_run_says_the_same_and_writes_nothing(company: Settings) -> None:
    keep(company, [account(1), account(2, account_id=" ")])
    dry = export(company, "hubspot-batch", dry_run=True)
    assert not Path(dry.folder).exists()
    real = export(company, "hubspot-batch")
    assert replace(dry, is_dry_run=False) == real
    assert real.first[0]["expansion_account_id"] == "a-000001"


def test_an_export_takes_the_place_of_the_one_before(company: Settings) -> None:
    keep(company, [account(number) for number in range(1, 202)])
    first = export(company, "hubspot-batch")
    keep(company, [account(1)])
    again = export(company, "hubspot-batch")
    assert again.folder == first.folder
    assert [one.name for one in Path(again.folder).iterdir()] == ["hubspot-batch-00001.json"]
    assert [one.name for one in company.export_folder.iterdir()] == [Path(again.folder).name]


def test_what_is_not_of_an_export_is_never_removed(company: Settings, tmp_path: Path) -> None:
    keep(company, [account(1)])
    with pytest.raises(UsageError, match=r"contains expansion\.toml"):
        export(company, "csv", tmp_path)
    with pytest.raises(UsageError, match="is not a folder"):
        export(company, "csv", tmp_path / "expansion.toml")
    made = export(company, "csv", tmp_path / "new" / "folder")
    assert export(company, "csv", Path(made.folder)) == made


def test_long_text_is_cut_off(company: Settings) -> None:
    keep(company, [account(1, decision=replace(TOLD, text="x" * 300))])
    [one] = read(export(company, "csv"))
    assert one["play_text"] == "x" * 254 + "…"


@pytest.mark.parametrize(
    ("form", "asked", "why"),
    [
        ("csv", {"fields": ("p_upsell", "nonsense")}, "no field 'nonsense'"),
        ("salesforce-bulk", {"salesforce": {"nonsense": "A__c"}}, "no field 'nonsense'"),
        ("salesforce-bulk", {"salesforce": {"play": "Next play"}}, "'Next play' is no name"),
        ("salesforce-bulk", {"salesforce_id": "1__c"}, "'1__c' is no name"),
        ("hubspot-batch", {"hubspot": {"play": "Next"}}, "'Next' is no name"),
        ("hubspot-batch", {"hubspot": {"play": "x", "place": "x"}}, "the name of two fields"),
    ],
)
def test_names_that_cannot_be_are_told(
    company: Settings, form: Format, asked: dict[str, Any], why: str
) -> None:
    changed = company.model_copy(update={"export": Export(**asked)})
    with pytest.raises(UsageError, match=why):
        export(changed, form)


def test_every_field_can_be_exported_under_a_name_of_its_own(company: Settings) -> None:
    own = Export(
        fields=tuple(available_fields(TARGETS)),
        salesforce={"play": "Next_Play__c"},
        salesforce_id="ns__Id__c",
    )
    keep(company, [account(1, decision=TOLD)])
    [one] = read(export(company.model_copy(update={"export": own}), "salesforce-bulk"))
    assert (one["ns__Id__c"], one["Next_Play__c"]) == ("a-000001", "expand")
    assert one["Expansion_Scored_At__c"] == "2026-08-04T06:30:00Z"
    assert len(one) == len(available_fields(TARGETS)) + 1


def test_without_a_scoring_the_way_out_is_told(company: Settings) -> None:
    with pytest.raises(DataError, match="expansion score"):
        export(company, "csv")


def test_numbers_come_without_an_exponent() -> None:
    assert [text(one) for one in (1e-7, 1e22, 3, -0.5)] == [
        "0.0000001", "10000000000000000000000", "3", "-0.5",
    ]  # fmt: skip


def test_the_verb_shows_the_first_rows_and_who_cannot_go(company: Settings, tmp_path: Path) -> None:
    keep(company, [account(1), account(2, account_id=" ")])
    done = expansion(tmp_path, "export", "--format", "salesforce-bulk", "--dry-run")
    assert done.returncode == 0
    assert "1 of 2 accounts would be exported" in done.stdout
    assert "Expansion_P_Upsell__c" in done.stdout
    assert "1 account cannot be exported" in done.stdout
    told = json.loads(expansion(tmp_path, "export", "--json").stdout)
    assert (told["form"], told["written"]) == ("csv", 2)
    wrong = expansion(tmp_path, "export", "--format", "salesforce")
    assert wrong.returncode == 2
    assert "did you mean 'salesforce-bulk'?" in wrong.stderr


def test_what_the_document_shows_runs_as_it_stands(tmp_path: Path) -> None:
    shown = (Path(__file__).parents[4] / "docs" / "crm.md").read_text("utf-8")
    [table] = re.findall(r"```toml\n(\[export\].*?)```", shown, re.DOTALL)
    (tmp_path / "expansion.toml").write_text(SETTINGS + table)
    company = load(tmp_path / "expansion.toml")
    keep(company, [account(1)], scoring_id="s1", as_of=date(2026, 8, 24))
    keep(company, [account(1, probabilities={})], scoring_id="s2", as_of=date(2026, 8, 31))
    commands = re.findall(r"^expansion (export .*)$", shown, re.MULTILINE)
    assert len(commands) > 2
    for command in commands:
        done = expansion(tmp_path, *command.split())
        assert done.returncode == 0, done.stderr
        assert "1 of 1 accounts" in done.stdout
    [one] = read(export(company, "salesforce-bulk"))
    assert one["Next_Play__c"] == "#N/A"
    assert one["Customer_Number__c"] == "a-000001"
