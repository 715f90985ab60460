"""A fifth label, declared in one function of a company's own, goes the whole way."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from features import target
from features.labels.targets import TARGETS
from models.dataset import feature_table
from models.release import bundle
from pipelines.build.build import BuildResult, build
from pipelines.build.explain import explain
from pipelines.cli.documents import written_for
from pipelines.config.settings import Settings, load
from pipelines.delivery.crm.export import export
from pipelines.ingest.check import check
from pipelines.lifecycle.promote import promote
from pipelines.lifecycle.train import TrainResult, train
from pipelines.monitoring.monitor import monitor
from pipelines.report.report import report
from pipelines.scoring.adoption_effect import analyse
from pipelines.scoring.score import ScoreResult, score
from pipelines.synthetic import simulate
from serving.app import create_app
from serving.inference.release_watcher import ReleaseWatcher
from serving.settings import ServingSettings
from tests.pipelines.cli.test_app import expansion
from tests.serving.asking import ask
from tests.serving.paged import close

PAGE = (Path(__file__).parents[2] / "docs" / "own-features.md").read_text("utf-8")
NAME = "large_deal"
TOML = """
[features]
modules = ["acme_labels.py"]
[train]
max_trees = 30
threads = 1
min_positives = 20
"""


def example() -> str:
    """Return the label of the documentation."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    [label] = [block for block in blocks if "@target" in block]
    return label


@dataclass(frozen=True)
class Walked:
    """The whole way of a company with a label of its own."""

    settings: Settings
    built: BuildResult
    trained: TrainResult
    scored: ScoreResult


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    folder = tmp_path_factory.mktemp("acme")
    (folder / "acme_labels.py").write_text(example(), "utf-8")
    (folder / "expansion.toml").write_text(TOML, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("EXPANSION_STORE_URL", raising=False)
        settings = load(folder / "expansion.toml")
    simulate(settings.data_folder, accounts=300, months=30, seed=5, workers=1)
    assert check(settings).ok
    built, trained = build(settings), train(settings)
    outcome = next(outcome for outcome in trained.targets if outcome.target == NAME)
    if not outcome.champion:
        assert outcome.version is not None
        promote(settings, NAME, outcome.version, force=True, why="to follow it through")
    return Walked(settings, built, trained, score(settings))


@pytest.fixture(scope="module")
def app(walked: Walked) -> Iterator[FastAPI]:
    settings = walked.settings
    app = create_app(
        ServingSettings(
            store_url=settings.store_url, release_folder=settings.release_folder, keys="off"
        )
    )
    app.state.snapshots.refresh()
    app.state.releases.refresh()
    assert app.state.releases.problems == ()
    yield app
    close(app)


def test_it_is_built_beside_ours(walked: Walked) -> None:
    assert list(walked.built.positives) == [*TARGETS, NAME]
    assert walked.built.positives[NAME] > 20
    table = feature_table.read(walked.settings.feature_table)
    label = table.labels[NAME]
    assert (label.title, label.direction, label.mature_days) == ("Large deal", "=", 122)
    amounts = table.frame.loc[table.frame[label.column] == 1, label.amount_column]
    assert amounts.min() >= 2000


def test_it_is_trained_and_released(walked: Walked) -> None:
    assert [one.target for one in walked.trained.targets] == [*TARGETS, NAME]
    current = bundle.current(walked.settings.release_folder)
    assert current is not None
    entry = bundle.verify(current).models[NAME]
    assert (entry["title"], entry["direction"]) == ("Large deal", "=")


def test_it_is_scored_and_counts_no_arr_twice(walked: Walked) -> None:
    assert NAME in walked.scored.targets
    assert {"name": NAME, "title": "Large deal", "direction": "="} in walked.scored.columns
    first = walked.scored.top[0]
    assert 0 < first["probabilities"][NAME] < 1
    assert first["reasons"][NAME]["up"]


def test_its_label_is_explained(walked: Walked) -> None:
    table = feature_table.read(walked.settings.feature_table)
    rows = table.mature(NAME)
    positive = rows[rows[table.labels[NAME].column] == 1].iloc[-1]
    negative = rows[rows[table.labels[NAME].column] == 0].iloc[-1]
    for row, state in ((positive, "positive"), (negative, "negative")):
        told = explain(walked.settings, row["account_id"], row["as_of"], ["arr"])
        verdict = next(one for one in told.verdicts if one.target == NAME)
        assert verdict.state == state
        assert [one.target for one in told.verdicts] == [*TARGETS, NAME]
        counted = [change for change in verdict.changes if change.counts]
        assert bool(counted) == (state == "positive")
        if counted:
            assert verdict.arr == pytest.approx(row[table.labels[NAME].amount_column], abs=1)
    last = row["as_of"] + timedelta(days=91)
    assert verdict.why == f"it did not happen from {row['as_of']} to before {last}"


def test_it_is_exported(walked: Walked, tmp_path: Path) -> None:
    result = export(walked.settings, "csv", tmp_path / "csv")
    with (Path(result.folder) / result.files[0]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["p_large_deal"] for row in rows} != {""}
    chosen = walked.settings.export.model_copy(update={"fields": ("large_deal_reason", "as_of")})
    settings = walked.settings.model_copy(update={"export": chosen})
    assert "Expansion_Large_Deal_Reason__c" in export(settings, "salesforce-bulk").first[0]


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_report_names_it(walked: Walked, language: Any) -> None:
    monitor(walked.settings)
    page = Path(report(walked.settings, language=language).path).read_text("utf-8")
    models = page[page.index('id="models"') :]
    assert models.count("Large deal") >= 2


def test_the_journey_compares_it(walked: Walked, tmp_path: Path) -> None:
    found = analyse(walked.settings, tmp_path)
    assert {one.outcome for one in found.comparisons} >= {"upsell", "cross_sell", NAME}


def test_the_api_answers_it(walked: Walked, app: FastAPI) -> None:
    account = walked.scored.top[0]
    answer = ask(app, "GET", f"/v1/accounts/{account['account_id']}/score").json()
    assert list(answer["probabilities"]) == [*TARGETS, NAME]
    assert answer["probabilities"][NAME] == account["probabilities"][NAME]
    assert answer["reasons"][NAME]["up"] == account["reasons"][NAME]["up"]
    assert answer["versions"]["models"][NAME]
    models = ask(app, "GET", "/v1/models").json()["models"]
    assert NAME in {one["target"] for one in models}
    assert ask(app, "GET", f"/v1/models/{NAME}").json()["target"] == NAME
    listed = ask(app, "GET", "/v1/accounts").json()["accounts"][0]
    assert NAME in listed["probabilities"]
    scenario = {"changes": [{"feature": "tickets_open_escalated", "value": 3}]}
    path = f"/v1/accounts/{account['account_id']}/what-if"
    moved = ask(app, "POST", path, json=scenario).json()
    assert moved["before"]["probabilities"][NAME] == account["probabilities"][NAME]
    assert NAME in moved["reasons"]
    # It counts as neither: what the server adds up is what the batch added up.
    assert moved["before"]["expected_expansion_arr"] == account["expected_expansion_arr"]


def test_rows_are_scored_for_it(app: FastAPI) -> None:
    releases: ReleaseWatcher = app.state.releases
    assert releases.scorer is not None
    names = list(releases.scorer.inputs)
    rows = [{"id": "x", "values": [None] * len(names)}]
    answer = ask(app, "POST", "/v1/rows/score", json={"features": names, "rows": rows}).json()
    assert answer["rows"][0]["probabilities"][NAME] is not None


def test_the_account_page_shows_it(walked: Walked, app: FastAPI) -> None:
    account = walked.scored.top[0]["account_id"]
    for language in ("en", "de"):
        page = ask(app, "GET", f"/app/accounts/{account}?lang={language}").text
        assert page.count("Large deal") >= 2


def test_verbs_answer_it_as_json_and_as_text(walked: Walked) -> None:
    folder = walked.settings.data_folder.parent
    built = json.loads(expansion(folder, "build", "--json").stdout)
    assert built["positives"][NAME] == walked.built.positives[NAME]
    scored = expansion(folder, "score")
    assert "large deal" in re.sub(r"\s+", " ", scored.stdout)
    account = walked.scored.top[0]["account_id"]
    told = expansion(folder, "build", "--explain", account, "--feature", "arr")
    assert told.returncode == 0
    assert "large_deal: " in told.stdout


def test_the_catalogue_lists_it(walked: Walked, tmp_path: Path) -> None:
    written_for(walked.settings, tmp_path)
    assert "| `large_deal` | " in "".join(one.read_text("utf-8") for one in tmp_path.iterdir())


def test_the_page_names_every_argument_of_a_label() -> None:
    page = PAGE[PAGE.index("## Labels of your own") :]
    told = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert told == list(signature(target).parameters)
