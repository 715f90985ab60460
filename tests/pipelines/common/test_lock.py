"""One run at a time, and no lock outlives its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from features.errors import EnvironmentFailure
from pipelines.common.lock import exclusive, in_turn

HOLDER = """
import sys, time
from pathlib import Path
from pipelines.common.lock import exclusive, in_turn
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_who_runs_until_that_one_is_killed(tmp_path: Path) -> None:
    lock = tmp_path / "weekly" / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(EnvironmentFailure, match=rf"under way in process {holder.pid} on .+"):
            exclusive(lock).__enter__()
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with exclusive(lock):
        pass
    with exclusive(lock):
        pass


WAITER = """
import sys
from pathlib import Path
from pipelines.common.lock import in_turn
print("waits", flush=True)
with in_turn(Path(sys.argv[1])):
    print("held", flush=True)
"""


def test_whose_turn_comes_next_waits_for_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with in_turn(lock):
        waiter = subprocess.Popen(
            [sys.executable, "-c", WAITER, str(lock)], stdout=subprocess.PIPE, text=True
        )
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "waits\n"
        with pytest.raises(subprocess.TimeoutExpired):
            waiter.wait(0.3)
    with waiter:
        assert waiter.stdout.read() == "held\n"
