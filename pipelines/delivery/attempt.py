"""What every channel is given for an attempt to deliver, and how an attempt can fail."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

TIMEOUT = 30.0


class PermanentFailure(Exception):
    """A recipient refuses; another attempt would fare no better."""


class TransientFailure(Exception):
    """A recipient is busy or cannot be reached now."""


@dataclass(frozen=True)
class DeliveryContext:
    """Environment, clock and certificates, so that a test can have others.

    ``timeout`` is in seconds; ``trusted`` knows whose certificates count, by default the machine's.
    """

    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    sleep: Callable[[float], None] = time.sleep
    timeout: float = TIMEOUT
    trusted: ssl.SSLContext | None = None
