"""The report reaches everybody once: folders, mail by a local server, chat by a local endpoint."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, get_args

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from features.errors import DataError, EnvironmentFailure, UsageError
from models.store.scores import ScoreStore
from pipelines.config.channels import Channel
from pipelines.config.settings import Settings, load
from pipelines.delivery import channels
from pipelines.delivery.attempt import DeliveryContext
from pipelines.delivery.deliver import deliver
from pipelines.delivery.send import DELAYS, sender
from pipelines.report.summary import Summary, read, write
from pipelines.scoring.scorings import withdraw
from tests.models.stored import scoring
from tests.pipelines.endpoint import Endpoint, listening

DAY = date(2026, 8, 3)
PASSWORD = "not-in-any-file"  # noqa: S105
SUMMARY = Summary(
    company="Small & Co", currency="EUR", as_of=DAY, horizon_days=91, language="en", light="look",
    answer="With caution", verdict="A model is underperforming.", accounts=250,
    arr=2_500_000.0, expected_expansion_arr=218_625.0, arr_at_risk=31_375.0,
    nrr={"value": 1.18, "low_80": 1.08, "high_80": 1.29}, grr=None, listed=40, champions=12,
    oversold=3, behind=1, expected_expansion_span=[150_000.0, 290_000.0],
)  # fmt: skip


class Post:
    """A mail server that keeps what it gets, and may refuse."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answers: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            found = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(found, EmailMessage)
            self.mails.append(found)
        return answer


def checked(_server: Any, _session: Any, _envelope: Any, _how: str, login: Any) -> AuthResult:
    right = LoginPassword(b"reports", PASSWORD.encode())
    return AuthResult(success=login == right, handled=False)


@contextmanager
def posting(post: Post, **options: Any) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = Controller(post, hostname="127.0.0.1", port=port, **options)
    made.start()
    try:
        yield port
    finally:
        made.stop()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with listening() as made:
        yield made


def company(folder: Path, places: str, summary: Summary = SUMMARY) -> Settings:
    config = folder / "expansion.toml"
    config.write_text(f'[paths]\nwork = "var"\n{places}', "utf-8")
    settings = load(config)
    report = settings.report_folder / summary.as_of.isoformat()
    report.mkdir(parents=True, exist_ok=True)
    (report / "index.html").write_text("<p>Größer</p>", "utf-8")
    (report / "report.pdf").write_bytes(b"%PDF-1.7")
    write(summary, report)
    return settings


def mail(port: int, more: str = 'security = "none"') -> str:
    return f"""
[[deliver]]
to = "smtp"
name = "leaders"
host = "127.0.0.1"
port = {port}
sender = "reports@example.com"
recipients = ["cs@example.com", "sales@example.com"]
{more}
"""


CHAT = """
[[deliver]]
to = "slack"
name = "chat"
url_from = "CHAT_URL"
report_url = "https://example.com/{week}/"
"""
DRIVE = """
[[deliver]]
to = "file"
name = "drive"
folder = "drive"
"""


def context(**environment: str) -> DeliveryContext:
    return DeliveryContext(environment=environment, sleep=lambda _seconds: None, timeout=5)


def test_a_summary_is_read_as_it_was_written(tmp_path: Path) -> None:
    write(SUMMARY, tmp_path)
    assert read(tmp_path) == SUMMARY
    assert read(tmp_path / "none") is None


def test_a_folder_gets_the_page_once_and_anew_when_asked(tmp_path: Path) -> None:
    settings = company(tmp_path, DRIVE)
    assert deliver(settings, dry_run=True).delivered == ["drive"]
    assert not (tmp_path / "drive").exists()
    assert deliver(settings).delivered == ["drive"]
    there = tmp_path / "drive" / "2026-08-03"
    assert sorted(path.name for path in there.iterdir()) == ["index.html", "report.pdf"]
    (there / "index.html").unlink()
    again = deliver(settings)
    assert (again.delivered, again.had_it) == ([], ["drive"])
    assert not (there / "index.html").exists()
    deliver(settings, again=True)
    assert (there / "index.html").read_text("utf-8") == "<p>Größer</p>"


def test_a_mail_has_figures_to_read_and_the_page_attached(tmp_path: Path, post: Post) -> None:
    with posting(post) as port:
        settings = company(tmp_path, mail(port))
        deliver(settings)
        deliver(settings, again=True)
    first, second = post.mails
    assert first["Subject"] == "Small & Co: weekly expansion and retention report, 3 August 2026"
    assert first["To"] == "cs@example.com, sales@example.com"
    assert first["Message-ID"] == second["Message-ID"]
    plain, html = (first.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    told = plain.get_content()
    assert "yellow: Can we act on this week's numbers? With caution." in told
    assert "Expected expansion ARR in 91 days" in told
    assert "118 % (108 % to 129 %)" in told
    assert "219 k EUR (80 % interval: 150 k to 290 k)" in told.replace("\u00a0", " ")
    assert told.count("80 % interval: ") == 1
    assert "219 k EUR" in html.get_content().replace("\u00a0", " ")
    names = [(one.get_filename(), one.get_content_type()) for one in first.iter_attachments()]
    assert names == [("2026-08-03.html", "text/html"), ("2026-08-03.pdf", "application/pdf")]


def test_a_german_mail_speaks_german(tmp_path: Path, post: Post) -> None:
    german = replace(SUMMARY, language="de", answer="Mit Vorsicht", verdict="Kunden anders.")
    with posting(post) as port:
        deliver(company(tmp_path, mail(port), german))
    [one] = post.mails
    assert one["Subject"] == "Small & Co: Wochenreport Expansion und Kundenbindung, 3. August 2026"
    plain = one.get_body(("plain",))
    assert plain is not None
    assert "2,5 Mio. EUR" in plain.get_content()
    assert "(80-%-Intervall: 150 Tsd. bis 290 Tsd.)" in plain.get_content()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the key")
def test_a_password_goes_over_tls_to_who_is_trusted_only(tmp_path: Path, post: Post) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    ends = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ends.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    login = 'user = "reports"\npassword_from = "MAIL_PASSWORD"'
    trusted = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    options = {"tls_context": ends, "require_starttls": True, "authenticator": checked}
    with posting(post, auth_required=True, **options) as port:
        settings = company(tmp_path, mail(port, login))
        known = replace(context(MAIL_PASSWORD=PASSWORD), trusted=trusted)
        assert deliver(settings, context=known).delivered == ["leaders"]
        wrong = replace(context(MAIL_PASSWORD="guess"), trusted=trusted)  # noqa: S106
        with pytest.raises(EnvironmentFailure, match="answers 535") as refused:
            deliver(settings, again=True, context=wrong)
        with pytest.raises(EnvironmentFailure, match="its certificate does not hold"):
            deliver(settings, again=True, context=context(MAIL_PASSWORD=PASSWORD))
    assert len(post.mails) == 1
    assert "guess" not in str(refused.value)
    assert not [one for one in settings.work.rglob("*.json") if PASSWORD in one.read_text()]


def test_a_chat_gets_blocks_with_a_link(tmp_path: Path, endpoint: Endpoint) -> None:
    deliver(company(tmp_path, CHAT), context=context(CHAT_URL=endpoint.url))
    [body] = endpoint.bodies()
    told = json.loads(body)
    assert told["text"].endswith("yellow, With caution")
    kinds = [one["type"] for one in told["blocks"]]
    assert kinds == ["header", "section", "section", "section"]
    assert len(told["blocks"][2]["fields"]) == 8
    link = told["blocks"][3]["text"]["text"]
    assert link == "<https://example.com/2026-08-03/|Open the report>"


def test_what_is_busy_is_tried_again_and_what_refuses_is_not(tmp_path: Path, post: Post) -> None:
    waited: list[float] = []
    patient = replace(context(), sleep=waited.append)
    with posting(post) as port:
        settings = company(tmp_path, mail(port))
        post.answers = ["451 later", "421 later"]
        assert deliver(settings, context=patient).delivered == ["leaders"]
        assert waited == list(DELAYS)
        post.answers = ["550 never"]
        with pytest.raises(EnvironmentFailure, match="answers 550; run `expansion deliver` again"):
            deliver(settings, again=True, context=patient)
    assert waited == list(DELAYS)


def test_one_place_that_fails_does_not_stop_the_others(tmp_path: Path, endpoint: Endpoint) -> None:
    endpoint.answer = lambda _got: (404, {})
    settings = company(tmp_path, mail(1) + CHAT + DRIVE)
    with pytest.raises(EnvironmentFailure) as failed:
        deliver(settings, context=context(CHAT_URL=endpoint.url))
    first, second = failed.value.problems
    assert "'leaders': 127.0.0.1:1 cannot be reached" in first
    assert "'chat': the address in CHAT_URL answers 404" in second
    assert endpoint.url not in second
    endpoint.answer = lambda _got: (200, {})
    with pytest.raises(EnvironmentFailure, match="leaders"):
        deliver(settings, context=context(CHAT_URL=endpoint.url))
    assert (tmp_path / "drive" / "2026-08-03").exists()
    assert len(endpoint.got) == 2


def test_neither_a_report_of_the_future_nor_of_a_withdrawn_scoring_is_delivered(
    tmp_path: Path,
) -> None:
    settings = company(tmp_path, DRIVE)
    later = SUMMARY.as_of + timedelta(days=7)
    company(tmp_path, DRIVE, replace(SUMMARY, as_of=later, scoring_id="second"))
    company(tmp_path, DRIVE, replace(SUMMARY, as_of=date(2035, 1, 2), scoring_id="far"))
    with closing(ScoreStore(settings.store_url)) as store:
        store.write(scoring("second", as_of=later), [])
    assert deliver(settings, dry_run=True).as_of == str(later)
    withdraw(settings, "second", "wrong data")
    assert deliver(settings, dry_run=True).as_of == str(SUMMARY.as_of)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    settings = company(tmp_path, CHAT)
    with pytest.raises(UsageError, match="CHAT_URL of \\[\\[deliver\\]\\] 'chat' is not set"):
        deliver(settings, context=context())
    with pytest.raises(DataError, match="no report on or before 2026-08-02; there are those of 20"):
        deliver(settings, on=date(2026, 8, 2), context=context(CHAT_URL="https://example.com"))
    with pytest.raises(EnvironmentFailure, match="must hold an address that begins with https"):
        deliver(settings, context=context(CHAT_URL="http://example.com/x"))
    shutil.rmtree(settings.report_folder)
    with pytest.raises(DataError, match="run `expansion report` first"):
        deliver(settings, context=context(CHAT_URL="https://example.com"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (DRIVE + DRIVE, "same name"),
        (mail(25, 'user = "a"'), "go together"),
        (
            mail(25, 'security = "none"\nuser = "a"\npassword_from = "P"').replace(
                "127.0.0.1", "mail.example.com"
            ),
            "a password needs security",
        ),
        (mail(25).replace("cs@example.com", "cs"), "recipients"),
        ('[[deliver]]\nto = "fax"\nname = "x"\n', "must be one of 'file', 'smtp', 'slack'"),
        (CHAT.replace("CHAT_URL", "https://example.com/secret"), "not its value"),
        (CHAT + 'report_urll = "x"\n', "did you mean"),
    ],
)
def test_settings_that_cannot_be_are_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        company(tmp_path, text)
    assert "secret" not in str(refused.value)


def test_each_channel_has_a_section_and_a_module_that_sends() -> None:
    sections = get_args(get_args(Channel)[0])
    names = {
        name for section in sections for name in get_args(section.model_fields["to"].annotation)
    }
    assert names == {module.name for module in iter_modules(channels.__path__)}
    assert all(callable(sender(name)) for name in names)
