from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from features.errors import UsageError
from pipelines.config.settings import load


def write(folder: Path, text: str, name: str = "expansion.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(UsageError) as caught:
        load(path)
    assert caught.value.exit_code == 2
    return list(caught.value.problems)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[data]\nfolder = "../source"\n[paths]\nwork = "results"\n[mlflow]\nhome = "registry"\n',
        "configs/a.toml",
    )
    settings = load(path)
    configs = tmp_path / "configs"
    assert settings.data_folder == tmp_path / "source"
    assert settings.work == configs / "results"
    assert settings.tables_folder == configs / "results" / "tables"
    assert settings.feature_table == configs / "results" / "features.parquet"
    assert settings.release_folder == configs / "results" / "release"
    assert settings.report_folder == configs / "results" / "report"
    assert settings.store_url == f"sqlite:///{configs}/results/scores.db"
    assert settings.mlflow_uri == f"sqlite:///{configs}/registry/mlflow.db"
    assert settings.mlflow_artifacts == configs / "registry" / "artifacts"


def test_an_empty_file_has_defaults_beside_it(tmp_path: Path) -> None:
    settings = load(write(tmp_path, ""))
    assert settings.work == tmp_path / "var"
    assert (settings.build.every_days, settings.build.horizon_days) == (28, 91)


def test_the_argument_beats_the_environment_and_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, '[data]\nfolder = "written"\n')
    monkeypatch.setenv("EXPANSION_DATA_FOLDER", str(tmp_path / "environment"))
    monkeypatch.setenv("EXPANSION_STORE_URL", "postgresql+psycopg://db/scores")
    assert load(path).data_folder == tmp_path / "environment"
    with pytest.raises(UsageError, match=r"--data .*argument: there is no such folder"):
        load(path, data_folder=tmp_path / "argument")
    (tmp_path / "argument").mkdir()
    assert load(path, data_folder=tmp_path / "argument").data_folder == tmp_path / "argument"
    assert load(path).store_url == "postgresql+psycopg://db/scores"


def test_a_file_that_extends_another_is_laid_over_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        '[company]\nname = "Base"\ncurrency = "USD"\ndata_through = 2024-01-01\n'
        '[data]\nfolder = "source"\n[rules]\n"accounts.unique" = "drop"\n'
        '[[checks]]\nname = "one"\ntable = "accounts"\nviolates = "false"\n',
        "base/base.toml",
    )
    path = write(
        tmp_path,
        'extends = "base/base.toml"\n[company]\nname = "Over"\n[rules]\n"users.order" = "accept"\n'
        '[[checks]]\nname = "two"\ntable = "accounts"\nviolates = "false"\n',
    )
    settings = load(path)
    assert (settings.company.name, settings.company.currency) == ("Over", "USD")
    assert settings.company.data_through == date(2024, 1, 1)
    assert settings.data_folder == tmp_path / "base" / "source"
    assert settings.rules == {"accounts.unique": "drop", "users.order": "accept"}
    assert [check.name for check in settings.checks] == ["one", "two"]


def test_the_section_monitoring_is_read_by_its_old_name_too(tmp_path: Path) -> None:
    old = load(write(tmp_path, "[watch]\ntrain = true\n", "old.toml"))
    new = load(write(tmp_path, "[monitoring]\ntrain = true\n", "new.toml"))
    assert old.monitoring == new.monitoring
    assert new.monitoring.train


def test_a_file_that_extends_itself_is_told(tmp_path: Path) -> None:
    write(tmp_path, 'extends = "a.toml"', "b.toml")
    assert "extends itself" in problems(write(tmp_path, 'extends = "b.toml"', "a.toml"))[0]


def test_every_mistake_is_told_at_once_with_file_key_and_nearest_key(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[compny]\nname = "x"\n'
        '[company]\ncurency = "EUR"\n'
        "[build]\nevery_days = 30\n"
        '[sources]\ncrm = { file = "a.csv", url = "sqlite:///a.db" }\n'
        '[tables.accounts]\nform = "crm"\n'
        '[rules]\n"accounts.unique" = "drp"\n',
    )
    told = problems(path)
    assert len(told) == 6
    assert all(str(path) in one for one in told)
    text = "\n".join(told)
    assert "compny: there is no such key; did you mean 'company'?" in text
    assert "company.curency: there is no such key; did you mean 'currency'?" in text
    assert "build.every_days = 30" in text
    assert "tables.accounts.form: there is no such key; did you mean 'from'?" in text
    assert "exactly one of file, duckdb, url and sql" in text
    assert "'refuse', 'drop' or 'accept'" in text


def test_a_mistake_in_the_file_extended_names_that_file(tmp_path: Path) -> None:
    base = write(tmp_path, "[company]\nnme = 'x'\n", "base.toml")
    told = problems(write(tmp_path, 'extends = "base.toml"\n'))
    assert told[0].startswith(f"{base}: company.nme")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[tables.acounts]\n", "tables: there is no 'acounts'; did you mean 'accounts'?"),
        (
            '[tables.accounts.columns]\nacount_id = "id"\n',
            "tables.accounts.columns: there is no 'acount_id'; did you mean 'account_id'?",
        ),
        (
            '[sources]\ncrm = "crm.csv"\n[tables.accounts]\nfrom = "cmr"\n',
            "tables.accounts.from: there is no 'cmr'; did you mean 'crm'?",
        ),
        (
            '[[checks]]\nname = "x"\ntable = "usage"\nviolates = "true"\n',
            "checks.x.table: there is no 'usage'",
        ),
    ],
)
def test_a_name_that_nothing_answers_to_is_told(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in problems(write(tmp_path, text))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("[company\n", "is not a TOML file"), ("extends = 3", "must be the name of another")],
)
def test_a_file_that_is_no_configuration_is_told(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in problems(write(tmp_path, text))[0]


def test_a_missing_file_is_told_with_the_way_out(tmp_path: Path) -> None:
    told = problems(tmp_path / "nowhere.toml")
    assert "nowhere.toml" in told[0]
    assert "docs/connect-your-data.md" in told[0]


def test_the_default_configuration_is_read() -> None:
    settings = load(Path(__file__).parents[3] / "expansion.toml")
    assert settings.data_folder.parts[-3:] == ("var", "demo", "source")
    assert settings.tables == {}


def test_addresses_with_passwords_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, '[mlflow]\nhome = "m"\n')
    assert load(path).mlflow_uri == f"sqlite:///{tmp_path / 'm' / 'mlflow.db'}"
    monkeypatch.setenv("EXPANSION_STORE_URL", "postgresql+psycopg://scores@db/scores")
    monkeypatch.setenv("EXPANSION_MLFLOW_URI", "http://mlflow:5000")
    settings = load(path)
    assert (settings.store_url, settings.mlflow_uri) == (
        "postgresql+psycopg://scores@db/scores", "http://mlflow:5000",
    )  # fmt: skip
    assert settings.mlflow_artifacts == tmp_path / "m" / "artifacts"
