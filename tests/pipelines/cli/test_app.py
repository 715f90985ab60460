"""The command line as a person meets it: exit codes, one JSON object, clear messages."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from tests.support.shared import SETTINGS

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Answer:
    """What a call of the command line leaves behind."""

    returncode: int
    stdout: str
    stderr: str


def expansion(folder: Path, *arguments: str) -> Answer:
    """Run a verb in this process; an exception that is no exit fails the test."""
    with contextlib.chdir(folder):
        result = CliRunner().invoke(app, arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


def test_the_verb_monitor_is_understood_by_its_old_name_too(tmp_path: Path) -> None:
    old, new = (expansion(tmp_path, verb, "--json") for verb in ("watch", "monitor"))
    assert old == new
    assert "expansion.toml" in new.stdout
    shown = expansion(tmp_path, "--help").stdout
    assert "monitor" in shown
    assert "watch" not in shown


def test_the_installed_command_answers_for_itself(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("expansion")
    done = subprocess.run([command, "build"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "expansion.toml" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def company(finished_company: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings and a small simulated company that has gone all the way once."""
    folder = tmp_path_factory.mktemp("company") / "own"
    shutil.copytree(finished_company, folder, symlinks=True)
    return folder


def test_the_whole_way_leaves_features_release_scores_and_a_page(company: Path) -> None:
    assert (company / "work" / "features.parquet").exists()
    assert (company / "work" / "release" / "current" / "manifest.json").exists()
    assert (company / "work" / "scores.db").exists()
    assert list((company / "work" / "report").glob("*/index.html"))
    assert (company / "mlruns" / "mlflow.db").exists()


def test_json_is_one_object_on_stdout(company: Path) -> None:
    for verb in ("check", "build", "train", "score", "models", "catalogue"):
        done = expansion(company, verb, "--json")
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 1
        json.loads(done.stdout)


def test_a_step_run_again_on_the_same_input_changes_nothing(company: Path) -> None:
    features = company / "work" / "features.parquet"
    before = features.read_bytes(), features.stat().st_mtime_ns
    assert json.loads(expansion(company, "build", "--json").stdout)["unchanged"] is True
    assert json.loads(expansion(company, "train", "--json").stdout)["unchanged"] is True
    assert (features.read_bytes(), features.stat().st_mtime_ns) == before


def test_a_rebuild_gives_the_same_bytes(company: Path) -> None:
    features = company / "work" / "features.parquet"
    before = features.read_bytes()
    features.unlink()
    assert expansion(company, "build").returncode == 0
    assert features.read_bytes() == before


def test_no_model_input_looks_forward(company: Path) -> None:
    stored = pq.read_schema(company / "work" / "features.parquet").metadata[b"expansion"]
    inputs = [one["name"] for one in json.loads(stored)["features"]]
    assert inputs
    assert not [name for name in inputs if "_next_" in name or name in ("account_id", "as_of")]


def test_dirty_data_exits_1_and_leaves_earlier_output(company: Path, tmp_path: Path) -> None:
    for path in (company / "source").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    lines = pq.read_table(tmp_path / "subscriptions.parquet")
    doubled = lines.take([0, *range(lines.num_rows)])
    pq.write_table(doubled, tmp_path / "subscriptions.parquet")
    before = (company / "work" / "features.parquet").read_bytes()
    done = expansion(company, "build", "--data", str(tmp_path))
    assert done.returncode == 1
    assert "subscriptions" in done.stderr
    assert "Traceback" not in done.stderr
    assert (company / "work" / "features.parquet").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("build", "--config", "nowhere.toml"), 2, "nowhere.toml"),
        (("promote", "upsell", "--version", "99"), 2, "no version '99'"),
        (("promote", "upsell", "--force"), 2, "--why"),
        (("train", "--target", "upsel"), 2, "upsel"),
        (("rollback", "upsell"), 1, "no previous champion"),
        (("dance",), 2, "dance"),
    ],
)
def test_a_mistake_is_one_clear_message(
    company: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = expansion(company, *arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_one_json_object_too(company: Path) -> None:
    done = expansion(company, "build", "--config", "nowhere.toml", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == answer["exit_code"] == 2
    assert "nowhere.toml" in answer["error"][0]


def test_scoring_before_training_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "expansion.toml").write_text(SETTINGS)
    done = expansion(tmp_path, "score")
    assert done.returncode == 1
    assert "expansion train" in done.stderr


def test_a_folder_that_cannot_be_written_exits_3(company: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = expansion(company, "simulate", "--out", str(tmp_path / "file" / "out"))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
