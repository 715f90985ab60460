"""Kills ``expansion weekly`` within each of its steps and looks whether the next run makes it good.

``python -m tests.drills.weekly_kill`` simulates a small company, trains it, and runs two weeks, the
second of which was preceded by one that was missed. The second run is killed with signal 9 within
every step, at a random moment of it, and run again: features, scores, decisions, verdicts,
forecast, page and what was delivered must be those of a run that nobody killed, and a mail must
have come once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

END = date(2026, 8, 3)
WEEK = timedelta(days=7)
FOLDER = "home"
SETTINGS = """
[data]
folder = "source"
[paths]
work = "var"
[mlflow]
home = "mlruns"
[train]
max_trees = 40
[[deliver]]
to = "file"
name = "drive"
folder = "drive"
[[deliver]]
to = "smtp"
name = "leaders"
host = "127.0.0.1"
port = {port}
security = "none"
sender = "reports@example.com"
recipients = ["cs@example.com"]
"""
UNDECIDED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
"""When something was scored, which no second run can repeat."""


class Post:
    """A mail server that counts what comes, by Message-ID."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        [told] = re.findall(rb"^Message-ID: (\S+)", envelope.content, re.MULTILINE)
        self.ids.append(told.decode())
        return "250 OK"


def main() -> None:
    """Kill at every step, so many times, and print what became of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills.weekly_kill", description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="Kills within each step.")
    parser.add_argument("--accounts", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    dice = random.Random(asked.seed)  # noqa: S311 (which moment is no secret)
    with tempfile.TemporaryDirectory(prefix="weekly-kill-") as folder, posting() as (post, port):
        template = prepared(Path(folder), asked.accounts, port)
        home, post.ids = copied(template), []
        run(home)
        expected, steps = outcome(home, post), record(home)["steps"]
        print(f"uninterrupted: {', '.join(one['name'] for one in steps)}\n")
        print(
            "| killed within | after | then | the same | mails |\n|---|---|---|---|---|", flush=True
        )
        problems = 0
        for _ in range(asked.times):
            for place in range(len(steps)):
                problems += not kill_within(template, steps, place, expected, post, dice)
        print(f"\n{asked.times * len(steps)} kills, {problems} problems")
    sys.exit(bool(problems))


def kill_within(
    template: Path, steps: Sequence[Mapping[str, Any]], place: int, expected: Any, post: Post,
    dice: random.Random,
) -> bool:  # fmt: skip
    """Kill a run within a step, run it again, and print and return whether all is well."""
    home, post.ids = copied(template), []
    delay = dice.random() * float(steps[place]["seconds"])
    after = killed(home, steps, place, delay)
    run(home)
    found, done = outcome(home, post), record(home)
    taken_over = sum(one["started_at"] <= after for one in done["steps"])
    different = [name for name, one in expected.items() if found.get(name) != one]
    once = len(set(post.ids)) == 1
    told = "yes" if not different else f"**no**: {', '.join(different)}"
    again = f"{taken_over} steps taken over"
    print(
        f"| {steps[place]['name']} | {delay:.1f} s | {again} | {told} | {len(post.ids)} |",
        flush=True,
    )
    return not different and once and bool(done["done"])


def prepared(folder: Path, accounts: int, port: int) -> Path:
    """Return a company that has run a week, two weeks before the end of its data."""
    from pipelines.build.build import build
    from pipelines.config.settings import load
    from pipelines.lifecycle.train import train
    from pipelines.synthetic import simulate

    home = folder / "template"
    home.mkdir()
    (home / "expansion.toml").write_text(SETTINGS.format(port=port))
    settings = load(home / "expansion.toml")
    simulate(settings.data_folder, accounts=accounts, months=36, seed=7, end=END)
    build(settings)
    train(settings)
    first = f"[company]\ndata_through = {END - 2 * WEEK}\n"
    (home / "expansion.toml").write_text(first + SETTINGS.format(port=port))
    run(home)
    (home / "expansion.toml").write_text(SETTINGS.format(port=port))
    return home


def copied(template: Path) -> Path:
    """Return a copy of the company, always at the same place: paths stand in what it writes."""
    home = template.parent / FOLDER
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(template, home, symlinks=True)
    return home


def run(home: Path) -> None:
    """Run a week to its end."""
    done = started(home)
    _, told = done.communicate()
    assert done.returncode == 0, told


def started(home: Path) -> subprocess.Popen[str]:
    """Start a week's run in a group of processes of its own."""
    command = [
        sys.executable,
        "-c",
        "from pipelines.cli.app import main; main()",
        "weekly",
        "--json",
    ]
    return subprocess.Popen(
        command, cwd=home, text=True, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def killed(home: Path, steps: Sequence[Mapping[str, Any]], place: int, delay: float) -> str:
    """Kill a run ``delay`` seconds after the step before ``place`` was done; return when."""
    process = started(home)
    while process.poll() is None and len(record(home)["steps"]) < place and place > 1:
        time.sleep(0.02)
    # Check and build come before the record; they are waited for by the time they take.
    time.sleep(delay + (2.0 if place == 0 else float(steps[0]["seconds"]) if place == 1 else 0.0))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())


def record(home: Path) -> dict[str, Any]:
    """Return what the week's run has written down."""
    path = home / "var" / "weekly" / f"{END}.json"
    content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"steps": []}
    return content


def outcome(home: Path, post: Post) -> dict[str, str]:
    """Return a digest of everything that a week leaves, by name."""
    var = home / "var"
    page = var / "report" / str(END) / "index.html"
    files = {
        "features": var / "features.parquet",
        "forecast": var / "forecast.json",
        **{
            f"verdict {day}": var / "watch" / str(day) / "verdict.json" for day in (END - WEEK, END)
        },
    }
    made = {name: digest(path.read_bytes()) for name, path in files.items()}
    made["page"] = digest(UNDECIDED.sub("", page.read_text("utf-8")).encode())
    same = (home / "drive" / str(END) / "index.html").read_bytes() == page.read_bytes()
    made["drive"] = str(same)
    made["mails"] = str(len(set(post.ids)))
    with closing(sqlite3.connect(var / "scores.db")) as store:
        rows = sorted(map(repr, store.execute("SELECT * FROM scores")))
        made["scores"] = digest("\n".join(rows).encode())
        made["scorings"] = repr(sorted(store.execute("SELECT scoring_id, accounts FROM scorings")))
    return made


def digest(content: bytes) -> str:
    """Return what tells contents apart."""
    return hashlib.sha256(content).hexdigest()[:16]


@contextmanager
def posting() -> Iterator[tuple[Post, int]]:
    """Run a mail server; yield it and its port."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    post = Post()
    server = Controller(post, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield post, port
    finally:
        server.stop()


if __name__ == "__main__":
    main()
