"""Traces: one span a request, in the caller's trace, with the request's id and without accounts."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from serving.app import create_app
from serving.settings import ServingSettings
from serving.telemetry import json_logs, setup
from serving.telemetry.tracing import TracingMiddleware
from tests.models.stored import account, scoring
from tests.serving.asking import ask, write_scores

PATH = "/v1/accounts/a-000001/score"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def made(tmp_path: Path) -> FastAPI:
    url = f"sqlite:///{tmp_path / 's.db'}"
    app = create_app(ServingSettings(store_url=url, release_folder=tmp_path, keys="off"))
    write_scores(app, scoring(), [account(1)])
    app.state.snapshots.refresh()
    return app


@pytest.fixture
def spans(tmp_path: Path) -> Iterator[tuple[FastAPI, InMemorySpanExporter]]:
    app, kept, provider = made(tmp_path), InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    app.add_middleware(TracingMiddleware, tracer=provider.get_tracer("test"))
    yield app, kept
    app.state.store.close()


def only(kept: InMemorySpanExporter) -> ReadableSpan:
    [span] = kept.get_finished_spans()
    return span


def test_a_span_names_the_route_and_not_the_account(
    spans: tuple[FastAPI, InMemorySpanExporter],
) -> None:
    app, kept = spans
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "x-request-id": "mine"}
    assert ask(app, "GET", PATH, headers=headers).status_code == 200
    span = only(kept)
    assert f"{span.context.trace_id:032x}" == TRACE if span.context else False
    assert span.name == "GET /v1/accounts/{account_id:path}/score"
    assert span.attributes is not None
    assert span.attributes["expansion.request_id"] == "mine"
    assert span.attributes["http.response.status_code"] == 200
    assert "a-000001" not in span.to_json()


def test_the_log_holds_request_and_trace_together(
    spans: tuple[FastAPI, InMemorySpanExporter], caplog: pytest.LogCaptureFixture
) -> None:
    lines: list[dict[str, Any]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(json_logs.JsonLines().format(record)))

    caplog.set_level(logging.INFO, "serving.http.request_context")
    kept = Kept()
    logging.getLogger("serving.http.request_context").addHandler(kept)
    ask(spans[0], "GET", PATH, headers={"x-request-id": "mine"})
    logging.getLogger("serving.http.request_context").removeHandler(kept)
    [line] = lines
    assert line["request_id"] == "mine"
    assert only(spans[1]).context is not None
    assert line["trace_id"] == f"{only(spans[1]).context.trace_id:032x}"  # type: ignore[union-attr]
    assert "trace_id" not in json.loads(
        json_logs.JsonLines().format(logging.makeLogRecord({"msg": "outside of a request"}))
    )


class Collector(BaseHTTPRequestHandler):
    """Takes what is sent by OTLP over HTTP."""

    taken: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.taken.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep the terminal clean."""


def test_spans_reach_the_collector_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(("127.0.0.1", 0), Collector) as collector:
        Thread(target=collector.serve_forever, daemon=True).start()
        monkeypatch.setenv(setup.ENDPOINT, f"http://127.0.0.1:{collector.server_port}")
        app = made(tmp_path)
        ask(app, "GET", PATH, headers={"x-request-id": "the-one"})
        app.state.spans.shutdown()
        collector.shutdown()
    [(path, sent)] = Collector.taken
    assert path == "/v1/traces"
    assert b"the-one" in sent
    assert b"a-000001" not in sent
    app.state.store.close()


def test_without_a_collector_nothing_is_traced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(setup.ENDPOINT, raising=False)
    app = made(tmp_path)
    assert not hasattr(app.state, "spans")
    app.state.store.close()


def test_a_collector_without_the_extra_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(setup.ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setattr(setup, "find_spec", lambda _: None)
    app = made(tmp_path)
    assert "the extra [telemetry] is not installed" in caplog.text
    app.state.store.close()
