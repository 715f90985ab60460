"""Without a model in use: an order where a baseline is clear of chance, and all that needs none."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from features.labels.targets import TARGETS
from models.dataset import feature_table
from models.lifecycle.fallback import Fallback
from models.store.scores import ScoreStore, StoredScore
from pipelines.cli.show import results
from pipelines.config.settings import Settings, load
from pipelines.delivery.crm.export import export
from pipelines.lifecycle.training_record import MEMORY
from pipelines.orchestration.weekly import weekly
from pipelines.report.report import report
from pipelines.scoring.score import score
from serving.schemas.scores import AccountScore
from serving.snapshot import responses
from tests.models.releases import publish
from tests.pipelines import trained

RANKS = Fallback("logistic", 0.71, 0.66, 0.75, 60)


def remember(settings: Settings, **fallbacks: Fallback) -> None:
    """Write what a training leaves that found no usable model."""
    outcomes = [
        {"target": name, "verdict": "no skill, use the rule", "why": "few", "version": None,
         "champion": False, "card": {}, "in_use": None, "notes": [],
         "fallback": fallbacks[name].as_dict() if name in fallbacks else None}
        for name in TARGETS
    ]  # fmt: skip
    cards = {o["target"]: {"verdict": o["verdict"], "why": o["why"]} for o in outcomes}
    content = {"digest": "", "release": None, "outcomes": outcomes, "targets": cards}
    settings.work.mkdir(parents=True, exist_ok=True)
    (settings.work / MEMORY).write_text(json.dumps(content))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return trained.company(tmp_path)


def stored(settings: Settings) -> list[StoredScore]:
    with closing(ScoreStore(settings.store_url)) as store:
        return store.all()


def test_accounts_are_ranked_and_nothing_is_said_of_probability_or_money(
    settings: Settings,
) -> None:
    remember(settings, upsell=RANKS)
    result = score(settings)
    assert (result.release_id, result.targets) == (None, [])
    assert (result.expected_expansion_arr, result.arr_at_risk) == (None, None)
    assert result.rankings == {"upsell": RANKS.as_dict()}
    scores = stored(settings)
    assert [s.rankings for s in scores] == [{"upsell": s.rank} for s in scores]
    assert {
        (s.expected_expansion_arr, s.net_expected_arr, len(s.probabilities)) for s in scores
    } == {(None, None, 0)}
    assert "no-models" in scores[0].scoring.scoring_id
    rows = feature_table.read(settings.feature_table).newest().set_index("account_id")
    use = rows["use_28d"]
    best = use[[s.account_id for s in scores[:40]]].mean()
    assert best > use.mean() + 0.5, "the more used come first"


def test_a_target_with_a_model_is_not_ranked_besides(settings: Settings) -> None:
    remember(settings, upsell=RANKS, churn=RANKS)
    table = feature_table.read(settings.feature_table)
    publish(settings.release_folder, {"churn": trained.model(table, "churn", version="3")}, {})
    result = score(settings)
    assert list(result.rankings) == ["upsell"]
    for one in stored(settings):
        assert set(one.probabilities) == {"churn"}
        assert one.rankings is not None
        assert set(one.rankings) == {"upsell"}


def test_nothing_clear_of_chance_leaves_accounts_by_their_arr(settings: Settings) -> None:
    remember(settings)
    score(settings)
    arr = [one.arr or 0.0 for one in stored(settings)]
    assert arr == sorted(arr, reverse=True)


def test_the_answer_names_what_ranks_and_how_good_it_is(settings: Settings) -> None:
    remember(settings, upsell=RANKS)
    score(settings)
    best = stored(settings)[0]
    answer = AccountScore.model_validate_json(
        responses.body(best) + b',"age_days":0,"stale":false}'
    )
    assert answer.versions.release_id is None
    (ranking,) = answer.rankings
    assert ranking.model_dump() == {
        "target": "upsell", "by": "logistic", "position": 1, "auc": 0.71, "auc_low": 0.66,
        "auc_high": 0.75,
    }  # fmt: skip


def test_the_terminal_says_so(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    remember(settings, upsell=RANKS)
    results.scored(score(settings))
    shown = " ".join(capsys.readouterr().out.split())
    assert "without a model: none is in use" in shown
    assert "upsell: ranked by a logistic regression, AUC 0.710 (0.660 to 0.750)" in shown
    assert "#1" in shown
    assert "expected expansion not known" in shown


def test_a_week_without_models_goes_to_its_end(
    finished_company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EXPANSION_STORE_URL", raising=False)
    shutil.copytree(finished_company, tmp_path / "own", symlinks=True)
    settings = load(tmp_path / "own" / "expansion.toml")
    shutil.rmtree(settings.release_folder)
    rule = Fallback("rule", 0.61, 0.55, 0.67, 40)
    remember(settings, upsell=rule)
    steps: dict[str, Any] = {step.name: step.summary for step in weekly(settings).steps}
    assert "no model in use" in steps["score"]
    assert list(steps) == [
        "check", "build", "score", "forecast", "monitor", "report", "deliver", "notify",
    ]  # fmt: skip
    page = Path(steps["report"]).read_text("utf-8")
    assert "Upsell: ranked by the simple rule" in page
    assert "AUC 0.61 (95 % interval: 0.55 to 0.67; 0.5 is random)" in page
    german = Path(report(settings, language="de").path).read_text("utf-8")
    assert "Upsell: Rangfolge nach der einfachen Regel" in german
    assert export(settings, "csv", None, None, dry_run=True).written > 0
    scores = stored(settings)
    assert any(one.decision for one in scores)
