"""What Prometheus reads: it parses, it counts what was answered, and it holds no account."""

from __future__ import annotations

import re
import shutil
import timeit
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from features.errors import EnvironmentFailure
from models.dataset.training_profile import FEWEST, described
from models.release import bundle
from models.store.scored_inputs import Inputs
from serving.app import create_app
from serving.inference.scorer import Scorer
from serving.routes.scores import LOOKUP
from serving.settings import ServingSettings
from serving.telemetry.counters import Counters
from tests.models.releases import FEATURES, META, model, publish
from tests.models.stored import TARGETS, account, scoring
from tests.serving.asking import ask, write_scores
from tests.serving.auth.test_scopes import key_for

DOCUMENT = (Path(__file__).parents[3] / "docs" / "serving.md").read_text("utf-8")
TRAINED = np.random.default_rng(1).random((500, 2))
NAMES = tuple(one.name for one in FEATURES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that knows how its inputs lay in training."""
    made = tmp_path_factory.mktemp("described")
    known = tuple(described(one, TRAINED[:, place]) for place, one in enumerate(FEATURES))
    publish(made, {"upsell": replace(model(version="7"), features=known)}, META)
    return made


@pytest.fixture
def settings(tmp_path: Path, folder: Path) -> ServingSettings:
    shutil.copytree(folder, tmp_path / "release", symlinks=True)
    return ServingSettings(
        store_url=f"sqlite:///{tmp_path / 's.db'}", release_folder=tmp_path / "release", keys="off"
    )


@pytest.fixture
def app(settings: ServingSettings, folder: Path) -> Iterator[FastAPI]:
    made = create_app(settings)
    path = bundle.current(folder)
    assert path is not None
    made.state.releases.scorer = Scorer.load(path, bundle.verify(path))
    rows = [account(number) for number in range(1, 301)]
    given = {one.account_id: tuple(TRAINED[place]) for place, one in enumerate(rows)}
    write_scores(made, scoring(accounts=300), rows, Inputs(NAMES, given))
    made.state.snapshots.refresh()
    yield made
    made.state.executor.close()
    made.state.store.close()


Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(app: FastAPI) -> Samples:
    answer = ask(app, "GET", "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def post(app: FastAPI, rows: np.ndarray) -> None:
    body = {"features": NAMES, "rows": [{"values": list(one)} for one in rows.tolist()]}
    assert ask(app, "POST", "/v1/rows/score", json=body).status_code == 200


def test_requests_are_counted_by_route_and_never_by_account(app: FastAPI) -> None:
    for path in ("a-000001/score", "a-000002/score", "nobody/score", "a-000001/no-such-route"):
        ask(app, "GET", f"/v1/accounts/{path}")
    samples = read(app)
    lookups = {"route": LOOKUP.path, "method": "GET"}  # type: ignore[attr-defined]
    assert value(samples, "expansion_request_seconds_count", **lookups, status="200") == 2
    assert value(samples, "expansion_request_seconds_count", **lookups, status="404") == 1
    assert value(samples, "expansion_requests_in_flight") == 1
    assert not [labels for _, labels in samples if "a-000001" in str(labels)]


def test_who_asks_for_no_route_makes_no_series(app: FastAPI) -> None:
    for word in ("BREW", "WHEN"):
        ask(app, word, f"/{word}")
    found = {dict(labels)["method"] for name, labels in read(app) if name.endswith("seconds_sum")}
    assert found == {"none"}


def test_scores_are_counted_by_target_and_version(app: FastAPI) -> None:
    ask(app, "GET", "/v1/accounts/a-000001/score")
    ask(app, "POST", "/v1/scores", json={"account_ids": ["a-000001", "a-000002", "nobody"]})
    post(app, np.array([[0.1, 0.2], [0.3, 0.4]]))
    samples = read(app)
    for target in TARGETS:
        told = {"target": target, "version": "1"}
        assert value(samples, "expansion_scores_answered_total", how="lookup", **told) == 1
        assert value(samples, "expansion_scores_answered_total", how="batch", **told) == 2
    told = {"how": "row", "target": "upsell", "version": "7"}
    assert value(samples, "expansion_scores_answered_total", **told) == 2


def test_a_copy_that_holds_is_no_score_answered(app: FastAPI) -> None:
    path = "/v1/accounts/a-000001/score"
    tag = ask(app, "GET", path).headers["etag"]
    ask(app, "GET", path, headers={"if-none-match": tag})
    told = {"how": "lookup", "target": "churn", "version": "1"}
    assert value(read(app), "expansion_scores_answered_total", **told) == 1


def test_refusals_are_counted_by_reason(app: FastAPI) -> None:
    ask(app, "POST", "/v1/scores", json={"account_ids": []})
    ask(app, "POST", "/v1/scores", content=b"{", headers={"content-type": "application/json"})
    samples = read(app)
    assert value(samples, "expansion_requests_refused_total", reason="invalid") == 1
    assert value(samples, "expansion_requests_refused_total", reason="malformed") == 1
    assert value(samples, "expansion_requests_refused_total", reason="rate") == 0


def gone() -> None:
    raise EnvironmentFailure("the store is gone")


def test_a_refused_release_and_a_lost_store_are_told(
    app: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.state.releases.refresh()
    assert value(read(app), "expansion_releases_refused_total") == 0
    [path] = [one for one in (tmp_path / "release").iterdir() if not one.is_symlink()]
    text = (path / "upsell" / "model.txt").read_bytes()
    (path / "upsell" / "model.txt").write_bytes(text.replace(b"1", b"2", 1))
    app.state.releases.refresh()
    monkeypatch.setattr(app.state.store, "newest", gone)
    app.state.snapshots.refresh()
    samples = read(app)
    assert value(samples, "expansion_releases_refused_total") == 1
    assert value(samples, "expansion_release_problems") >= 1
    assert value(samples, "expansion_release_age_seconds", release_id=path.name) >= 0
    assert value(samples, "expansion_store_reachable") == 0
    assert value(samples, "expansion_scores_stale") == 1


def test_what_waits_on_disk_is_told(app: FastAPI) -> None:
    app.state.services.audit_queue._queue.append({"id": "1"})
    assert value(read(app), "expansion_spool_bytes", of="audit") == len('{"id":"1"}\n')


def test_rows_like_those_of_training_have_not_moved_and_others_have(app: FastAPI) -> None:
    random = np.random.default_rng(2)
    post(app, random.random((FEWEST, 2)))
    samples = read(app)
    assert value(samples, "expansion_inputs_moved", of="posted") == 0
    assert value(samples, "expansion_inputs_moved", of="scored") == 0
    post(app, random.random((1000, 2)) * [0.3, 1.0])
    samples = read(app)
    assert value(samples, "expansion_input_drift", of="posted", input="one") > 0.25
    assert value(samples, "expansion_inputs_moved", of="posted") == 1


def test_too_few_rows_say_nothing(app: FastAPI) -> None:
    post(app, np.zeros((FEWEST - 1, 2)))
    names = {name for name, labels in read(app) if ("of", "posted") in labels}
    assert names == {"expansion_input_rows"}


@pytest.mark.parametrize(
    ("scopes", "status"), [([], 401), (["read"], 403), (["metrics"], 200), (["admin"], 200)]
)
def test_metrics_need_a_scope_of_their_own(
    settings: ServingSettings, scopes: list[Any], status: int
) -> None:
    made = create_app(settings.model_copy(update={"keys": "required"}))
    header = key_for(made, settings, scopes)[1] if scopes else {}
    assert ask(made, "GET", "/metrics", headers=header).status_code == status


@pytest.mark.parametrize(("chosen", "status"), [("open", 200), ("off", 404)])
def test_a_setting_opens_metrics_or_takes_them_away(
    settings: ServingSettings, chosen: str, status: int
) -> None:
    made = create_app(settings.model_copy(update={"keys": "required", "metrics": chosen}))
    header = {} if chosen == "open" else key_for(made, settings, ["admin"])[1]
    assert ask(made, "GET", "/metrics", headers=header).status_code == status


def test_a_key_for_metrics_opens_no_score(settings: ServingSettings) -> None:
    """An account's id may hold a slash, and so the name of another route."""
    made = create_app(settings.model_copy(update={"keys": "required"}))
    _, header = key_for(made, settings, ["metrics"])
    for path in ("a/score", "x%2Fmetrics/score"):
        assert ask(made, "GET", f"/v1/accounts/{path}", headers=header).status_code == 403


def test_counting_costs_a_lookup_microseconds() -> None:
    counters = Counters()
    scope = {"type": "http", "method": "GET", "route": LOOKUP, "state": {"status": 200}}
    versions = tuple((name, "1") for name in TARGETS)

    def count() -> None:
        counters.in_flight += 1
        counters.scored("lookup", versions)
        counters.answered(scope, 0.0007)

    # The best of several: others may use the machine. Measured: 1.4.
    assert min(timeit.repeat(count, number=2000, repeat=5)) / 2000 < 10e-6


def test_every_metric_is_in_the_document(app: FastAPI) -> None:
    post(app, TRAINED[:FEWEST])
    app.state.releases.written_at = 0.0
    names = {name for name, _ in read(app) if name.startswith("expansion_")}
    families = {re.sub(r"_(?:bucket|count|sum|created)$", "", name) for name in names}
    assert len(families) > 16
    assert [name for name in sorted(families) if f"`{name}`" not in DOCUMENT] == []
