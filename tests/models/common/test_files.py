"""Files and folders appear whole or not at all."""

from __future__ import annotations

import ctypes
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from models.common.files import atomic_file, atomic_folder, write_atomically


def write(path: Path, text: str) -> None:
    with atomic_folder(path) as other:
        (other / "file").write_text(text)


def stop_half_way(path: Path) -> None:
    with atomic_folder(path) as other:
        (other / "file").write_text("half")
        raise KeyboardInterrupt


def write_half(path: Path) -> None:
    with atomic_file(path) as aside:
        aside.write_text("half")
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
    old, young = tmp_path / ".tables.1", tmp_path / ".tables.2"
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (0, 0))
    write(tmp_path / "tables", "new")
    assert sorted(os.listdir(tmp_path)) == [".tables.2", "tables"]  # noqa: PTH208


def test_a_stale_file_goes_and_what_only_looks_alike_stays(tmp_path: Path) -> None:
    names = [".page.html.12-ab", ".page.html.lock", ".page.htm.12-ab"]
    for name in names:
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (0, 0))
    write_atomically(tmp_path / "page.html", "new")
    assert sorted(os.listdir(tmp_path)) == [*sorted(names[1:]), "page.html"]  # noqa: PTH208


@pytest.mark.parametrize("content", ["äöü\r\n", b"\xff\x00"])
def test_text_and_bytes_are_written_as_they_are(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "deep" / "file"
    for _ in range(2):
        write_atomically(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert os.listdir(path.parent) == ["file"]  # noqa: PTH208


@pytest.mark.parametrize("before", [None, "old"])
def test_a_file_stopped_half_way_leaves_what_was_there(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_text(before)
    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    assert [file.read_text() for file in tmp_path.iterdir()] == ([before] if before else [])


def test_two_writers_of_one_process_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_file(path) as first, atomic_file(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"


def test_the_content_is_on_the_disk_before_it_is_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _descriptor: seen.append(path.exists()))
    path = tmp_path / "file"
    with atomic_file(path, durable=False) as aside:
        aside.write_text("a cache")
    path.unlink()
    write_atomically(path, "lasting")
    assert seen == [False]
