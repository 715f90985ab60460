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


class Metrics(Collector):
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
        yield from requests(counters)
        yield from answered(counters)
        yield from self._scores()
        yield from self._release()
        yield from self._spools()
        yield from self._inputs(counters)

    def _scores(self) -> Iterator[Metric]:
        snapshots = self._state.snapshots
        yield gauge("expansion_store_reachable", "Whether the score store answered when last asked",
                    [({}, snapshots.store_answers)])  # fmt: skip
        if (shown := snapshots.shown) is None:
            return
        scoring = shown.snapshot.scoring
        age = utc_now() - scoring.created_at.replace(tzinfo=UTC)
        yield gauge("expansion_scores_age_seconds", "Time since accounts were scored",
                    [({}, age.total_seconds())])  # fmt: skip
        yield gauge("expansion_scores_stale", "Whether answers say that they are stale",
                    [({}, shown.stale)])  # fmt: skip
        yield gauge("expansion_accounts", "Accounts that have a score", [({}, scoring.accounts)])

    def _release(self) -> Iterator[Metric]:
        watch = self._state.watch
        yield counter("expansion_releases_refused", "Times that a release was refused",
                      [({}, watch.refused)])  # fmt: skip
        yield gauge("expansion_release_problems", "What is wrong with the newest release",
                    [({}, len(watch.problems))])  # fmt: skip
        if watch.written_at is not None:
            labels = {"release_id": watch.release_id}
            yield gauge("expansion_release_age_seconds", "Time since the release was written",
                        [(labels, time.time() - watch.written_at)])  # fmt: skip

    def _spools(self) -> Iterator[Metric]:
        services = self._state.services
        sizes = {"audit": services.audit_queue.sizes(), "feedback": services.feedback_queue.sizes()}
        for name, place, told in (
            ("expansion_spool_bytes", 0, "Bytes on disk that wait for the store"),
            ("expansion_spool_refused_bytes", 1, "Bytes on disk that the store refuses"),
        ):
            yield gauge(name, told, [({"of": of}, size[place]) for of, size in sizes.items()])

    def _inputs(self, counters: Counters) -> Iterator[Metric]:
        scorer, shown = self._state.releases.scorer, self._state.snapshots.shown
        if scorer is None:
            return
        found = {"posted": self._drift.of_posted(scorer, counters.posted)}
        if shown is not None:
            found["scored"] = self._drift.of_scored(
                scorer, shown.snapshot.key, shown.snapshot.some_inputs
            )
        yield gauge("expansion_input_rows", "Rows that were held against the training data",
                    [({"of": of}, one.rows) for of, one in found.items()])  # fmt: skip
        yield gauge("expansion_inputs_moved", "Inputs whose stability index is above 0.25",
                    [({"of": of}, one.moved) for of, one in found.items()
                     if one.moved is not None])  # fmt: skip
        yield gauge("expansion_input_drift", "Population stability index against training",
                    [({"of": of, "input": name}, value) for of, one in found.items()
                     for name, value in one.indices.items()])  # fmt: skip


def requests(counters: Counters) -> Iterator[Metric]:
    """Yield how many requests are answered, how fast, and how many are refused."""
    known = list(counters.latencies.items())
    told = "Time from a request to the end of its answer"
    labels = ["route", "method", "status"]
    seconds = HistogramMetricFamily("expansion_request_seconds", told, labels=labels)
    refused: Counter[str] = Counter(dict.fromkeys(REASONS.values(), 0))
    for (route, method, status), one in known:
        total, buckets = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), one.counts, strict=True):
            total += count
            buckets.append((bound, total))
        seconds.add_metric([route, method, str(status)], buckets, one.seconds)
        if status in REASONS and route != "/health/ready":
            refused[REASONS[status]] += total
    yield seconds
    yield counter("expansion_requests_refused", "Requests refused, by reason",
                  [({"reason": name}, count) for name, count in refused.items()])  # fmt: skip
    yield gauge("expansion_requests_in_flight", "Requests that are being answered",
                [({}, counters.in_flight)])  # fmt: skip


def answered(counters: Counters) -> Iterator[Metric]:
    """Yield how many scores of which model's version were answered."""
    labelled = [
        ({"how": how, "target": target, "version": version or ""}, count)
        for (how, versions), count in list(counters.scores.items())
        for target, version in versions
    ]
    yield counter("expansion_scores_answered", "Scores answered, by target and version", labelled)
    yield counter("expansion_rows_refused", "Posted rows answered with errors",
                  [({}, counters.rows_refused)])  # fmt: skip


def gauge(name: str, told: str, samples: Iterable[tuple[Labels, float]]) -> Metric:
    """Return a gauge with its samples, which all have the same labels."""
    return _filled(GaugeMetricFamily, name, told, samples)


def counter(name: str, told: str, samples: Iterable[tuple[Labels, float]]) -> Metric:
    """Return a counter with its samples; its name ends in ``_total`` where it is told."""
    return _filled(CounterMetricFamily, name, told, samples)


def _filled(
    kind: type[GaugeMetricFamily] | type[CounterMetricFamily],
    name: str,
    told: str,
    samples: Iterable[tuple[Labels, float]],
) -> Metric:
    kept = list(samples)
    labels = list(kept[0][0]) if kept else []
    family = kind(name, told, labels=labels)
    for values, value in kept:
        family.add_metric(list(values.values()), float(value))
    return family


metrics = APIRouter()


@metrics.get("/metrics", include_in_schema=False)
@requires("metrics")
def tell(request: Request) -> Response:
    """Tell what happened in this process, and how it stands; in a thread, as it reads files."""
    told: Metrics = request.app.state.metrics
    return Response(told.text(), media_type=CONTENT_TYPE_LATEST)
