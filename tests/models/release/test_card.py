"""The card of a release: read and written byte for byte, old and new ones alike."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isnan, nan
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from models.release.card import Card, rounded
from models.release.model_files import as_json
from models.statistics.interval import Interval

STORED = Path(__file__).with_name("card.json").read_text("utf-8")
"""The card of a release of the demo company, as it was written before cards were a type."""


def without(*path: str) -> dict[str, Any]:
    """Return the stored card without the key that ``path`` leads to."""
    stored: dict[str, Any] = json.loads(STORED)
    inner = stored
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return stored


def test_a_card_is_written_byte_for_byte_as_it_was_read() -> None:
    assert as_json(Card.from_json(json.loads(STORED)).to_json()) == STORED


def test_its_figures_are_attributes() -> None:
    card = Card.from_json(json.loads(STORED))
    assert (card.target, card.version, card.format) == ("upsell", "1", 2)
    assert card.metrics["auc"] == Interval(0.81849, 0.786917, 0.847386)
    assert card.baselines["logistic"].lead.low == -0.025011
    assert card.baselines["rule"].brier is None
    assert str(card.trained.last) == "2025-11-24"
    assert card.trained.question is not None
    assert card.trained.question.column == "upsell_next_91d"
    assert card.amount.nearer is not None
    assert card.reliability[0].rows == 403
    assert card.importance.curves[0].value[0] < card.importance.curves[0].value[-1]


@pytest.mark.parametrize(
    "path",
    [("excludes",), ("version",), ("format",), ("trained", "question"), ("amount", "nearer"),
     ("calibration", "log_loss")],
)  # fmt: skip
def test_a_card_from_before_a_key_is_read_and_written_as_it_was(path: tuple[str, ...]) -> None:
    stored = without(*path)
    assert Card.from_json(stored).to_json() == stored


def test_a_key_that_a_newer_version_added_is_left_out() -> None:
    stored = json.loads(STORED)
    newer = {**stored, "fairness": 1, "test": {**stored["test"], "weeks": 6}}
    assert Card.from_json(newer) == Card.from_json(stored)


@pytest.mark.parametrize("path", [("metrics",), ("baselines", "rule", "lead"), ("test", "to")])
def test_a_card_that_lacks_what_all_have_is_refused_by_the_key(path: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        Card.from_json(without(*path))
    assert [problem["loc"] for problem in caught.value.errors()] == [path]


def test_a_figure_that_no_row_tells_is_null_in_json() -> None:
    card = Card.from_json(json.loads(STORED))
    unknown = replace(card, metrics={"auc": Interval(nan, nan, nan)})
    stored = json.loads(as_json(unknown.to_json()))
    assert stored["metrics"]["auc"] == {"value": None, "low": None, "high": None}
    assert isnan(Card.from_json(stored).metrics["auc"].low)


def test_figures_are_rounded_however_nested() -> None:
    interval = Interval(1 / 3, nan, 2.0)
    figures = rounded({"auc": interval, "names": ("a", 1 / 3), "rows": 7})
    assert figures["auc"].value == 0.333333
    assert isnan(figures["auc"].low)
    assert (figures["names"], figures["rows"]) == (("a", 0.333333), 7)
