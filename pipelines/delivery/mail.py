"""A mail with a summary to read, and the page attached (RFC 5322, 3207, 4954)."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

from pipelines.config.channels import Mail
from pipelines.delivery.message import Telling, telling
from pipelines.delivery.package import Package

TYPES = {".html": ("text", "html"), ".pdf": ("application", "pdf")}
STYLE = "font:15px/1.5 system-ui,sans-serif;color:#17242d"


def message(place: Mail, package: Package) -> EmailMessage:
    """Return the mail of a report; the same report has the same ``Message-ID``."""
    told = telling(package.summary)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = told.subject
    mail["From"], mail["To"] = place.sender, ", ".join(place.recipients)
    known = f"{place.name} {package.summary.as_of} {package.digest}"
    domain = place.sender.rsplit("@", 1)[1]
    mail["Message-ID"] = f"<{hashlib.sha256(known.encode()).hexdigest()[:32]}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody answers from their holiday
    mail.set_content(_plain(told))
    mail.add_alternative(_html(told, package.summary.language), subtype="html")
    for path in package.files:
        kind, subtype = TYPES[path.suffix]
        name = f"{package.summary.as_of}{path.suffix}"
        mail.add_attachment(path.read_bytes(), maintype=kind, subtype=subtype, filename=name)
    return mail


def send(
    place: Mail, mail: EmailMessage, environment: Mapping[str, str], timeout: float,
    trusted: ssl.SSLContext | None = None,
) -> None:  # fmt: skip
    """Send a mail; ``trusted`` knows whose certificates count, by default the machine's.

    Raises
    ------
    OSError, smtplib.SMTPException
        When it could not be handed over, or one of the recipients was refused.
    """
    context = trusted or ssl.create_default_context()
    with _opened(place, timeout, context) as server:
        if place.security == "starttls":
            server.starttls(context=context)
        if place.user:
            server.login(place.user, environment[place.password_from])
        if refused := server.send_message(mail):
            raise smtplib.SMTPRecipientsRefused(refused)


def _opened(place: Mail, timeout: float, context: ssl.SSLContext) -> smtplib.SMTP:
    if place.security == "tls":
        return smtplib.SMTP_SSL(place.host, place.port, timeout=timeout, context=context)
    return smtplib.SMTP(place.host, place.port, timeout=timeout)


def _plain(told: Telling) -> str:
    width = max(len(name) for name, _ in told.lines)
    figures = [f"{name:<{width}}  {value}".replace("\u00a0", " ") for name, value in told.lines]
    head = [told.greeting, "", f"{told.light}: {told.trust} {told.answer}.", told.verdict, ""]
    return "\n".join([*head, *figures, "", told.footer, ""])


def _html(told: Telling, language: str) -> str:
    cell = "padding:5px 18px 5px 0;border-bottom:1px solid #e2e8ec"
    rows = "".join(
        f'<tr><td style="{cell}">{escape(name)}</td>'
        f'<td style="{cell};text-align:right"><b>{escape(value)}</b></td></tr>'
        for name, value in told.lines
    )
    return (
        f'<!doctype html><html lang="{language}"><body style="{STYLE}">'
        f"<p>{escape(told.greeting)}</p>"
        f"<p>{escape(told.light)}: {escape(told.trust)} <b>{escape(told.answer)}.</b><br>"
        f"{escape(told.verdict)}</p>"
        f'<table style="border-collapse:collapse;{STYLE}">{rows}</table>'
        f'<p style="color:#52626e">{escape(told.footer)}</p></body></html>'
    )
