"""``python -m serving``: exit codes, settings, and stopping when told, in real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer

import httpx
import pytest

from features.errors import UsageError
from models.store.scores import ScoreStore
from serving.settings import ServingSettings
from tests.models.stored import account, scoring


def started(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    how = () if "-c" in arguments else ("-m", "serving")
    command = [sys.executable, *how, *arguments]
    known = {k: v for k, v in os.environ.items() if not k.startswith("EXPANSION_")}
    return subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**known, **environment}
    )


def address(server: subprocess.Popen[str]) -> str:
    """The address that the server says it listens on; one that says nothing is ended."""
    assert server.stderr is not None
    patience = Timer(30, server.kill)
    patience.start()
    line = server.stderr.readline()
    patience.cancel()
    assert line.startswith("listening on "), line
    return line.split()[2].rstrip(",")


HANGING = """
import sys, time
from models.release import bundle
bundle.current = lambda folder: folder
bundle.verify = lambda path: None
bundle.check_in_child = lambda path: time.sleep(60)
from serving.__main__ import main
sys.exit(main())
"""


def filled(tmp_path: Path) -> dict[str, str]:
    """Return the settings of a server whose store holds one account."""
    url = f"sqlite:///{tmp_path / 's.db'}"
    writer = ScoreStore(url)
    writer.write(scoring(), [account(1)])
    writer.close()
    return {
        "EXPANSION_STORE_URL": url,
        "EXPANSION_RELEASE_FOLDER": str(tmp_path),
        "EXPANSION_SPOOL_FOLDER": str(tmp_path / "spool"),
        "EXPANSION_KEYS": "off",
    }


def test_while_a_release_is_checked_it_answers_and_stops_at_once(tmp_path: Path) -> None:
    with started("-c", HANGING, "--port", "0", **filled(tmp_path)) as server:
        try:
            url = address(server)
            assert url.startswith("http://127.0.0.1:")
            answer = _when_up(f"{url}/v1/accounts/a-000001/score")
            assert answer.json()["probabilities"]["upsell"] == 0.31
            ready = httpx.get(f"{url}/health/ready")
            assert (ready.status_code, ready.json()["release_id"]) == (503, None)
            assert "being verified" in ready.json()["problems"][0]
        finally:
            server.send_signal(signal.SIGTERM)
            _, told = server.communicate(timeout=10)
    assert (server.returncode, told) == (0, "")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked up in /proc")
def test_the_child_does_not_outlive_who_started_it() -> None:
    """A release without an end, tried out by a process that is gone meanwhile."""
    child = (
        "from models.release import smoke_test; import sys, time, types; "
        "endless = types.SimpleNamespace(check=lambda path: time.sleep(60)); "
        "sys.modules['models.release.golden_rows'] = endless; smoke_test.main()"
    )
    start = (
        "import subprocess, sys, time; "
        f"p = subprocess.Popen([sys.executable, '-c', {child!r}, '.'], stdout=subprocess.DEVNULL); "
        "time.sleep(2); print(p.pid, p.poll())"
    )
    done = subprocess.run(
        [sys.executable, "-c", start], stdout=subprocess.PIPE, text=True, check=True, timeout=30
    )
    process, ended = done.stdout.split()
    assert ended == "None"
    assert _ends(int(process))


STARTED_WRONGLY: list[tuple[list[str], dict[str, str], int, str]] = [
    ([], {}, 2, "EXPANSION_STORE_URL is not set\nEXPANSION_RELEASE_FOLDER is not set"),
    (["--store", "nonsense", "--release", "x"], {}, 2, "sqlite:///folder/scores.db"),
    (["--port", "many"], {}, 2, "invalid int"),
    (["--store", "sqlite://", "--release", "x", "--port", "70000"], {}, 3, "cannot listen"),
    (
        ["--store", "sqlite://", "--release", "x", "--host", "0.0.0.0", "--port", "0"],  # noqa: S104
        {"EXPANSION_KEYS": "off"},
        2,
        "expansion keys create",
    ),
    (
        ["--store", "sqlite://", "--release", "x"],
        {"EXPANSION_KEYS": "perhaps"},
        2,
        "EXPANSION_KEYS: ",
    ),
]
EACH = """
import contextlib, io, json, os, sys
from serving.__main__ import main
found = []
for arguments, environment in json.loads(sys.argv[1]):
    os.environ.update(environment)
    with contextlib.redirect_stderr(io.StringIO()) as told:
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = ended.code
    found.append((code, told.getvalue()))
    for name in environment:
        del os.environ[name]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def refused() -> list[tuple[int, str]]:
    """Exit code and words of each wrong start; one process tries them all, for it loads slowly."""
    cases = json.dumps([case[:2] for case in STARTED_WRONGLY])
    known = {k: v for k, v in os.environ.items() if not k.startswith("EXPANSION_")}
    done = subprocess.run(
        [sys.executable, "-c", EACH, cases], capture_output=True, text=True, check=True, env=known
    )
    found: list[tuple[int, str]] = [(code, told) for code, told in json.loads(done.stdout)]
    return found


@pytest.mark.parametrize("place", range(len(STARTED_WRONGLY)))
def test_a_wrong_start_is_told_in_a_sentence(place: int, refused: list[tuple[int, str]]) -> None:
    _, _, code, says = STARTED_WRONGLY[place]
    found, told = refused[place]
    assert found == code
    assert says in told
    assert "Traceback" not in told


def test_a_first_try_on_ones_own_machine_needs_no_key_and_says_so(tmp_path: Path) -> None:
    known = filled(tmp_path)
    del known["EXPANSION_KEYS"]
    with started("-c", HANGING, "--port", "0", **known) as server:
        try:
            url = warned_and_address(server)
            assert _when_up(f"{url}/v1/accounts/nobody/score").status_code in (404, 503)
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=10)


def warned_and_address(server: subprocess.Popen[str]) -> str:
    """The address that follows the warning."""
    assert server.stderr is not None
    warning = json.loads(server.stderr.readline())
    assert warning["level"] == "warning"
    assert "expansion keys create" in warning["message"]
    return address(server)


def test_a_taken_port_is_told_and_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        store = f"sqlite:///{tmp_path / 's.db'}"
        with started("--store", store, "--release", "x", "--port", port) as server:
            _, told = server.communicate(timeout=20)
    assert server.returncode == 3
    assert f"127.0.0.1:{port}" in told
    assert "--port" in told


def test_settings_come_from_the_environment() -> None:
    given = {"EXPANSION_STORE_URL": "sqlite:///s.db", "EXPANSION_RELEASE_FOLDER": "release"}
    settings = ServingSettings.from_environment(given)
    assert (settings.store_url, settings.release_folder) == ("sqlite:///s.db", Path("release"))
    with pytest.raises(UsageError, match="EXPANSION_RELEASE_FOLDER"):
        ServingSettings.from_environment({"EXPANSION_STORE_URL": "sqlite:///s.db"})


def _when_up(url: str) -> httpx.Response:
    for _ in range(100):
        try:
            answer = httpx.get(url)
        except httpx.ConnectError:
            answer = None
        if answer is not None and answer.status_code != 503:
            return answer
        time.sleep(0.1)
    raise AssertionError("nobody answers")


def _ends(process: int) -> bool:
    """Say whether a process that is not ours to wait for is gone within ten seconds."""
    for _ in range(100):
        state = Path(f"/proc/{process}/stat")
        if not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False
