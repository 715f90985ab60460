"""Each verb ends with what to do next: a verb that is there, with the settings of the call."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
import typer

from pipelines.cli.app import app
from tests.pipelines.cli.test_app import ROOT, expansion

VERBS = (
    ("check",), ("build",), ("train",), ("models",), ("promotions",), ("score",), ("forecast",),
    ("monitor",), ("report",), ("deliver",), ("export", "--dry-run"), ("notify",), ("moved",),
    ("scorings",), ("keys", "list"), ("store", "status"), ("audit",), ("catalogue",), ("journey",),
)  # fmt: skip


@pytest.fixture(scope="module")
def company(finished_company: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company") / "own"
    shutil.copytree(finished_company, folder, symlinks=True)
    (folder / "expansion.toml").rename(folder / "own.toml")
    return folder


def names() -> set[str]:
    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_verb_ends_with_the_next_step(company: Path, verb: tuple[str, ...]) -> None:
    done = expansion(company, *verb, "--config", "own.toml")
    if verb == ("moved",):  # a company that was scored once: nothing to compare with
        assert done.returncode == 1
        return
    *_, last = done.stdout.strip().splitlines()
    assert last.startswith("Next: expansion "), done.stdout + done.stderr
    proposed = last.removeprefix("Next: expansion ").split(", or expansion ")
    for command in proposed:
        assert command.split()[0] in names()
        assert "--config own.toml" in command


def test_json_has_no_next_step(company: Path) -> None:
    assert "Next:" not in expansion(company, "models", "--config", "own.toml", "--json").stdout


def test_without_options_the_usual_settings_are_not_named(company: Path) -> None:
    shutil.copyfile(company / "own.toml", company / "expansion.toml")
    last = expansion(company, "models").stdout.strip().splitlines()[-1]
    assert "--config" not in last


def test_refused_data_is_not_to_be_built(company: Path, tmp_path: Path) -> None:
    for path in (company / "source").iterdir():
        shutil.copyfile(path, tmp_path / path.name)
    (tmp_path / "products.csv").write_text("product_id,name\nx,\n")
    (tmp_path / "products.parquet").unlink(missing_ok=True)
    arguments = ("check", "--config", "own.toml", "--data", str(tmp_path))
    done = expansion(company, *arguments)
    assert done.returncode != 0
    assert "expansion build" not in done.stdout


def test_the_version_is_the_projects(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    done = expansion(tmp_path, "--version")
    assert (done.returncode, done.stdout) == (0, f"expansion {project['version']}\n")
