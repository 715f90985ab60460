"""``expansion notify`` against an endpoint that fails, drips, redirects, is busy or gone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from features.errors import UsageError
from models.plays.prioritisation import Decision
from models.store.outbox import LEASE, Message
from models.store.scores import ScoreStore
from pipelines.config.settings import Settings, load
from pipelines.delivery import webhooks
from pipelines.delivery.notify import DELAYS, EndpointState, NotifyContext, notify
from tests.models.stored import account, scoring
from tests.pipelines.cli.test_app import expansion
from tests.pipelines.endpoint import Endpoint, Got, listening
from tests.support.shared import SETTINGS

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 (the specification's own)
OLD_SECRET = f"whsec_{base64.b64encode(b'o' * 24).decode()}"
VARIABLE = "EXPANSION_WEBHOOK_CRM"
HOOK = """
[[webhooks]]
name = "{name}"
url = "{url}"
secret_from = "EXPANSION_WEBHOOK_CRM"
"""
KILLED = """
import os, signal
from pathlib import Path
from pipelines.delivery import notify, webhooks
from pipelines.config.settings import load
sent = webhooks.send
def killed(*given):
    if {after}: sent(*given)
    os.kill(os.getpid(), signal.SIGKILL)
webhooks.send = killed
notify.notify(load(Path("expansion.toml")))
"""
START = datetime.fromisoformat("2026-08-04T09:00")


@dataclass
class World:
    """A clock that only sleeping moves."""

    time: datetime = START
    slept: list[float] = field(default_factory=list)
    secret: str = SECRET

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)

    def around(self) -> NotifyContext:
        environment = {VARIABLE: self.secret}
        return NotifyContext(lambda: self.time, self.sleep, lambda: 0.5, environment, timeout=0.4)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with listening() as made:
        yield made


@pytest.fixture
def company(tmp_path: Path, endpoint: Endpoint) -> Settings:
    """A company with two scorings; the plays of accounts 1 and 2 changed between them."""
    path = tmp_path / "expansion.toml"
    path.write_text(SETTINGS + HOOK.format(name="crm", url=endpoint.url))
    settings = load(path)
    store = ScoreStore(settings.store_url)
    for number, plays in enumerate((["expand"] * 3, ["save", "mend", "expand"])):
        rows = [
            account(rank, decision=Decision(play, "Talk.", "", None, 9.0, "listed", place=1))
            for rank, play in enumerate(plays, start=1)
        ]
        day = date(2026, 7, 27) + number * timedelta(days=7)
        store.write(scoring(f"s{number}", as_of=day), rows)
    store.close()
    return settings


def state(company: Settings, world: World, **more: Any) -> EndpointState:
    return notify(company, context=world.around(), **more).endpoints[0]


def is_genuine(got: Got, secret: str = SECRET) -> bool:
    """Check a request as the specification tells those who receive it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    head = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode()
    wanted = base64.b64encode(hmac.digest(key, head + got.body, hashlib.sha256)).decode()
    return f"v1,{wanted}" in got.headers["webhook-signature"].split(" ")


def test_a_signature_is_that_of_the_specifications_libraries() -> None:
    keys = webhooks.secrets(SECRET, "here")
    told = webhooks.signature(
        keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_changed_plays_arrive_signed_and_once(
    company: Settings, endpoint: Endpoint, world: World
) -> None:
    done = notify(company, context=world.around())
    assert (done.new, done.ok, done.endpoints[0].sent) == (2, True, 2)
    assert {json.loads(one)["data"]["play"] for one in endpoint.bodies()} == {"save", "mend"}
    assert all(is_genuine(one) for one in endpoint.got)
    first = endpoint.got[0].headers
    assert first["content-type"] == "application/json"
    assert int(first["webhook-timestamp"]) == world.time.replace(tzinfo=UTC).timestamp()
    assert notify(company, context=world.around()).new == 0
    assert len(set(endpoint.ids())) == len(endpoint.ids()) == 2


def test_two_secrets_sign_while_one_takes_the_place_of_the_other(
    company: Settings, endpoint: Endpoint, world: World
) -> None:
    world.secret = f"{SECRET} {OLD_SECRET}"
    notify(company, context=world.around())
    assert is_genuine(endpoint.got[0], SECRET)
    assert is_genuine(endpoint.got[0], OLD_SECRET)
    assert not is_genuine(endpoint.got[0], f"whsec_{base64.b64encode(b'x' * 24).decode()}")


def test_what_fails_is_tried_again_with_the_same_id_and_a_new_time(
    company: Settings, endpoint: Endpoint, world: World
) -> None:
    endpoint.answer = lambda _got: (500 if len(endpoint.got) == 1 else 200, {})
    done = state(company, world)
    assert (done.sent, done.failed, done.waiting) == (2, 1, 0)
    # While one message waits, the busy endpoint is spared the other.
    assert len(world.slept) == 1
    assert world.slept[0] == pytest.approx(5.5)
    first, second, _ = endpoint.got
    times = [int(one.headers["webhook-timestamp"]) for one in (first, second)]
    assert times[1] - times[0] in (5, 6)
    assert sorted(endpoint.ids()).count(first.headers["webhook-id"]) == 2
    assert all(is_genuine(one) for one in endpoint.got)


def test_a_message_that_is_refused_does_not_hold_up_the_others(
    company: Settings, endpoint: Endpoint, world: World
) -> None:
    endpoint.answer = lambda _got: (400 if len(endpoint.got) == 1 else 200, {})
    done = state(company, world, wait=0)
    assert (done.sent, done.failed, done.waiting) == (1, 1, 1)


def test_it_is_given_up_after_three_days_and_can_be_sent_again(
    company: Settings, endpoint: Endpoint, world: World
) -> None:
    endpoint.answer = lambda _got: (503, {})
    done = state(company, world, wait=10**7)
    assert (done.given_up, done.waiting, done.last) == (2, 0, "503")
    assert len(endpoint.got) == 2 * (len(DELAYS) + 1)
    assert timedelta(days=3) < world.time - START < timedelta(days=10)
    endpoint.answer = lambda _got: (200, {})
    assert state(company, world).sent == 0
    assert state(company, world, again="crm").sent == 2
    with pytest.raises(UsageError, match="no endpoint 'cmr'; did you mean 'crm'"):
        notify(company, again="cmr", context=world.around())


@pytest.mark.parametrize(
    ("asked", "waited"), [("120", 120), ("9" * 8, 86_400), ("soon", 5.5), ("1", 5.5), ("-1", 5.5)]
)
def test_who_asks_for_patience_gets_it(
    company: Settings, endpoint: Endpoint, world: World, asked: str, waited: float
) -> None:
    endpoint.answer = lambda _got: (429 if len(endpoint.got) == 1 else 200, {"retry-after": asked})
    assert state(company, world, wait=10**6).sent == 2
    assert world.slept == [pytest.approx(waited)]


def test_who_is_gone_is_left_alone(company: Settings, endpoint: Endpoint, world: World) -> None:
    endpoint.answer = lambda _got: (410, {})
    done = notify(company, context=world.around())
    assert not done.ok
    assert (done.endpoints[0].is_off, done.endpoints[0].waiting) == (True, 2)
    assert notify(company, context=world.around()).endpoints[0].is_off
    assert len(endpoint.got) == 1
    endpoint.answer = lambda _got: (200, {})
    assert state(company, world, again="crm").sent == 2


def test_a_redirect_is_not_followed(company: Settings, endpoint: Endpoint, world: World) -> None:
    endpoint.answer = lambda _got: (307, {"location": f"{endpoint.url}/elsewhere"})
    assert state(company, world, wait=0).last == "307"
    assert {one.path for one in endpoint.got} == {"/hook"}


def test_who_drips_is_not_waited_for(company: Settings, endpoint: Endpoint, world: World) -> None:
    endpoint.drips = 1.0
    assert state(company, world, wait=0).last == "no answer within 0.4 s"


def test_nobody_there_is_a_failure_like_any_other(
    company: Settings, world: World, tmp_path: Path
) -> None:
    text = (tmp_path / "expansion.toml").read_text()
    url = company.webhooks[0].url
    (tmp_path / "expansion.toml").write_text(text.replace(url, "http://127.0.0.1:1/"))
    done = state(load(tmp_path / "expansion.toml"), world, wait=0)
    assert (done.failed, done.waiting, done.last) == (1, 2, "ConnectionRefusedError")


@pytest.mark.parametrize("after", [False, True])
def test_killed_before_or_after_sending_it_is_sent_with_the_same_id(
    company: Settings, endpoint: Endpoint, world: World, after: bool
) -> None:
    folder = company.work.parent
    code = KILLED.format(after=after)
    environment = {**os.environ, VARIABLE: SECRET}
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r})\n{code}"],
        cwd=folder, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert len(endpoint.got) == int(after)
    world.time = datetime.now(UTC).replace(tzinfo=None)
    assert state(company, world, wait=0).sent == 1
    world.time += LEASE
    assert state(company, world, wait=0).sent == 1
    assert len(endpoint.got) == 2 + after
    assert len(set(endpoint.ids())) == 2


def test_each_endpoint_fares_for_itself(
    company: Settings, endpoint: Endpoint, world: World
) -> None:
    path = company.work.parent / "expansion.toml"
    with path.open("a") as file:
        file.write(HOOK.format(name="chat", url=f"{endpoint.url}/chat"))
        file.write('events = ["scores.published"]\n')
    endpoint.answer = lambda got: (200 if got.path.endswith("chat") else 500, {})
    crm, chat = notify(load(path), 0, context=world.around()).endpoints
    assert (crm.sent, crm.waiting) == (0, 2)
    assert (chat.sent, chat.waiting) == (1, 0)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!"]
)
def test_a_secret_that_is_none_is_refused_and_not_repeated(
    company: Settings, endpoint: Endpoint, world: World, secret: str
) -> None:
    world.secret = secret
    with pytest.raises(UsageError, match=VARIABLE) as caught:
        notify(company, context=world.around())
    assert len(secret) < 8 or secret not in str(caught.value)
    assert endpoint.got == []


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"url": "http://crm.example/hook"}, "plain http is for this machine only"),
        ({"url": "http://127.0.0.1.crm.example/"}, "plain http is for this machine only"),
        ({"url": "http://169.254.169.254/latest"}, "plain http is for this machine only"),
        ({"url": "file:///etc/passwd"}, "must be an https address"),
        ({"url": "ftp://crm.example/"}, "must begin with https"),
        ({"url": "https://user:word@crm.example/"}, "without a user"),
        ({"name": "C R M"}, "pattern"),
        ({"secret_from": SECRET}, "pattern"),
        ({"events": ["account.moved"]}, "account.play_changed"),
        ({"events": []}, "at least 1"),
    ],
)
def test_settings_that_cannot_be_are_told(
    tmp_path: Path, written: dict[str, Any], why: str
) -> None:
    known = {"name": "crm", "url": "https://crm.example/", "secret_from": VARIABLE, **written}
    lines = [f"{name} = {json.dumps(value)}" for name, value in known.items()]
    (tmp_path / "expansion.toml").write_text("\n".join([SETTINGS, "[[webhooks]]", *lines]))
    with pytest.raises(UsageError, match=why):
        load(tmp_path / "expansion.toml")


def test_two_endpoints_have_two_names(tmp_path: Path) -> None:
    hook = HOOK.format(name="crm", url="https://crm.example/")
    (tmp_path / "expansion.toml").write_text(SETTINGS + hook + hook)
    with pytest.raises(UsageError, match="same name"):
        load(tmp_path / "expansion.toml")


def test_the_verb_says_whom_to_look_after(
    company: Settings, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    endpoint.answer = lambda _got: (410, {})
    folder = company.work.parent
    done = expansion(folder, "notify", "--wait", "0")
    assert done.returncode == 1
    assert "2 new messages" in done.stdout
    assert "expansion notify --again crm" in done.stdout
    endpoint.answer = lambda _got: (200, {})
    told = json.loads(expansion(folder, "notify", "--again", "crm", "--json").stdout)
    assert (told["ok"], told["endpoints"][0]["sent"]) == (True, 2)


def test_without_endpoints_nobody_is_told(tmp_path: Path) -> None:
    (tmp_path / "expansion.toml").write_text(SETTINGS)
    assert "No webhooks" in expansion(tmp_path, "notify").stdout


def test_an_unknown_failure_of_sending_is_none_of_the_verb() -> None:
    message = Message("msg_1", "crm", "{}", 1)
    odd = webhooks.send("http://localhost:99999/", (b"k" * 24,), message, START, 1)
    assert odd.status is None


def test_the_settings_that_the_document_shows_are_understood(tmp_path: Path) -> None:
    shown = (Path(__file__).parents[3] / "docs" / "crm.md").read_text("utf-8")
    tables = re.findall(r"```toml\n(.*?)```", shown, re.DOTALL)
    (tmp_path / "expansion.toml").write_text(SETTINGS + "\n".join(tables))
    assert [one.name for one in load(tmp_path / "expansion.toml").webhooks] == ["crm"]
    [code] = re.findall(r"^python -c \"(.*)\"$", shown, re.MULTILINE)
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(webhooks.secrets(made.stdout, "here")[0]) == 32
    waits = [round(one.total_seconds()) for one in DELAYS]
    assert waits == [5, 300, 1800, *(3600 * n for n in (2, 5, 10, 14, 20, 24))]
    assert "5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 hours" in shown
