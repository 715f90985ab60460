"""A span for each request, within the caller's trace; needs the extra ``[telemetry]``.

Instrumentation that is bought ready-made notes the path and the query, which name accounts; here a
span holds the route's template, as the log does.
"""

from __future__ import annotations

import os

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.telemetry import json_logs

CALLER = TraceContextTextMapPropagator()
HEADERS = (b"traceparent", b"tracestate")


def provider() -> TracerProvider:
    """Return what sends spans to the collector that ``OTEL_EXPORTER_OTLP_ENDPOINT`` names.

    They leave in batches, from a thread; the last of them when the process ends.
    """
    resource = {SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME", "expansion")}
    tracer_provider = TracerProvider(resource=Resource.create(resource))
    tracer_provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return tracer_provider


class TracingMiddleware:
    """Puts a span around each request, and its trace's id into the lines of the log."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self.app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        caller = {n.decode(): v.decode("latin-1") for n, v in scope["headers"] if n in HEADERS}
        with self._tracer.start_as_current_span(
            "request", CALLER.extract(caller), SpanKind.SERVER
        ) as span:
            token = json_logs.TRACE_ID.set(f"{span.get_span_context().trace_id:032x}")
            try:
                await self.app(scope, receive, send)
            finally:
                _describe(span, scope)
                json_logs.TRACE_ID.reset(token)


def _describe(span: Span, scope: Scope) -> None:
    """Tell what was asked and answered, by the names of OpenTelemetry's conventions for HTTP."""
    state = scope.get("state", {})
    route, status = getattr(scope.get("route"), "path", ""), state.get("status", 0)
    span.update_name(f"{scope['method']} {route}".strip())
    span.set_attributes(
        {
            "http.request.method": scope["method"],
            "http.route": route,
            "http.response.status_code": status,
            "expansion.request_id": state.get("request_id", ""),
        }
    )
    if status >= 500:
        span.set_status(StatusCode.ERROR)
