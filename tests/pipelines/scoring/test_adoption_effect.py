"""The journey as a verb: the simulated company's planted effect, files, words and the way out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.errors import DataError
from pipelines.cli.show.adoption import journey
from pipelines.config.settings import Settings, load
from pipelines.ingest.tables import ingest
from pipelines.scoring.adoption_effect import JourneyResult, analyse
from tests.pipelines import small


@pytest.fixture(scope="module")
def company(simulated_company: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("journey")
    (folder / "expansion.toml").write_text(f'[data]\nfolder = "{simulated_company}"\n', "utf-8")
    settings = load(folder / "expansion.toml")
    ingest(settings)
    return settings


@pytest.fixture(scope="module")
def result(company: Settings) -> JourneyResult:
    return analyse(company)


def test_the_simulated_early_adopters_grow_and_stay(result: JourneyResult) -> None:
    """In the simulated company no upsell comes without a first outcome in the first 90 days."""
    found = {
        (one.day, one.step, one.outcome): one for one in result.comparisons if one.cohort == "all"
    }
    upsell = found[90, "first_outcome", "upsell"]
    assert upsell.difference.low > 0
    assert upsell.adjusted is not None
    assert upsell.adjusted.low > 0
    assert found[90, "first_outcome", "retention"].difference.value > 0


def test_the_longer_a_day_lies_off_the_fewer_have_been_observed(result: JourneyResult) -> None:
    counted = {
        one.day: one.reached + one.open
        for one in result.comparisons
        if (one.cohort, one.step, one.outcome) == ("all", "first_outcome", "upsell")
    }
    assert list(counted) == [30, 60, 90, 180, 270, 360]
    assert list(counted.values()) == sorted(counted.values(), reverse=True)
    assert max(counted.values()) <= result.accounts


def test_table_and_plot_are_written_and_the_same_again(
    company: Settings, result: JourneyResult, tmp_path: Path
) -> None:
    again = analyse(company, tmp_path)
    assert again.comparisons == result.comparisons
    for first, second in zip(result.files, again.files, strict=True):
        assert Path(first).read_bytes() == Path(second).read_bytes()
    table = pd.read_csv(result.files[0])
    assert len(table) == len(result.comparisons) == len(result.as_dict()["comparisons"])
    assert Path(result.files[1]).read_bytes().startswith(b"\x89PNG")


def test_the_words_say_that_it_proves_nothing(
    result: JourneyResult, capsys: pytest.CaptureFixture[str]
) -> None:
    journey(result)
    told = capsys.readouterr().out
    assert "associations, not effects" in told
    assert "first outcome" in told
    journey(result, by="1999 H1")
    assert "There is no cohort '1999 H1'. Available: 20" in capsys.readouterr().out


def test_a_company_too_young_is_told_so(tmp_path: Path) -> None:
    settings = small.company(tmp_path)
    ingest(settings)
    with pytest.raises(DataError, match="no account can be compared yet"):
        analyse(settings)
