"""Posting a message to a chat's incoming webhook, whose address is a secret in the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipelines.delivery import webhooks
from pipelines.delivery.attempt import DeliveryContext, PermanentFailure, TransientFailure


def post(url_from: str, message: Mapping[str, Any], context: DeliveryContext) -> None:
    """Post a message as JSON to the address in the environment variable ``url_from``.

    Raises
    ------
    PermanentFailure
        When the address is not of https, or the endpoint refuses.
    TransientFailure
        When the endpoint is busy or cannot be reached.
    """
    url = context.environment[url_from]
    if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise PermanentFailure(f"{url_from} must hold an address that begins with https://")
    response = webhooks.post(url, json.dumps(message).encode(), {}, context.timeout)
    if not response.is_delivered:
        failure = TransientFailure if response.is_busy else PermanentFailure
        raise failure(f"the address in {url_from} answers {response.detail}")
