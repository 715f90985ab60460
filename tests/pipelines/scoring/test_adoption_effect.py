"""The journey as a verb: the simulated company's planted effect, files, words and the way out."""

from __future__ import annotations

from datetime import date, timedelta
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


START = date(2022, 1, 3)
OLD = date(2024, 4, 30)
"""A day on which the year of every account is over."""


def refusal(
    folder: Path,
    *,
    until: date = OLD,
    known: date | None = None,
    ended: date | None = None,
    **tables: str,
) -> str:
    """Return why two accounts that started on ``START`` cannot be compared."""
    lines = "".join(
        f"s{account},{account},core,{START},{ended or ''},{ended or ''},5,100,EUR,{START},"
        f"{known or START}\n"
        for account in ("a1", "a2")
    )
    usage = "".join(
        f"{account},core,search,{day},3,2,{day}\n"
        for account in ("a1", "a2")
        for day in sorted({START, START + timedelta(days=20), until})
    )
    header = {name: text.strip().split("\n", 1)[0] for name, text in small.TABLES.items()}
    accounts = "".join(f"{account},Example,{START},{START}\n" for account in ("a1", "a2"))
    settings = small.company(
        folder,
        f"[company]\ndata_through = {until + timedelta(days=1)}\n"
        '[rules]\n"usage_daily.within_subscription" = "accept"\n',
        accounts=f"{header['accounts']}\n{accounts}",
        subscriptions=f"{header['subscriptions']}\n{lines}",
        usage_daily=f"{header['usage_daily']}\n{usage}",
        **tables,
    )
    ingest(settings)
    with pytest.raises(DataError) as error:
        analyse(settings)
    return "\n".join(error.value.problems)


MILESTONES = "account_id,milestone,reached_on,known_at\n"


def test_a_company_too_young_is_told_when_its_first_account_is_old_enough(tmp_path: Path) -> None:
    young = refusal(tmp_path, until=START + timedelta(days=20))
    assert "no account is 30 days old yet: the first known start" in young
    assert "is 2022-01-03" in young
    assert "ends before 2022-01-24" in young
    followed = refusal(tmp_path, until=START + timedelta(days=300))
    assert "no account has been followed for a year" in followed
    assert "the age of 30 days was so on 2022-02-02; its year is complete on 2023-03-05" in followed
    assert "ends before 2022-10-31" in followed


def test_accounts_known_long_after_their_start_are_told_the_load_date(tmp_path: Path) -> None:
    late = refusal(tmp_path, known=date(2024, 1, 2))
    assert "of 2 accounts, none was known within 360 days of its start" in late
    assert "subscriptions.known_at begins on 2024-01-02" in late
    assert "signed_on" in late


def test_accounts_that_left_at_once_are_told_so(tmp_path: Path) -> None:
    left = refusal(tmp_path, ended=START + timedelta(days=10))
    assert "none was still a customer 30 days after its start" in left


def test_steps_that_part_nobody_are_told_each_with_its_reason(tmp_path: Path) -> None:
    nothing = refusal(tmp_path)
    assert "2 accounts were followed for a year, but no step has accounts" in nothing
    assert "usage begun: all of these accounts had reached it within 30 days" in nothing
    assert "half activated: the table users is not provided" in nothing
    assert "first outcome: the table milestones is not provided" in nothing
    day = START + timedelta(days=40)
    reached = "".join(
        f"{a},kickoff,{START},{START}\n{a},broad_rollout,{day},{day}\n" for a in ("a1", "a2")
    )
    steps = refusal(tmp_path, milestones=MILESTONES + reached)
    assert "first outcome: none of these accounts reached it within 360 days" in steps
    assert "broad rollout: at each age, all of these accounts had reached it, or none" in steps
    late = refusal(tmp_path, milestones=f"{MILESTONES}a1,first_outcome,2024-02-01,2024-02-01\n")
    assert "first outcome: milestones.reached_on begins on 2024-02-01, after the last" in late
    empty = refusal(tmp_path, milestones=MILESTONES)
    assert "first outcome: the table milestones has no rows" in empty
