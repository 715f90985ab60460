"""A run that is killed goes on where it ended: steps that were done are not done again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from pipelines.orchestration.run_record import read

DAY = date(2026, 8, 3)
STEPS = ("score", "monitor", "report")
RUN = """
import os, signal, sys
from datetime import date
from pathlib import Path
from pipelines.orchestration import run_record
from pipelines.common.lock import exclusive
from pipelines.orchestration.run_record import Record
from pipelines.orchestration.runner import Runner

folder, deadly, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def step(name):
    def work(progress):
        if name == deadly and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        with (folder / "done").open("a") as file:
            file.write(name + chr(10))
        if name == deadly and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return name + " is done"
    return work

with exclusive(folder / "lock"):
    day = date(2026, 8, 3)
    known = run_record.read(folder, day) or Record(day, "the same")
    runner = Runner(known, folder, lambda text, share: None, 3)
    for name in sys.argv[4:]:
        runner.do(name, step(name))
    runner.end()
"""


def run(folder: Path, deadly: str = "", when: str = "") -> int:
    command = [sys.executable, "-c", RUN, str(folder), deadly, when, *STEPS]
    return subprocess.run(command, check=False).returncode


@pytest.mark.parametrize("deadly", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_was_done_is_not_done_again(tmp_path: Path, deadly: str, when: str) -> None:
    assert run(tmp_path, deadly, when) == -signal.SIGKILL
    half = read(tmp_path, DAY)
    place = STEPS.index(deadly)
    assert [one.name for one in half.steps] == list(STEPS[:place]) if half else place == 0
    assert run(tmp_path) == 0
    done = read(tmp_path, DAY)
    assert done is not None
    assert done.done
    assert [one.name for one in done.steps] == list(STEPS)
    counts = Counter((tmp_path / "done").read_text().split())
    # The one that was cut off after its work and before the record is done once more.
    twice = {deadly: 2} if when == "after" else {}
    assert counts == Counter(dict.fromkeys(STEPS, 1) | twice)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]  # noqa: PTH208
