from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models import card
from models.baselines import Rival
from models.evaluate import Evaluation, evaluate


def judged(label: np.ndarray) -> Evaluation:
    """Evaluate a rising score on one row an account, beside a rule that says the same."""
    score = np.linspace(0.1, 0.9, len(label))
    rows = pd.DataFrame({"account_id": np.arange(len(label))})
    rivals = {"rule": Rival("rule", lambda _rows: score)}
    return evaluate(rows, label, score, rivals, min_positives=1, seed=1)


def carded(evaluation: Evaluation) -> dict[str, Any]:
    day = "2026-01-05"
    parts: Any = SimpleNamespace(test=(day,), describe=lambda: "fitted on some days")
    fitted: Any = SimpleNamespace(split=parts, trees=20, calibration={"method": "none"})
    return card.card("upsell", evaluation, fitted, share=0.2, trained={})


def test_a_card_is_json_and_tells_its_figures() -> None:
    made = carded(judged((np.arange(40) % 3 > 0).astype(float)))
    json.dumps(made, allow_nan=False)
    told = card.markdown(made)
    assert f"| rule | {made['baselines']['rule']['auc']['value']:.3f} [" in told
    assert "worth 20 % of the account's ARR" in told
    flat = card.flat_metrics(made)
    assert flat["auc_low"] <= flat["auc"] <= flat["auc_high"]
    assert flat["test_rows"] == 40


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_class_only_is_told_as_not_known(outcome: float) -> None:
    made = carded(judged(np.full(40, outcome)))
    json.dumps(made, allow_nan=False)
    assert "auc" not in card.flat_metrics(made)
    assert "| this model | not known |" in card.markdown(made)
    pictures = card.pictures(made).values()
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
