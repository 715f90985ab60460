"""A message to a Slack-compatible incoming webhook, in blocks (Slack's Block Kit)."""

from __future__ import annotations

from typing import Any

from pipelines.config.channels import Chat
from pipelines.delivery.message import telling
from pipelines.report.summary import Summary

MOST_FIELDS = 10
"""What Slack takes in one section."""


def blocks(place: Chat, one: Summary) -> dict[str, Any]:
    """Return the message; ``text`` is what a notification shows."""
    told = telling(one)
    trust = f"{told.light}: {told.trust} *{_safe(told.answer)}.*\n{_safe(told.verdict)}"
    fields = [_marked(f"*{_safe(name)}*\n{_safe(value)}") for name, value in told.lines]
    made: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": told.subject[:150]}},
        {"type": "section", "text": _marked(trust)},
        {"type": "section", "fields": fields[:MOST_FIELDS]},
    ]
    if place.report_url:
        link = place.report_url.replace("{week}", one.as_of.isoformat())
        made.append({"type": "section", "text": _marked(f"<{link}|{told.open}>")})
    return {"text": f"{told.subject}: {told.light}, {told.answer}", "blocks": made}


def _marked(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def _safe(text: str) -> str:
    """Return text whose signs mean nothing to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
