"""One run at a time, and no lock outlives its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from features.errors import EnvironmentFailure
from pipelines.common.lock import alone

HOLDER = """
import sys, time
from pathlib import Path
from pipelines.common.lock import alone
with alone(Path(sys.argv[1])):
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
            alone(lock).__enter__()
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with alone(lock):
        pass
    with alone(lock):
        pass
