"""Seat demand on its way from the feature table to the store; what is lacking is told, no error."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from models.dataset.feature_table import FeatureTable
from models.store.forecasts import ForecastStore, StoredForecast
from models.training.boosting import Params
from pipelines.cli.show.forecast import seats
from pipelines.config.settings import Settings
from pipelines.scoring.seat_forecast import SeatsResult, forecast_seats
from tests.models.seats import seats_table
from tests.pipelines import trained

SAME, OTHER = "f" * 64, "e" * 64
PARAMS = Params(seed=7, threads=2)


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return seats_table()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return trained.settings_in(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def found(settings: Settings, table: FeatureTable) -> SeatsResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.dataset.feature_table.read", lambda _path: table)
        return forecast_seats(settings.feature_table, SAME, PARAMS)


def test_six_months_are_told_and_why_twelve_are_not(found: SeatsResult) -> None:
    assert [one.days for one in found.demands] == [182]
    assert len(found.lacking) == 1
    assert "bring a longer history" in found.lacking[0]
    told = found.as_dict()["demands"][0]
    accounts = found.demands[0].accounts
    assert told["totals"] == {"today": accounts["seats"].sum(), "middle": accounts["middle"].sum()}
    assert len(told["top"]) == 10
    more = [row["middle"] - row["seats"] for row in told["top"]]
    assert more == sorted(more, reverse=True)
    assert more[-1] > 0


def test_a_person_reads_who_grows_and_how_far_to_rely_on_it(
    found: SeatsResult, capsys: pytest.CaptureFixture[str]
) -> None:
    seats(found)
    told = capsys.readouterr().out
    assert "Licensed seats in 6 months, for accounts that stay" in told
    assert "% lower than 'no change'; the 80 % interval contained" in told
    today, middle = (f"{found.demands[0].totals[name]:,.0f}" for name in ("today", "middle"))
    assert f"500 accounts: {today} seats today, sum of the medians {middle}" in told
    assert "% of 1,500 actuals" in told


def test_the_store_gives_the_newest_demand_of_an_account(
    found: SeatsResult, tmp_path: Path
) -> None:
    store = ForecastStore(f"sqlite:///{tmp_path / 'scores.db'}")
    assert store.seats("a-0001") is None
    now = datetime.now(UTC).replace(tzinfo=None)
    for day in (date(2026, 1, 5), date(2026, 1, 12)):
        store.write(StoredForecast(day, "f" * 64, now, {}), found.rows())
    assert store.seats("nobody") is None
    given = store.seats("a-0001")
    assert given
    assert given.as_of == date(2026, 1, 12)
    assert [one.days for one in given.forecasts] == [182]
    expected = found.demands[0].accounts.set_index("account_id").loc["a-0001"]
    assert given.forecasts[0].middle == expected["middle"]
    store.close()


def test_without_a_feature_table_of_the_same_data_it_says_what_to_run(
    settings: Settings, table: FeatureTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "expansion build" in forecast_seats(settings.feature_table, SAME, PARAMS).lacking[0]
    monkeypatch.setattr("models.dataset.feature_table.read", lambda _path: table)
    assert (
        "was built from other data; run `expansion build`"
        in forecast_seats(settings.feature_table, OTHER, PARAMS).lacking[0]
    )
