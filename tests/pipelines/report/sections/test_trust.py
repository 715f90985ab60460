"""Forecast accuracy: a model that forecasts double the actuals is named, chance is not."""

from dataclasses import replace

import pytest

from models.release.card import Card, ReliabilityBin
from pipelines.report.sections.trust import forecast_accuracy
from pipelines.report.texts import CATALOGUES
from tests.support import cards


def card(*bins: tuple[float, float, int]) -> Card:
    return replace(cards.card(), reliability=tuple(ReliabilityBin(*tenth) for tenth in bins))


@pytest.mark.parametrize(
    ("bins", "sentence"),
    [
        (
            [(0.1, 0.05, 2000), (0.3, 0.15, 2000)],
            "churn forecast too high (5 actual per 10 forecast)",
        ),
        ([(0.1, 0.2, 2000)], "churn forecast too low (20 actual per 10 forecast)"),
    ],
    ids=["half came", "double came"],
)
def test_a_missed_forecast_is_reported_in_tens(
    bins: list[tuple[float, float, int]], sentence: str
) -> None:
    accuracy = forecast_accuracy(card(*bins))
    assert accuracy is not None
    assert not accuracy.is_met
    assert accuracy.sentence(CATALOGUES["en"], "churn") == sentence


@pytest.mark.parametrize(
    "bins",
    [
        [(0.05, 0.1, 2000), (0.3, 0.25, 2000)],  # off both ways: the sum is right
        [(0.1, 0.08, 20_000)],  # clear of chance, and too small to matter
        [(0.1, 0.05, 100)],  # 5 for 10: nobody can tell
        [(0.1, 0.0, 50)],
    ],
    ids=["the sum", "a small gap", "few outcomes", "no outcome"],
)
def test_a_forecast_is_met_unless_chance_cannot_explain_it(
    bins: list[tuple[float, float, int]],
) -> None:
    accuracy = forecast_accuracy(card(*bins))
    assert accuracy is not None
    assert accuracy.is_met


@pytest.mark.parametrize("stored", [None, card(), card((0.0, 0.0, 100))])
def test_without_a_test_there_is_no_forecast_accuracy(stored: Card | None) -> None:
    assert forecast_accuracy(stored) is None
