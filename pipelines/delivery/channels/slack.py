"""A message to a Slack-compatible incoming webhook, in blocks (Slack's Block Kit)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.delivery import incoming_webhook
from pipelines.delivery.attempt import DeliveryContext
from pipelines.delivery.message import summary_text

if TYPE_CHECKING:
    from pipelines.config.channels import SlackWebhook
    from pipelines.delivery.weekly_report import WeeklyReport
    from pipelines.report.summary import Summary

MOST_FIELDS = 10
"""What Slack takes in one section."""


def send(section: SlackWebhook, report: WeeklyReport, context: DeliveryContext) -> None:
    """Post a report's summary, with a link to its page."""
    incoming_webhook.post(section.url_from, _message(section, report.summary), context)


def _message(section: SlackWebhook, summary: Summary) -> dict[str, Any]:
    """Return the message; ``text`` is what a notification shows."""
    text = summary_text(summary)
    trust = f"{text.light}: {text.trust} *{_safe(text.answer)}.*\n{_safe(text.verdict)}"
    fields = [_marked(f"*{_safe(name)}*\n{_safe(value)}") for name, value in text.lines]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": text.subject[:150]}},
        {"type": "section", "text": _marked(trust)},
        {"type": "section", "fields": fields[:MOST_FIELDS]},
    ]
    if section.report_url:
        link = section.report_url.replace("{week}", summary.as_of.isoformat())
        blocks.append({"type": "section", "text": _marked(f"<{link}|{text.open}>")})
    return {"text": f"{text.subject}: {text.light}, {text.answer}", "blocks": blocks}


def _marked(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def _safe(text: str) -> str:
    """Return text whose signs mean nothing to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
