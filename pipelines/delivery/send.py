"""Sending a report to one recipient, by the channel of its section; retried while it is busy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.delivery.attempt import DeliveryContext, TransientFailure

if TYPE_CHECKING:
    from pipelines.config.channels import Channel
    from pipelines.delivery.weekly_report import WeeklyReport

DELAYS = (2.0, 10.0)
"""Seconds to wait before the second and the third attempt."""


class Send(Protocol):
    """What the module of a channel has under the name ``send``."""

    def __call__(self, section: Any, report: WeeklyReport, context: DeliveryContext) -> None:
        """Deliver a report as the section says, or raise one of the failures of ``attempt``."""


def sender(to: str) -> Send:
    """Return ``send`` of the module in ``channels`` that is named after the ``to`` of a section."""
    send: Send = import_module(f"pipelines.delivery.channels.{to}").send
    return send


def send_with_retries(section: Channel, report: WeeklyReport, context: DeliveryContext) -> None:
    """Send a report; wait and try again where the recipient is only busy.

    Raises
    ------
    PermanentFailure
        When the recipient refuses.
    TransientFailure
        When it could not be reached three times.
    """
    send = sender(section.to)
    for delay in DELAYS:
        try:
            return send(section, report, context)
        except TransientFailure:
            context.sleep(delay)
    return send(section, report, context)
