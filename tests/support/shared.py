"""What takes long to make is made once a test run, by whichever worker asks first.

Whoever asks gets the same folder, so nobody may write there: copy it first.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.synthetic import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

ACCOUNTS, MONTHS, SEED, END = 300, 30, 5, date(2026, 8, 3)
"""Of the simulated company: its model of upsell has skill, and uses the features of its own."""
VERBS = ("check", "build", "train", "score", "report")
PAGE = (Path(__file__).parents[2] / "docs" / "own-features.md").read_text("utf-8")
SETTINGS = """
[company]
name = "Example Software"
[data]
folder = "source"
[paths]
work = "work"
[mlflow]
home = "mlruns"
[train]
targets = ["upsell"]
threads = 1
max_trees = 100
"""


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder ``name`` of this test run; ``make`` fills it where nobody has yet."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, complete = base / name, base / f"{name}.complete"
    with FileLock(base / f"{name}.lock"):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            complete.touch()
    return folder


def simulated(folder: Path) -> None:
    """Simulate the company; its tables lie in ``source``."""
    simulate(folder / "source", accounts=ACCOUNTS, months=MONTHS, seed=SEED, end=END, workers=1)


def finished(folder: Path, source: Path) -> None:
    """Let the company, with the features of its own of the documentation, go all the way once."""
    shutil.copytree(source, folder / "source")
    (folder / "acme_features.py").write_text(example("python"), "utf-8")
    # What the simulation draws once never changes.
    keep = '[features]\nkeep = ["region", "segment", "users.user_group", "org_units.headcount"]'
    toml = example("toml").replace("[features]", keep)
    (folder / "expansion.toml").write_text(SETTINGS + toml, "utf-8")
    for verb in VERBS:
        with contextlib.chdir(folder):
            result = CliRunner().invoke(app, [verb])
        assert result.exit_code == 0, f"{verb}: {result.output}"


def example(language: str) -> str:
    """Return the first example in a language of the page on features of a company's own."""
    block = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert block
    return block[1]
