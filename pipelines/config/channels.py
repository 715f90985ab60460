"""Where the weekly report goes: ``[[deliver]]`` in a company's configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from models.common.network import is_loopback
from pipelines.config.mapping import Frozen

NAME = "^[a-z0-9][a-z0-9_-]{0,79}$"
VARIABLE = "^[A-Z][A-Z0-9_]*$"
ADDRESS = r"^[^@\s<>,;]+@[^@\s<>,;]+$"


class ChannelSection(Frozen):
    """What the sections of all channels share.

    A channel is a subclass, listed in ``Channel``, whose ``to`` is the name of its module in
    ``pipelines/delivery/channels/``.
    """

    name: str = Field(pattern=NAME, examples=['"leadership"'])
    """What it is called in logs and in the record of deliveries."""

    @property
    def secret_from(self) -> str:
        """The environment variable that must be set before anything is sent; empty without one."""
        return ""


class Folder(ChannelSection):
    """A folder, such as a shared drive: the page and its PDF under ``<folder>/<day>/``."""

    to: Literal["file"] = Field(examples=['"file"'])
    """A folder."""
    folder: Path = Field(examples=['"/shares/reports"'])
    """Where the page and its PDF go, under the day."""


class Mail(ChannelSection):
    """A mail with a summary, the page and its PDF attached."""

    to: Literal["smtp"] = Field(examples=['"smtp"'])
    """A mail."""
    host: str = Field(min_length=1, examples=['"mail.example"'])
    """The mail server."""
    port: int = Field(default=587, ge=1, le=65_535)
    """Its port: 587 for starttls, 465 for tls."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """starttls, tls from the first byte, or none within one's own network."""
    sender: str = Field(pattern=ADDRESS, examples=['"expansion@company.example"'])
    """The sender's address."""
    recipients: tuple[Annotated[str, Field(pattern=ADDRESS)], ...] = Field(
        min_length=1, examples=['["leadership@company.example"]']
    )
    """The recipients' addresses."""
    user: str = Field(default="", examples=['"expansion"'])
    """The user, where the server asks for one; with ``password_from``."""
    password_from: str = Field(default="", pattern=f"{VARIABLE}|^$", examples=['"SMTP_PASSWORD"'])
    """The environment variable that holds the password: no file does."""

    @property
    def secret_from(self) -> str:
        """The environment variable that holds the password, if the server asks for one."""
        return self.password_from

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Mail:
        if bool(self.user) != bool(self.password_from):
            raise ValueError("user and password_from go together")
        if self.user and self.security == "none" and not is_loopback(self.host):
            raise ValueError("a password needs security = 'starttls' or 'tls'")
        return self


class SlackWebhook(ChannelSection):
    """A message to a Slack-compatible incoming webhook."""

    to: Literal["slack"] = Field(examples=['"slack"'])
    """A message."""
    url_from: str = Field(pattern=VARIABLE, examples=['"SLACK_URL"'])
    """The environment variable that holds the address, which is a secret."""
    report_url: str = Field(default="", examples=['"https://reports.example/{week}/index.html"'])
    """Where people find the page; ``{week}`` in it becomes the day."""

    @property
    def secret_from(self) -> str:
        """The environment variable that holds the address."""
        return self.url_from


Channel = Annotated[Folder | Mail | SlackWebhook, Field(discriminator="to")]
