"""Handing a report over to one place; what is only busy is tried again."""

from __future__ import annotations

import json
import os
import shutil
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from models.common.files import atomic_folder
from pipelines.config.channels import Chat, Folder, Mail
from pipelines.delivery import mail, slack, webhooks
from pipelines.delivery.package import Package

DELAYS = (2.0, 10.0)
"""Seconds to wait before the second and the third try."""
TIMEOUT = 30.0


class Refused(Exception):
    """A place says no; another try would fare no better."""


class Busy(Exception):
    """A place cannot be reached now."""


@dataclass(frozen=True)
class World:
    """What is outside, so that a test can have another."""

    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    sleep: Callable[[float], None] = time.sleep
    timeout: float = TIMEOUT
    trusted: ssl.SSLContext | None = None


def hand_over(place: Folder | Mail | Chat, made: Package, world: World) -> None:
    """Hand a report over; wait and try again where the place is only busy.

    Raises
    ------
    Refused
        When the place says no.
    Busy
        When it could not be reached three times.
    """
    for delay in (*DELAYS, None):
        try:
            _handed_over(place, made, world)
        except Busy:
            if delay is None:
                raise
            world.sleep(delay)
        else:
            return


def _handed_over(place: Folder | Mail | Chat, made: Package, world: World) -> None:
    if isinstance(place, Folder):
        _copied(place, made)
    elif isinstance(place, Mail):
        _mailed(place, made, world)
    else:
        _posted(place, made, world)


def _copied(place: Folder, made: Package) -> None:
    target = place.folder / made.summary.as_of.isoformat()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_folder(target) as aside:
            for path in made.files:
                shutil.copyfile(path, aside / path.name)
    except OSError as error:
        raise Refused(f"{target}: {error.strerror or error}") from None


def _mailed(place: Mail, made: Package, world: World) -> None:
    where = f"{place.host}:{place.port}"
    try:
        mail.send(place, mail.message(place, made), world.environment, world.timeout, world.trusted)
    except smtplib.SMTPResponseException as error:
        # What a server says may repeat what it was told; the code is enough.
        kind = Busy if 400 <= error.smtp_code < 500 else Refused
        raise kind(f"{where} answers {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        kind = Busy if all(code < 500 for code in codes) else Refused
        told = ", ".join(sorted(error.recipients))
        raise kind(f"{where} refuses {told} ({', '.join(map(str, codes))})") from None
    except smtplib.SMTPNotSupportedError as error:
        raise Refused(f"{where}: {error}") from None
    except ssl.SSLCertVerificationError as error:
        raise Refused(f"{where}: its certificate does not hold: {error.verify_message}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Busy(f"{where} cannot be reached: {type(error).__name__}") from None


def _posted(place: Chat, made: Package, world: World) -> None:
    body = json.dumps(slack.blocks(place, made.summary)).encode()
    url = world.environment[place.url_from]
    if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise Refused(f"{place.url_from} must hold an address that begins with https://")
    answer = webhooks.post(url, body, {}, world.timeout)
    if not answer.is_taken:
        kind = Busy if answer.is_busy else Refused
        raise kind(f"the address in {place.url_from} answers {answer.said}")
