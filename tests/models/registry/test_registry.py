"""MLflow's home: made whole or not at all, and never over another one."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from models.common.sqlite_address import sqlite_path, sqlite_url
from models.registry import home


class Client:
    """Makes a database as MLflow would; ``meanwhile`` is made by somebody else at the same time."""

    meanwhile: Path | None = None

    def __init__(self, uri: str) -> None:
        self.path = sqlite_path(uri)

    def search_experiments(self, **_given: int) -> None:
        self.path.write_text("ours")
        if Client.meanwhile is not None:
            Client.meanwhile.write_text("theirs")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(sys.modules, "mlflow", SimpleNamespace(MlflowClient=Client))
    monkeypatch.setattr(Client, "meanwhile", None)
    return tmp_path / "mlflow.db"


def make(database: Path) -> list[str]:
    home.make_database(sqlite_url(database))
    return [path.name for path in database.parent.iterdir()]


def test_the_database_is_made_aside(database: Path) -> None:
    assert make(database) == ["mlflow.db"]
    assert database.read_text() == "ours"


def test_a_database_that_is_there_stays(database: Path) -> None:
    database.write_text("older")
    assert make(database) == ["mlflow.db"]
    assert database.read_text() == "older"


def test_one_that_another_process_made_meanwhile_stays(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "meanwhile", database)
    assert make(database) == ["mlflow.db"]
    assert database.read_text() == "theirs"


def test_what_is_no_sqlite_is_left_to_its_server(tmp_path: Path) -> None:
    home.make_database("postgresql://somewhere/mlflow")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_making_leaves_no_database(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.link", dies)
        with pytest.raises(KeyboardInterrupt):
            make(database)
    assert not database.exists()
    make(database)
    assert database.read_text() == "ours"
