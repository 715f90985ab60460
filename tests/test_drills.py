"""Every drill starts, and the table of drills names each with all its flags."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).with_name("drills")
README = (FOLDER / "README.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `python -m (tests\.drills\.\w+)` (\|.*)$", README, re.MULTILINE))
DRILLS = sorted(
    f"tests.drills.{path.stem}"
    for path in FOLDER.iterdir()
    if not path.name.startswith("_") and (path.suffix == ".py" or (path / "__main__.py").exists())
)


def test_the_table_names_every_drill() -> None:
    assert sorted(ROWS) == DRILLS


@pytest.mark.parametrize("drill", DRILLS)
def test_a_drill_starts_and_its_flags_are_in_the_table(
    drill: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"{drill}.__main__" if (FOLDER / drill.split(".")[-1]).is_dir() else drill
    monkeypatch.setattr(sys, "argv", [drill, "--help"])
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(name).main()
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert f"usage: python -m {drill} " in told
    options = set(re.findall(r"^  (--\w+)", told, re.MULTILINE))
    assert options == set(re.findall(r"`(--\w+)`", ROWS[drill].split("|")[-2]))
