"""The forecast as a verb: file and store alike, the same bytes again, words and ways out."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from features.errors import DataError
from models.common.files import write_atomically
from models.forecast.quarterly_panel import QUARTER
from models.forecast.retention import BANDS
from models.store.forecasts import ForecastStore
from pipelines.cli.app import app
from pipelines.config.settings import Settings, load
from pipelines.ingest.tables import ingest
from pipelines.scoring.nrr_forecast import panel_of, quarters_back
from tests.pipelines import small

TOML = """
[company]
name = "Example Software"
[data]
folder = "{source}"
[paths]
work = "work"
"""


@pytest.fixture(scope="module")
def company(simulated_company: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("forecast")
    (folder / "expansion.toml").write_text(TOML.format(source=simulated_company), "utf-8")
    settings = load(folder / "expansion.toml")
    ingest(settings)
    return settings


def forecast(settings: Settings, *arguments: str) -> Any:
    with contextlib.chdir(settings.work.parent):
        return CliRunner().invoke(app, ["forecast", *arguments])


@pytest.fixture(scope="module")
def document(company: Settings) -> dict[str, Any]:
    """What the verb prints as JSON."""
    done = forecast(company, "--json")
    assert done.exit_code == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    told: dict[str, Any] = json.loads(done.stdout)
    assert told.pop("path") == str(company.forecast_file)
    return told


def test_what_is_printed_lies_in_the_file_and_in_the_store(
    company: Settings, document: dict[str, Any]
) -> None:
    assert json.loads(company.forecast_file.read_text("utf-8")) == document
    store = ForecastStore(company.store_url)
    newest = store.newest()
    store.close()
    assert newest is not None
    assert newest.document == document
    assert (str(newest.as_of), newest.data_fingerprint) == (
        document["origin"],
        document["data_fingerprint"],
    )


def test_the_document_is_complete(document: dict[str, Any]) -> None:
    assert document["origin"] == "2026-08-03"
    assert document["days"] == 364
    assert document["currency"] == "EUR"
    assert len(document["bands"]) == len(BANDS)
    parts = sum(part["value"] for part in document["parts"].values())
    assert document["nrr"]["value"] == pytest.approx(1 + parts)
    assert 0.5 < document["grr"]["value"] < document["nrr"]["value"] < 2
    assert 0 < document["arr_won"] < document["arr"]
    tried = document["backtest"]
    assert tried["origins"] == len(tried["trials"]) >= 3
    assert tried["trials"][-1]["origin"] == "2025-08-04"
    assert document["nrr_last_year"] == pytest.approx(tried["trials"][-1]["nrr"]["came"])
    assert 0 <= tried["coverage"]["grr"]["95"] <= 1


def test_run_again_a_person_reads_the_same_and_nothing_is_added(
    company: Settings, document: dict[str, Any]
) -> None:
    before = company.forecast_file.read_bytes()
    done = forecast(company)
    assert done.exit_code == 0
    for words in (
        "Example Software: NRR 1",
        "80 % interval: ",
        "of it won in the past year",
        "signed increases",
        "forecast churn",
        "NRR bands: ",
        "Backtest: in ",
        "('same as last year': ",
    ):
        assert words in done.stdout
    assert done.stdout.count("[") == 1, "one band is marked"
    assert company.forecast_file.read_bytes() == before
    store = ForecastStore(company.store_url)
    assert [one.document for one in store.history()] == [document]
    store.close()


def test_a_store_that_says_no_leaves_the_file_as_it_was(
    company: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomically(company.forecast_file, "the forecast before")
    monkeypatch.setattr("pipelines.scoring.nrr_forecast.FUTURES_BACK", 20)
    monkeypatch.setenv("EXPANSION_STORE_URL", f"sqlite:///{company.work}")
    done = forecast(company, "--json")
    assert done.exit_code == 3
    assert "the database at" in json.loads(done.stdout)["error"][0]
    assert company.forecast_file.read_text("utf-8") == "the forecast before"


def test_without_tables_without_history_and_without_customers_there_is_a_way_out(
    tmp_path: Path,
) -> None:
    settings = small.company(tmp_path, '[paths]\nwork = "work"\n')
    assert forecast(settings).exit_code == 1
    manifest = ingest(settings)
    young = forecast(settings, "--json")
    assert young.exit_code == 1
    assert "full quarters of subscriptions lie before" in json.loads(young.stdout)["error"][0]
    with pytest.raises(DataError, match="no line starts before 2024-01-01"):
        panel_of(settings, replace(manifest, data_through="2024-01-01"))


def test_quarters_go_back_from_the_day_the_data_ends() -> None:
    through = date(2026, 8, 3)
    days = quarters_back(through, through - 3 * QUARTER)
    assert days == [through - 2 * QUARTER, through - QUARTER, through]
    assert len(quarters_back(through, date(1990, 1, 1))) == 41
