"""The weekly page: what it says, that it is safe, and that it needs nothing but itself."""

import json
import re
from dataclasses import asdict, replace
from datetime import datetime
from math import nan
from pathlib import Path
from typing import Any

import pytest

from features.errors import DataError
from models.i18n.number_format import Figures
from models.plays.prioritisation import Decision
from models.release.card import Card, NotTrained
from models.statistics.interval import Interval
from pipelines.config.settings import Settings, load
from pipelines.report import pdf
from pipelines.report.inputs import Inputs, gather
from pipelines.report.report import ReportResult, contents, render, report
from pipelines.report.sections.csm_lists import follow_up
from pipelines.report.sections.models import standing
from pipelines.report.texts import CATALOGUES
from tests.pipelines import weekly

ALL = dict.fromkeys(("upsell", "cross_sell", "downsell", "churn"), weekly.CARD)
ENGLISH = CATALOGUES["en"]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return weekly.work(tmp_path_factory.mktemp("weekly"), ALL)


@pytest.fixture(scope="module")
def page(company: Settings) -> str:
    return page_of(company)


def page_of(settings: Settings, inputs: Inputs | None = None, language: str = "en") -> str:
    words = CATALOGUES[language]
    return render(contents(settings, inputs or gather(settings), words), words)


@pytest.fixture(scope="module")
def written(company: Settings) -> ReportResult:
    return report(company)


def text(page: str) -> str:
    """Return the page's words, without style and tags."""
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ")


def test_report_writes_one_page(written: ReportResult, company: Settings) -> None:
    folder = company.report_folder / "2026-08-03"
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["index.html", *([] if pdf.missing() else ["report.pdf"]), "summary.json"]
    assert written.path == str(folder / "index.html")
    assert written.accounts == weekly.ACCOUNTS
    assert written.size_kb < 1000
    assert (written.light, written.answer) == ("ok", "Yes")
    assert json.loads(json.dumps(asdict(written))) == asdict(written)


def test_same_data_same_page(written: ReportResult, company: Settings) -> None:
    first = Path(written.path).read_bytes()
    report(company)
    assert Path(written.path).read_bytes() == first


def test_the_page_asks_nobody_for_anything(page: str) -> None:
    assert "http" not in page
    assert "url(" not in page
    assert "<script" not in page
    assert set(re.findall(r'src="([^"]*)"', page)) == set()


def test_names_cannot_become_markup(page: str) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in page
    assert "Small &amp; Co" in page


def test_every_link_leads_somewhere(page: str) -> None:
    ids = re.findall(r'id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(ids)
    assert '<html lang="en">' in page


def test_the_figures_add_up(page: str) -> None:
    told = text(page)
    assert "Accounts 250" in told
    assert "ARR 2.5 m EUR" in told
    assert "Expected expansion ARR 219 k 8.7 % of ARR in 91 days" in told
    assert "ARR at risk 31 k 1.3 % of ARR in 91 days" in told


def test_lists_are_in_order_of_money(page: str) -> None:
    told = text(page)
    growing, risky = told.index("Next-best accounts"), told.index("Accounts at risk")
    assert growing < told.index("Account 002", growing) < told.index("Account 003", growing) < risky
    assert told.index("Account 250", risky) < told.index("Account 249", risky)
    assert "13 more accounts" in told
    assert told.index("998 net +996", growing) < risky < told.index("250 net +500", risky)


def test_each_csm_has_a_list_of_what_to_do(page: str) -> None:
    told = text(page)
    assert "csm-2 1 account, 998 ARR in play 1 × Expand" in told
    assert "Expand Offer 2 &amp; more. Expand waits: &lt;b&gt;ticket." in told
    assert "In cooldown: 1 account. In the control group: 1 account." in told
    assert "Worth outreach, but beyond capacity: 245 accounts." in told
    lists = told.index("What to do this week"), told.index("Next-best accounts")
    assert lists[0] < told.index("1. &lt;script&gt;") < lists[1]


@pytest.mark.parametrize(
    ("words", "why", "second", "told"),
    [
        ("2 tickets open: fix.", "Expand waits: 2 tickets open", "expand", "Expand waits."),
        (
            "No talk.",
            "Expand is no play: 6 seats signed",
            None,
            "Expand is no play: 6 seats signed.",
        ),
        ("Offer.", "", "cross_sell", "Next best play: Cross-sell."),
        (
            "Fix.",
            "Expand waits: fix",
            "drive_adoption",
            "Expand waits. Next best play: Drive adoption.",
        ),
        ("Offer.", "", None, ""),
    ],
)
def test_beside_a_play_nothing_is_said_twice(
    company: Settings, words: str, why: str, second: str | None, told: str
) -> None:
    one = gather(company).scores[0]
    decision = Decision("expand", words, why, second, 1.0)
    assert follow_up(replace(one, decision=decision), ENGLISH) == told


def test_a_scoring_from_before_there_were_decisions_has_no_lists(company: Settings) -> None:
    inputs = gather(company)
    old = tuple(replace(one, decision=None) for one in inputs.scores)
    told = text(page_of(company, replace(inputs, scores=old)))
    assert "What to do this week" not in told
    assert "Next-best accounts" in told


def test_reasons_are_of_the_likelier_outcome_and_say_something(page: str) -> None:
    told = text(page)
    assert "Upsell People active: 2 Seats unused: 40" in told
    assert "Downsell Use falls" in told
    assert "No news" not in told


def test_chances_too_small_to_round_are_not_nothing(page: str) -> None:
    assert "&lt; 1 %" in text(page)


def test_accounts_without_a_csm_are_not_lost(page: str) -> None:
    assert "No CSM assigned 1 10 k 996 4" in text(page)


def test_alarms_name_who_needs_a_look(page: str) -> None:
    told = text(page)
    assert "Champion alerts: 1" in told
    assert "1 champion leaving; 2 active champions" in told
    assert "Overselling: 1" in told
    assert "only 20 % of" in told
    assert "First 90 days: 1" in told
    assert "day 40, no usage yet, low early usage" in told


def test_models_stand_beside_what_one_would_do_without_them(page: str) -> None:
    told = text(page)
    assert "about as good as logistic regression" in told
    assert "People active, last 28 days" in told
    assert "0.81 (0.77 to 0.85)" in told
    assert page.count('<svg viewBox="0 0 460') == 4


def test_all_well_is_told_so(page: str) -> None:
    told = text(page)
    assert "numbers? Yes." in told
    assert "Complete up to 2 August 2026, scored 1 day later." in told


def leads(low: float) -> dict[str, Any]:
    rule = {**weekly.CARD["baselines"]["rule"], "lead": {"value": 0.1, "low": low, "high": 0.2}}
    return {**weekly.CARD, "baselines": {**weekly.CARD["baselines"], "rule": rule}}


@pytest.mark.parametrize(
    ("cards", "changes", "answer", "why"),
    [
        ({**ALL, "churn": leads(-0.01)}, {}, "With caution", "but not significantly: churn"),
        ({"upsell": weekly.CARD}, {}, "With caution", "Not proven"),
        ({"churn": weekly.CARD}, {}, "Not yet", "Not proven"),
        ({}, {}, "Not yet", "No model trained"),
        (ALL, {"created_at": datetime(2026, 9, 3)}, "With caution", "was 31 days old"),  # noqa: DTZ001
        (ALL, {"data_fingerprint": "other"}, "With caution", "Score again"),
    ],
)
def test_doubts_are_told_first(
    tmp_path: Path, cards: dict[str, Any], changes: dict[str, Any], answer: str, why: str
) -> None:
    told = text(page_of(weekly.work(tmp_path, cards, **changes)))
    assert f"numbers? {answer}." in told
    assert why in told


def test_a_target_without_release_shows_the_verdict_of_its_training(tmp_path: Path) -> None:
    settings = weekly.work(tmp_path, {"upsell": weekly.CARD})
    refused = {"verdict": "no skill, use the rule", "skill": False, "why": "12 outcomes, too few"}
    (settings.work / "training.json").write_text(json.dumps({"targets": {"churn": refused}}))
    told = text(page_of(settings))
    assert "Churn Not useful, use the simple rule 12 outcomes, too few." in told


def test_nothing_scored_says_what_to_do(tmp_path: Path) -> None:
    config = tmp_path / "company.toml"
    config.write_text('[paths]\nwork = "var"\n')
    with pytest.raises(DataError, match="expansion score"):
        report(load(config))


def test_another_days_features_say_what_to_do(tmp_path: Path) -> None:
    settings = weekly.work(tmp_path, ALL, as_of=weekly.AS_OF.replace(day=2))
    with pytest.raises(DataError, match="expansion build"):
        gather(settings)


def test_standing_goes_by_the_interval_of_the_lead() -> None:
    assert standing(Card.from_json(weekly.CARD), ENGLISH) == (
        "Clearly better than the best single feature and the simple rule; "
        "about as good as logistic regression."
    )
    assert standing(NotTrained("too few outcomes", "too few"), ENGLISH) == "too few."
    assert standing(None, ENGLISH) == ""


def test_figures_are_written_as_people_write_them() -> None:
    def plain(told: str) -> str:
        return told.replace("\u00a0", " ")

    f = Figures("en")
    told = [plain(f.short(value)) for value in (None, 0.0, 950, 999_600, 24_512_000, 3.1e9)]
    assert told == ["–", "0", "950", "1.0 m", "24.5 m", "3.1 bn"]
    assert [plain(f.percent(value)) for value in (None, 0.0, 0.001, 0.226)] == [
        "–", "0 %", "< 1 %", "23 %",
    ]  # fmt: skip
    assert f.day(weekly.AS_OF) == "3 August 2026"
    assert f.interval(Interval(0.8, nan, nan)) == "0.80"
    assert f.interval(Interval(0.8, 0.7, 0.9)) == "0.80 (0.70 to 0.90)"
    german = Figures("de")
    assert plain(german.short_signed(-24_512_000)) == "−24,5 Mio."
    assert german.interval(Interval(0.8, 0.7, 0.9)) == "0,80 (0,70 bis 0,90)"
    assert german.day(weekly.AS_OF) == "3. August 2026"
