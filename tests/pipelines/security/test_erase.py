"""``expansion erase``: gone from everything of ours, for good, and nobody else with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from models.dataset import feature_table
from models.dataset.contracted import contracted_of
from models.store import erased_ids
from models.store.database import Database
from models.store.scores import ScoreStore
from pipelines.build.build import build
from pipelines.config.sections import MLflow
from pipelines.config.settings import Settings, load
from pipelines.delivery.crm.export import export
from pipelines.delivery.crm.fields import Format
from pipelines.ingest.check import check
from pipelines.ingest.tables import ingest
from pipelines.scoring.input_snapshots import Snapshot, path_of, write
from pipelines.security import erase_tables
from pipelines.security.erase import Erasure, erase
from pipelines.security.search import everywhere, unsearched
from tests.models.stored import account, scoring
from tests.pipelines.cli.test_app import expansion
from tests.pipelines.small import ACCOUNTS, SUBSCRIPTIONS, USAGE_DAILY, company, few
from tests.support.shared import SETTINGS

CONTACTS = """
contact_id,account_id,role,from_on,known_at
c1,a1,champion,2024-01-02,2024-01-02
c2,a2,champion,2024-01-02,2024-01-02
c3,a2,sponsor,2024-01-02,2024-01-02
"""
USERS = """
user_id,account_id,user_group,activated_on,known_at
c2,a2,expert,2024-01-03,2024-01-03
u1,a1,expert,2024-01-03,2024-01-03
u2,a2,consumer,2024-01-03,2024-01-03
"""
ROW = "<tr><th scope=\"row\">1. Example One<span class='who'>smb</span></th><td>9</td></tr>"
OTHER = '<tr><th scope="row">2. Example One More<span></span></th></tr>'


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company that was built; copy it before you erase from it."""
    folder = tmp_path_factory.mktemp("built")
    build(company(folder, few(), contacts=CONTACTS, users=USERS))
    return folder


@pytest.fixture
def settings(tmp_path: Path, built: Path) -> Settings:
    """The same, scored and reported on, with lines that wait for the store."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    made = load(tmp_path / "expansion.toml")
    rows = pq.read_table(made.feature_table).to_pandas()
    newest = rows[rows["as_of"] == rows["as_of"].max()]
    path = path_of(made.snapshots_folder, "s1")
    contracted = contracted_of(feature_table.read(made.feature_table), newest)
    write(Snapshot("s1", "2024-05-01", "2024-05-01", "r1", path), newest, ["arr"], contracted)
    store = ScoreStore(made.store_url)
    store.write(scoring("s1"), [account(1, account_id="a1"), account(2, account_id="a2")])
    store.close()
    page = made.report_folder / "2024-05-01" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f"<table>{ROW}{OTHER}</table><svg><text>Example One</text></svg>")
    spool = made.work / "spool" / "0" / "feedback"
    spool.mkdir(parents=True)
    lines = [{"account_id": "a1", "note": "x"}, {"account_id": "a2", "note": "as a1, not a11"}]
    (spool / "1-1.ready").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    return made


def removed(proof: Erasure) -> dict[str, int]:
    return {one.place: one.removed for one in proof.places if one.removed}


def without_first(text: str, name: str) -> str:
    """Return a table as if the account or person had never been."""
    return "\n".join(line for line in text.splitlines() if name not in line.split(","))


def test_an_account_is_gone_from_everything_and_the_other_stays(settings: Settings) -> None:
    proof = erase(settings, "account", "a1")
    assert proof.ok
    found = removed(proof)
    assert found["store: scores"] == 1
    assert found["tables/accounts.parquet"] == 1
    assert found["tables/subscriptions.parquet"] == 2
    assert found["tables/contacts.parquet"] == 1
    assert found["features.parquet"] > 1
    assert found["scored/s1.parquet"] == 1
    assert found["report/2024-05-01/index.html"] == 2
    assert found["spool/0/feedback/1-1.ready"] == 2
    assert not any(everywhere(settings, "a1").values())
    assert everywhere(settings, "a2")["tables/usage_daily.parquet"] == 2


def test_tables_and_features_are_as_if_it_had_never_been(
    settings: Settings, tmp_path: Path
) -> None:
    erase(settings, "account", "a1")
    apart = tmp_path / "apart"
    apart.mkdir()
    tables = {
        "accounts": ACCOUNTS,
        "subscriptions": SUBSCRIPTIONS,
        "usage_daily": USAGE_DAILY,
        "contacts": CONTACTS,
        "users": USERS,
    }
    never = company(
        apart, few(), **{name: without_first(text, "a1") for name, text in tables.items()}
    )
    build(never)
    for name in ("accounts", "subscriptions", "usage_daily", "contacts", "users", "ledger"):
        left, right = (
            pq.read_table(s.tables_folder / f"{name}.parquet") for s in (settings, never)
        )
        assert left.to_pylist() == right.to_pylist()
    again = build(settings)
    assert (again.computed, again.taken_over) == (0, again.as_ofs)
    left, right = (pq.read_table(s.feature_table) for s in (settings, never))
    assert left.to_pylist() == right.to_pylist()


def test_the_same_source_does_not_bring_it_back(settings: Settings) -> None:
    erase(settings, "account", "a1")
    shutil.rmtree(settings.tables_folder)
    settings.feature_table.unlink()
    assert check(settings).ok
    build(settings)
    assert not any(everywhere(settings, "a1").values())
    accounts = pq.read_table(settings.tables_folder / "accounts.parquet")["account_id"]
    assert accounts.to_pylist() == ["a2"]


def test_a_person_is_gone_by_whatever_they_were_called(settings: Settings) -> None:
    proof = erase(settings, "contact", "c2")
    assert proof.ok
    assert removed(proof) == {"tables/contacts.parquet": 1, "tables/users.parquet": 1}
    ingest(settings)
    assert not any(everywhere(settings, "c2").values())
    contacts = pq.read_table(settings.tables_folder / "contacts.parquet")["contact_id"]
    assert contacts.to_pylist() == ["c1", "c3"]


def test_what_was_stopped_half_way_is_finished_by_running_it_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as stopped:
        stopped.setattr(erase_tables, "keep_others", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erase(settings, "account", "a1")
    assert any(everywhere(settings, "a1").values())
    assert erase(settings, "account", "a1").ok
    build(settings)
    assert not any(everywhere(settings, "a1").values())


def test_erasing_again_finds_nothing_to_remove(settings: Settings) -> None:
    erase(settings, "account", "a1")
    again = erase(settings, "account", "a1")
    assert (again.ok, removed(again)) == (True, {})


def test_of_the_report_only_its_rows_go(settings: Settings) -> None:
    erase(settings, "account", "a1")
    page = (settings.report_folder / "2024-05-01" / "index.html").read_text()
    assert page == f"<table>{OTHER}</table><svg><text></text></svg>"


def test_lines_that_wait_lose_it(settings: Settings) -> None:
    erase(settings, "account", "a1")
    lines = (settings.work / "spool/0/feedback/1-1.ready").read_text().splitlines()
    nameless = erased_ids.pseudonym("account", "a1")
    assert [json.loads(one) for one in lines] == [
        {"account_id": "a2", "note": f"as {nameless}, not a11"}
    ]


def test_examples_of_violations_do_not_name_it(tmp_path: Path) -> None:
    accepted = '[rules]\n"usage_daily.within_subscription" = "accept"\n'
    outside = USAGE_DAILY + "a1,core,search,2023-12-01,1,1,2023-12-02\n"
    settings = company(tmp_path, accepted + few(), usage_daily=outside)
    assert any("a1" in str(one) for one in ingest(settings).rules)
    erase(settings, "account", "a1")
    assert not any(everywhere(settings, "a1").values())
    ingest(settings)
    assert not any(everywhere(settings, "a1").values())


def test_where_nothing_was_read_yet_it_is_kept_from_coming(tmp_path: Path) -> None:
    settings = company(tmp_path, few())
    assert erase(settings, "account", "a1").ok
    ingest(settings)
    assert not any(everywhere(settings, "a1").values())


def test_at_a_terminal_the_proof_is_a_table(settings: Settings, tmp_path: Path) -> None:
    shown = expansion(tmp_path, "erase", "--account", "a1")
    assert shown.returncode == 0
    assert "erased: " in shown.stdout
    assert "tables/accounts.parquet" in shown.stdout
    assert str(settings.data_folder) in shown.stdout.replace("\n", "")
    told = json.loads(expansion(tmp_path, "erase", "--account", "a1", "--json").stdout)
    assert told["ok"] is True
    assert {one["found"] for one in told["places"]} == {0}


@pytest.mark.parametrize("arguments", [(), ("--account", "a", "--contact", "b")])
def test_one_is_to_be_named(settings: Settings, arguments: tuple[str, ...]) -> None:
    answer = expansion(settings.data_folder.parent, "erase", *arguments)
    assert answer.returncode == 2
    assert "--contact" in answer.stderr


def test_what_still_names_it_is_told(settings: Settings, tmp_path: Path) -> None:
    (settings.work / "notes.txt").write_text("remember a1")
    answer = expansion(tmp_path, "erase", "--account", "a1")
    assert answer.returncode == 1
    assert "notes.txt" in answer.stdout
    assert "not fully erased" in answer.stdout


@pytest.mark.parametrize("odd", ["a1", 'quo"te', "ü/1", "back\\slash"])
@pytest.mark.parametrize("form", ["csv", "hubspot-batch"])
def test_an_export_that_names_an_account_goes(tmp_path: Path, odd: str, form: Format) -> None:
    (tmp_path / "expansion.toml").write_text(SETTINGS)
    settings = load(tmp_path / "expansion.toml")
    other = settings.export_folder / "other-csv" / "csv-00001.csv"
    other.parent.mkdir(parents=True)
    other.write_text("account_id\na11\n")
    store = ScoreStore(settings.store_url)
    store.write(scoring("s1"), [account(1, account_id=odd), account(2, account_id="a2")])
    store.close()
    exported = Path(export(settings, form).folder)
    assert removed(erase(settings, "account", odd))[f"export/{exported.name}"] > 0
    assert [one.name for one in settings.export_folder.iterdir()] == ["other-csv"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_mlflow_in_postgres_is_searched(settings: Settings, database_url: str) -> None:
    elsewhere = settings.model_copy(update={"mlflow": MLflow(uri=database_url)})
    database = Database(database_url)
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE tags (key text, value text, at int)")
        connection.exec_driver_sql("INSERT INTO tags VALUES ('note', 'as a1', 1), ('b', 'a11', 2)")
    database.close()
    found = everywhere(elsewhere, "a1")
    assert found["mlflow: tags"] == 1
    assert unsearched(elsewhere) == ()


def test_an_mlflow_that_cannot_be_searched_is_told(settings: Settings) -> None:
    behind = MLflow(uri="https://user:secret@mlflow.example:5000")
    proof = erase(settings.model_copy(update={"mlflow": behind}), "account", "a1")
    assert proof.unsearched == ("MLflow at https://mlflow.example",)
