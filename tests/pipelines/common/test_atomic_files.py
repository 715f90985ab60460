"""Files and folders appear whole or not at all."""

from __future__ import annotations

import ctypes
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines.common.atomic_files import folder_aside


def write(path: Path, text: str) -> None:
    with folder_aside(path) as other:
        (other / "file").write_text(text)


def stop_half_way(path: Path) -> None:
    with folder_aside(path) as other:
        (other / "file").write_text("half")
        raise KeyboardInterrupt


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "tables"
    for text in ("first", "second"):
        write(path, text)
        assert (path / "file").read_text() == text
    assert os.listdir(tmp_path) == ["tables"]  # noqa: PTH208 (hidden ones, too)


def test_stopped_half_way_the_old_folder_stays(tmp_path: Path) -> None:
    path = tmp_path / "tables"
    write(path, "first")
    with pytest.raises(KeyboardInterrupt):
        stop_half_way(path)
    assert (path / "file").read_text() == "first"
    assert os.listdir(tmp_path) == ["tables"]  # noqa: PTH208


def test_where_the_disk_cannot_exchange_names_it_takes_three_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_args, **_given: SimpleNamespace())
    test_a_folder_takes_the_place_of_another(tmp_path)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "renameat2"), reason="needs Linux")
def test_at_no_time_is_there_neither(tmp_path: Path) -> None:
    path = tmp_path / "tables"
    write(path, "0")
    missing, done = [], threading.Event()

    def look() -> None:
        while not done.is_set():
            missing.extend([] if path.exists() else [1])

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(200):
        write(path, str(number))
    done.set()
    reader.join()
    assert missing == []


def test_what_the_killed_left_is_removed_a_day_later(tmp_path: Path) -> None:
    left, young = tmp_path / ".tables.1", tmp_path / ".tables.2"
    for one in (left, young):
        one.mkdir()
    os.utime(left, (0, 0))
    write(tmp_path / "tables", "new")
    assert sorted(os.listdir(tmp_path)) == [".tables.2", "tables"]  # noqa: PTH208
