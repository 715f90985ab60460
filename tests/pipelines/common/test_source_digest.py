"""A digest of code changes with any file of it, however deep, and with nothing else."""

from __future__ import annotations

from pathlib import Path

from pipelines.common.source_digest import source_digest
from tests.pipelines.source_tree import change_deep_file, package


def test_a_changed_file_two_folders_down_changes_it(tmp_path: Path) -> None:
    folder = package(tmp_path)
    before = source_digest(folder)
    change_deep_file(folder)
    assert source_digest(folder) != before


def test_a_file_that_moves_changes_it(tmp_path: Path) -> None:
    folder = package(tmp_path)
    before = source_digest(folder)
    (folder / "top.py").rename(folder / "theme" / "top.py")
    assert source_digest(folder) != before


def test_what_is_no_code_and_where_it_lies_do_not(tmp_path: Path) -> None:
    folder, other = package(tmp_path / "here"), package(tmp_path / "elsewhere")
    (folder / "notes.txt").write_text("no code")
    assert source_digest(folder) == source_digest(other)
