"""A mail with a summary to read, and the page attached (RFC 5322, 3207, 4954)."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from typing import TYPE_CHECKING

from pipelines.delivery.attempt import DeliveryContext, PermanentFailure, TransientFailure
from pipelines.delivery.message import SummaryText, summary_text

if TYPE_CHECKING:
    from pipelines.config.channels import Mail
    from pipelines.delivery.weekly_report import WeeklyReport

TYPES = {".html": ("text", "html"), ".pdf": ("application", "pdf")}
STYLE = "font:15px/1.5 system-ui,sans-serif;color:#17242d"


def send(section: Mail, report: WeeklyReport, context: DeliveryContext) -> None:
    """Mail a report to all recipients of a section."""
    server = f"{section.host}:{section.port}"
    try:
        _submit(section, _message(section, report), context)
    except smtplib.SMTPResponseException as error:
        # What a server answers may repeat what it was sent; the code is enough.
        failure = TransientFailure if 400 <= error.smtp_code < 500 else PermanentFailure
        raise failure(f"{server} answers {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        failure = TransientFailure if all(code < 500 for code in codes) else PermanentFailure
        refused = ", ".join(sorted(error.recipients))
        raise failure(f"{server} refuses {refused} ({', '.join(map(str, codes))})") from None
    except smtplib.SMTPNotSupportedError as error:
        raise PermanentFailure(f"{server}: {error}") from None
    except ssl.SSLCertVerificationError as error:
        problem = f"its certificate does not hold: {error.verify_message}"
        raise PermanentFailure(f"{server}: {problem}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise TransientFailure(f"{server} cannot be reached: {type(error).__name__}") from None


def _message(section: Mail, report: WeeklyReport) -> EmailMessage:
    """Return the mail of a report; the same report has the same ``Message-ID``."""
    text = summary_text(report.summary)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = text.subject
    mail["From"], mail["To"] = section.sender, ", ".join(section.recipients)
    identity = f"{section.name} {report.summary.as_of} {report.digest}"
    domain = section.sender.rsplit("@", 1)[1]
    mail["Message-ID"] = f"<{hashlib.sha256(identity.encode()).hexdigest()[:32]}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody answers from their holiday
    mail.set_content(_plain(text))
    mail.add_alternative(_html(text, report.summary.language), subtype="html")
    for path in report.files:
        kind, subtype = TYPES[path.suffix]
        name = f"{report.summary.as_of}{path.suffix}"
        mail.add_attachment(path.read_bytes(), maintype=kind, subtype=subtype, filename=name)
    return mail


def _submit(section: Mail, mail: EmailMessage, context: DeliveryContext) -> None:
    """Hand a mail to the server; raises when one of the recipients is refused."""
    tls = context.trusted or ssl.create_default_context()
    with _connect(section, context.timeout, tls) as server:
        if section.security == "starttls":
            server.starttls(context=tls)
        if section.user:
            server.login(section.user, context.environment[section.password_from])
        if refused := server.send_message(mail):
            raise smtplib.SMTPRecipientsRefused(refused)


def _connect(section: Mail, timeout: float, tls: ssl.SSLContext) -> smtplib.SMTP:
    if section.security == "tls":
        return smtplib.SMTP_SSL(section.host, section.port, timeout=timeout, context=tls)
    return smtplib.SMTP(section.host, section.port, timeout=timeout)


def _plain(text: SummaryText) -> str:
    width = max(len(name) for name, _ in text.lines)
    figures = [f"{name:<{width}}  {value}".replace("\u00a0", " ") for name, value in text.lines]
    head = [text.greeting, "", f"{text.light}: {text.trust} {text.answer}.", text.verdict, ""]
    return "\n".join([*head, *figures, "", text.footer, ""])


def _html(text: SummaryText, language: str) -> str:
    cell = "padding:5px 18px 5px 0;border-bottom:1px solid #e2e8ec"
    rows = "".join(
        f'<tr><td style="{cell}">{escape(name)}</td>'
        f'<td style="{cell};text-align:right"><b>{escape(value)}</b></td></tr>'
        for name, value in text.lines
    )
    return (
        f'<!doctype html><html lang="{language}"><body style="{STYLE}">'
        f"<p>{escape(text.greeting)}</p>"
        f"<p>{escape(text.light)}: {escape(text.trust)} <b>{escape(text.answer)}.</b><br>"
        f"{escape(text.verdict)}</p>"
        f'<table style="border-collapse:collapse;{STYLE}">{rows}</table>'
        f'<p style="color:#52626e">{escape(text.footer)}</p></body></html>'
    )
