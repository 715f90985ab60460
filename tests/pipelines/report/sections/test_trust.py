"""Forecast accuracy: a model that forecasts double the actuals is named, chance is not."""

from dataclasses import replace

import pytest

from models.release.card import Card, ReliabilityBin
from pipelines.report.sections.trust import promise
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
def test_a_broken_promise_is_told_in_tens(
    bins: list[tuple[float, float, int]], sentence: str
) -> None:
    told = promise(card(*bins))
    assert told is not None
    assert not told.kept
    assert told.sentence(CATALOGUES["en"], "churn") == sentence


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
def test_a_promise_is_kept_as_far_as_one_can_tell(bins: list[tuple[float, float, int]]) -> None:
    told = promise(card(*bins))
    assert told is not None
    assert told.kept


@pytest.mark.parametrize("stored", [None, card(), card((0.0, 0.0, 100))])
def test_without_a_test_nothing_was_promised(stored: Card | None) -> None:
    assert promise(stored) is None
