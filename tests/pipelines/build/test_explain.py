"""``build --explain`` at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.app import app
from tests.pipelines.small import company


def run(folder: Path, *arguments: str) -> Result:
    company(folder)
    config = str(folder / "expansion.toml")
    return CliRunner().invoke(app, ["build", "--config", config, *arguments])


def test_a_row_is_explained_label_by_label_and_row_by_row(tmp_path: Path) -> None:
    found = run(tmp_path, "--explain", "a1", "--as-of", "2024-02-05", "--feature", "arr")
    assert found.exit_code == 0
    assert "a1 at 2024-02-05" in found.stdout
    assert "arr = 1,000" in found.stdout
    assert "* subscriptions subscription_id s1, starts_on 2024-01-01" in found.stdout
    assert "core 10 -> 20 on 2024-03-01: signed 2024-02-01, before 2024-02-05" in found.stdout


def test_only_what_the_feature_reads_is_shown_and_its_window(tmp_path: Path) -> None:
    found = run(tmp_path, "--explain", "a2", "--as-of", "2024-02-06", "--feature", "arr")
    assert "usage_daily" not in found.stdout
    assert "3 rows of 2 other tables are not shown" in found.stdout
    asked = ("--as-of", "2024-02-06", "--feature", "usage_active_users_91d")
    found = run(tmp_path, "--explain", "a2", *asked)
    assert ", last 91 days" in found.stdout
    assert "in count" not in found.stdout


def test_json_holds_every_row(tmp_path: Path) -> None:
    asked = ["--explain", "a2", "--as-of", "2024-02-06", "--feature", "seats_licensed", "--json"]
    said = json.loads(run(tmp_path, *asked).stdout)
    assert said["as_of"] == "2024-02-06"
    assert [value["name"] for value in said["features"]] == ["seats_licensed"]
    usage = [row for row in said["rows"] if row["table"] == "usage_daily"]
    assert [bool(row["hidden"]) for row in usage] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--explain", "a9"], 1, "a9"),
        (["--explain", "a1", "--as-of", "soon"], 2, "'soon' is not a date"),
        (["--explain", "a1", "--as-of", "1.2.2024"], 2, "YYYY-MM-DD"),
        (["--explain", "a1", "--as-of", "2031-01-06"], 1, "the data is complete before 2024"),
        (["--explain", "a1", "--feature", "seats_licenced"], 2, "did you mean seats_licensed?"),
        (["--explain", "a1", "--as-of", "2024-02-05", "--feature", "no"], 2, "'no'"),
        (["--as-of", "2024-02-05"], 2, "--explain"),
    ],
)
def test_errors(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    found = run(tmp_path, *arguments)
    assert found.exit_code == code
    assert message in found.output
