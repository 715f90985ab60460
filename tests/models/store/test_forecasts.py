"""Forecasts in the store: the newest day, one a day, and none where none was written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from features.errors import DataError
from models.store.forecasts import ForecastStore, StoredForecast
from models.store.scores import ScoreStore
from tests.models.stored import account, scoring

MADE = datetime(2026, 8, 4, 6, 30)  # noqa: DTZ001 (the store holds naive UTC)


def made(**changes: Any) -> StoredForecast:
    """Return a forecast, with what the test is about changed."""
    known: dict[str, Any] = {
        "as_of": date(2026, 8, 3),
        "data_fingerprint": "f" * 64,
        "created_at": MADE,
        "document": {"nrr": {"value": 1.12}, "company": "Exämple"},
    }
    return StoredForecast(**{**known, **changes})


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/scores.db"


@pytest.fixture
def store(url: str) -> Iterator[ForecastStore]:
    opened = ForecastStore(url)
    yield opened
    opened.close()


def test_a_store_of_scores_alone_has_no_forecast(url: str, store: ForecastStore) -> None:
    scores = ScoreStore(url)
    scores.write(scoring(), [account(1)])
    assert store.newest() is None
    assert store.history() == []
    store.write(made())
    assert scores.newest() == scoring()
    scores.close()


def test_what_was_written_is_read_as_it_was(store: ForecastStore) -> None:
    store.write(made())
    assert store.newest() == made()


def test_the_newest_is_that_of_the_newest_day(store: ForecastStore) -> None:
    store.write(made())
    store.write(made(as_of=date(2026, 5, 4), created_at=datetime(2026, 9, 1)))  # noqa: DTZ001
    assert store.newest() == made()
    assert [one.as_of.month for one in store.history()] == [5, 8]


def test_the_same_data_give_one_forecast_and_mended_data_the_one_that_counts(
    store: ForecastStore,
) -> None:
    later = made(created_at=datetime(2026, 8, 5))  # noqa: DTZ001
    mended = made(data_fingerprint="e" * 64, created_at=datetime(2026, 8, 6))  # noqa: DTZ001
    for one in (made(), later):
        store.write(one)
    assert store.history() == [later]
    store.write(mended)
    assert store.history() == [mended]


def test_a_figure_that_is_no_number_leaves_what_was_there(store: ForecastStore) -> None:
    store.write(made())
    with pytest.raises(DataError, match="nan"):
        store.write(made(document={"nrr": float("nan")}))
    assert store.history() == [made()]
