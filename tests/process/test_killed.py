"""Verbs killed at random moments leave nothing half done that counts; see ``tests.drills.kill``."""

from __future__ import annotations

import subprocess
import sys


def test_what_is_killed_half_way_fits_together() -> None:
    # A process of its own: a fork of one in which LightGBM has run would hang.
    verbs = "promote,rollback"
    command = [
        sys.executable,
        "-m",
        "tests.drills.kill",
        "--times",
        "1",
        "--seed",
        "5",
        "--verbs",
        verbs,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 kills, 0 problems" in done.stdout
