"""Lines that wait on disk: none lost, none out of order, none of a process that lives."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from features.errors import DataError, EnvironmentFailure
from serving.queue.disk_queue import DiskQueue, Line


class Store:
    """Takes lines as long as it is there."""

    def __init__(self, *, there: bool = True) -> None:
        self.there = there
        self.taken: list[int] = []

    def take(self, lines: Sequence[Line]) -> None:
        if not self.there:
            raise EnvironmentFailure("gone")
        self.taken += [line["n"] for line in lines]


def test_lines_arrive_once_in_their_order(tmp_path: Path) -> None:
    queue, store = DiskQueue(tmp_path / "s"), Store()
    for number in range(2500):
        queue.append({"n": number})
    assert queue.flush(store.take) == ()
    queue.append({"n": 2500})
    queue.flush(store.take)
    queue.flush(store.take)
    assert store.taken == list(range(2501))
    assert list((tmp_path / "s").iterdir()) == []


def test_while_the_store_is_gone_lines_wait_and_then_go_first(tmp_path: Path) -> None:
    queue, store = DiskQueue(tmp_path, fsync=True), Store(there=False)
    for number in range(3):
        queue.append({"n": number})
        assert "gone" in queue.flush(store.take)[0]
    assert [line["n"] for line in queue.pending()] == [0, 1, 2]
    store.there = True
    queue.append({"n": 3})
    queue.flush(store.take)
    assert store.taken == [0, 1, 2, 3]


def _write_and_die(folder: Path) -> None:
    queue = DiskQueue(folder)
    for number in range(5):
        queue.append({"n": number})
    os.write(queue._file or -1, b'{"n": 5, "half a li')
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_left_is_delivered_but_for_half_a_line(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(tmp_path,))
    process.start()
    process.join(60)
    store = Store()
    DiskQueue(tmp_path).flush(store.take)
    assert store.taken == [0, 1, 2, 3, 4]


def test_what_another_process_is_writing_is_left_to_it(tmp_path: Path) -> None:
    mine, other, store = DiskQueue(tmp_path), DiskQueue(tmp_path), Store()
    other.append({"n": 1})
    mine.flush(store.take)
    assert store.taken == []
    other.close()
    mine.flush(store.take)
    assert store.taken == [1]


def test_what_the_store_will_never_take_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    def refuse(_lines: Sequence[Line]) -> None:
        raise DataError("no such column")

    queue, store = DiskQueue(tmp_path), Store()
    queue.append({"n": 1})
    queue.flush(refuse)
    queue.append({"n": 2})
    queue.flush(store.take)
    assert store.taken == [2]
    assert len(list(tmp_path.glob("*.refused"))) == 1


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFailure, match="cannot be written"):
        DiskQueue(tmp_path / "file" / "spool").append({"n": 1})


def test_half_a_line_spoils_no_line_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, store, write = DiskQueue(tmp_path), Store(), os.write
    queue.append({"n": 1})
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, text: write(file, text[:4]))
        with pytest.raises(EnvironmentFailure, match="full"):
            queue.append({"n": 2})
    queue.append({"n": 3})
    queue.flush(store.take)
    assert store.taken == [1, 3]
