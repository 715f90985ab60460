"""Whether requests are traced: where a collector is named, and the extra is installed."""

from __future__ import annotations

import logging
import os
from importlib.util import find_spec

from fastapi import FastAPI

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Trace the requests of ``app``, if OpenTelemetry's own variable says where to."""
    if not os.environ.get(ENDPOINT):
        return
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter") is None:
        log.warning("%s is set, but the extra [telemetry] is not installed: no traces", ENDPOINT)
        return
    # Only here: nobody else needs the libraries.
    from serving.telemetry.tracing import TracingMiddleware, provider

    app.state.spans = spans = provider()
    app.add_middleware(TracingMiddleware, tracer=spans.get_tracer("expansion"))
