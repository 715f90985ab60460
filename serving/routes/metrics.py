"""What Prometheus is told: read from where it is known, when it is asked for.

Each worker is a process with a port of its own, and tells of itself: scrape every one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from models.common.clock import utc_now
from serving.auth.scopes import requires
from serving.inference.input_drift import InputDrift
from serving.telemetry.counters import BOUNDS, Counters

REASONS = {
    400: "malformed", 401: "key", 403: "scope", 408: "slow", 413: "size", 415: "type",
    422: "invalid", 429: "rate", 503: "unavailable",
}  # fmt: skip
"""Why requests are refused, by their status."""
Labels = dict[str, str]


class MetricsCollector(Collector):
    """Everything that is told of one application."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self._drift = InputDrift()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield each metric."""
        counters: Counters = self._state.counters
        yield from request_metrics(counters)
        yield from score_metrics(counters)
        yield from self._scores()
        yield from self._release()
        yield from self._queue_sizes()
        yield from self._inputs(counters)

    def _scores(self) -> Iterator[Metric]:
        snapshots = self._state.snapshots
        yield gauge("expansion_store_reachable", "Whether the score store answered when last asked",
                    [({}, snapshots.store_answers)])  # fmt: skip
        if (current := snapshots.current) is None:
            return
        scoring = current.snapshot.scoring
        age = utc_now() - scoring.created_at.replace(tzinfo=UTC)
        yield gauge("expansion_scores_age_seconds", "Time since accounts were scored",
                    [({}, max(0.0, age.total_seconds()))])  # fmt: skip
        yield gauge("expansion_scores_stale", "Whether answers say that they are stale",
                    [({}, bool(current.stale))])  # fmt: skip
        yield gauge("expansion_clock_behind", "Whether scores were made after this machine's time",
                    [({}, current.stale is None)])  # fmt: skip
        yield gauge("expansion_accounts", "Accounts that have a score", [({}, scoring.accounts)])

    def _release(self) -> Iterator[Metric]:
        watch = self._state.releases
        yield counter("expansion_releases_refused", "Times that a release was refused",
                      [({}, watch.refused)])  # fmt: skip
        yield gauge("expansion_release_problems", "What is wrong with the newest release",
                    [({}, len(watch.problems))])  # fmt: skip
        if watch.written_at is not None:
            labels = {"release_id": watch.release_id}
            yield gauge("expansion_release_age_seconds", "Time since the release was written",
                        [(labels, time.time() - watch.written_at)])  # fmt: skip

    def _queue_sizes(self) -> Iterator[Metric]:
        services = self._state.services
        sizes = {"audit": services.audit_queue.sizes(), "feedback": services.feedback_queue.sizes()}
        for name, column, description in (
            ("expansion_spool_bytes", 0, "Bytes on disk that wait for the store"),
            ("expansion_spool_refused_bytes", 1, "Bytes on disk that the store refuses"),
        ):
            yield gauge(
                name, description, [({"of": of}, size[column]) for of, size in sizes.items()]
            )

    def _inputs(self, counters: Counters) -> Iterator[Metric]:
        scorer, current = self._state.releases.scorer, self._state.snapshots.current
        if scorer is None:
            return
        drifts = {"posted": self._drift.of_posted(scorer, counters.posted)}
        if current is not None:
            drifts["scored"] = self._drift.of_scored(
                scorer, current.snapshot.key, current.snapshot.some_inputs
            )
        yield gauge("expansion_input_rows", "Rows that were held against the training data",
                    [({"of": of}, drift.rows) for of, drift in drifts.items()])  # fmt: skip
        yield gauge("expansion_inputs_moved", "Inputs whose stability index is above 0.25",
                    [({"of": of}, drift.moved) for of, drift in drifts.items()
                     if drift.moved is not None])  # fmt: skip
        yield gauge("expansion_input_drift", "Population stability index against training",
                    [({"of": of, "input": name}, value) for of, drift in drifts.items()
                     for name, value in drift.indices.items()])  # fmt: skip


def request_metrics(counters: Counters) -> Iterator[Metric]:
    """Yield how many requests are answered, how fast, and how many are refused."""
    latencies = list(counters.latencies.items())
    description = "Time from a request to the end of its answer"
    labels = ["route", "method", "status"]
    seconds = HistogramMetricFamily("expansion_request_seconds", description, labels=labels)
    refused: Counter[str] = Counter(dict.fromkeys(REASONS.values(), 0))
    for (route, method, status), latency in latencies:
        total, buckets = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), latency.counts, strict=True):
            total += count
            buckets.append((bound, total))
        seconds.add_metric([route, method, str(status)], buckets, latency.seconds)
        if status in REASONS and route != "/health/ready":
            refused[REASONS[status]] += total
    yield seconds
    yield counter("expansion_requests_refused", "Requests refused, by reason",
                  [({"reason": name}, count) for name, count in refused.items()])  # fmt: skip
    yield gauge("expansion_requests_in_flight", "Requests that are being answered",
                [({}, counters.in_flight)])  # fmt: skip


def score_metrics(counters: Counters) -> Iterator[Metric]:
    """Yield how many scores of which model's version were answered."""
    labelled = [
        ({"how": how, "target": target, "version": version or ""}, count)
        for (how, versions), count in list(counters.scores.items())
        for target, version in versions
    ]
    yield counter("expansion_scores_answered", "Scores answered, by target and version", labelled)
    yield counter("expansion_rows_refused", "Posted rows answered with errors",
                  [({}, counters.rows_refused)])  # fmt: skip


def gauge(name: str, description: str, samples: Iterable[tuple[Labels, float]]) -> Metric:
    """Return a gauge with its samples, which all have the same labels."""
    return _family(GaugeMetricFamily, name, description, samples)


def counter(name: str, description: str, samples: Iterable[tuple[Labels, float]]) -> Metric:
    """Return a counter with its samples; its name ends in ``_total`` where it is told."""
    return _family(CounterMetricFamily, name, description, samples)


def _family(
    kind: type[GaugeMetricFamily] | type[CounterMetricFamily],
    name: str,
    description: str,
    samples: Iterable[tuple[Labels, float]],
) -> Metric:
    listed = list(samples)
    labels = list(listed[0][0]) if listed else []
    family = kind(name, description, labels=labels)
    for values, value in listed:
        family.add_metric(list(values.values()), float(value))
    return family


router = APIRouter()


@router.get("/metrics", include_in_schema=False)
@requires("metrics")
def get_metrics(request: Request) -> Response:
    """Tell what happened in this process, and how it stands; in a thread, as it reads files."""
    collector: MetricsCollector = request.app.state.metrics
    return Response(collector.text(), media_type=CONTENT_TYPE_LATEST)
