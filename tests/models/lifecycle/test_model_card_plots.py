from __future__ import annotations

import json

import pytest

from models.lifecycle.model_card import flat_metrics, markdown
from models.lifecycle.model_card_plots import pictures
from models.release.card import Card
from tests.support import cards

AUC = {"value": 0.81, "low": 0.77, "high": 0.85}
UNKNOWN = {"value": 0.5, "low": None, "high": None}


@pytest.fixture
def card() -> Card:
    return cards.card(
        target="upsell",
        verdict="skill",
        why="AUC is above chance and simple rules",
        split="fitted on then, tested on now",
        amount={"method": "typical", "share": 0.25},
        metrics={"auc": AUC, "lift_10": UNKNOWN},
        baselines={"rule": {"name": "practitioner's rule", "auc": AUC, "lead": AUC, "brier": None}},
        calibration={"method": "sigmoid", "a": 1.0, "b": 0.0},
        reached=[{"at": "first 10 %", "accounts": 30, "outcomes": AUC, "lift": AUC, "arr": None}],
        slices=[
            {
                "by": "segment",
                "name": "mid",
                "rows": 900,
                "accounts": 200,
                "positives": 20,
                "auc": UNKNOWN,
                "predicted": 0.1,
                "base_rate": 0.12,
                "small": True,
            },
        ],
        walk=[{"first": "2026-01-05", "last": "2026-02-02", "rows": 9, "positives": 1, "auc": AUC}],
        importance={
            "weights": [
                {"feature": "use", "group": "usage", "description": "Use", "share": 0.7},
                {"feature": "plan", "group": "commercial", "description": "Plan", "share": 0.3},
            ],
            "curves": [
                {
                    "feature": "use_28d",
                    "description": "Use, last 28 days",
                    "value": [0.1, 0.9],
                    "effect": [-0.4, 0.5],
                    "low": [-0.6, 0.2],
                    "high": [-0.1, 0.8],
                },
                {
                    "feature": "plan",
                    "description": "Plan",
                    "value": ["basic", "pro"],
                    "effect": [-0.1, 0.2],
                    "low": [-0.2, 0.1],
                    "high": [0.0, 0.3],
                },
            ],
        },
        held_out={"fitted_on": AUC, "held_out": AUC, "accounts": 60},
        reliability=[{"predicted": n / 10, "observed": n / 12, "n": 150} for n in range(10)],
    )


def test_every_known_figure_is_a_number_of_the_run(card: Card) -> None:
    found = flat_metrics(card)
    assert (found["auc"], found["auc_low"], found["auc_high"]) == (0.81, 0.77, 0.85)
    assert (found["rule_auc"], found["base_rate"], found["test_positives"]) == (0.81, 0.1, 200)
    assert "lift_10_low" not in found


def test_the_page_says_the_verdict_and_every_figure(card: Card) -> None:
    page = markdown(card)
    for told in (
        "**skill**: AUC is above chance",
        "1,500 rows of 300 accounts, 200 outcomes (10.0 %)",
        "| practitioner's rule | 0.810 [0.770, 0.850] | not known |",
        "| lift_10 | not known |",
        "worth 25 % of the account's ARR",
    ):
        assert told in page


def test_pictures_are_the_same_bytes_each_time(card: Card) -> None:
    drawn = pictures(card)
    names = ("dependence", "importance", "lift", "reliability", "rivals", "slices")
    assert sorted(drawn) == [f"{name}.png" for name in names]
    assert all(content.startswith(b"\x89PNG") for content in drawn.values())
    assert pictures(Card.from_json(json.loads(json.dumps(card.to_json())))) == drawn
