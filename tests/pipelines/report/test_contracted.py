"""What is signed or announced on the weekly page, and what no model looks at, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from models.inference.contracted import Contracted
from models.plays.prioritisation import Decision
from pipelines.config.settings import Settings
from pipelines.delivery.message import summary_text
from pipelines.report.inputs import Inputs, gather
from pipelines.report.report import contents
from pipelines.report.sections.accounts import csms, totals
from pipelines.report.summary import read, summary, write
from pipelines.report.texts import CATALOGUES
from tests.pipelines import weekly
from tests.pipelines.report.test_report import ALL, page_of, text

END = date(2026, 9, 10)
LEAVES = Contracted(0.0, 0.0, 10_000.0, END, is_decided=True)
PART = Contracted(6_000.0, 0.0, 4_000.0, END, is_decided=False)
RAMP = Contracted(12_000.0, 2_000.0, 0.0, END, is_decided=False)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return weekly.work(tmp_path_factory.mktemp("weekly"), ALL)


@pytest.fixture(scope="module")
def inputs(company: Settings) -> Inputs:
    """Account 10 leaves, 11 gives up a part, 12 has a ramp; 13 has no known ARR."""
    gathered = gather(company)
    scores = {score.account_id: score for score in gathered.scores}
    play = Decision("win_back_or_wind_down", "Ends.", "", None, 10_000.0, "listed", place=2)
    changes = {
        "a010": {
            "contracted": LEAVES, "arr_at_risk": 10_000.0, "expected_expansion_arr": 0.0,
            "probabilities": {}, "decision": play, "rank": weekly.ACCOUNTS,
        },
        "a011": {"contracted": PART, "arr_at_risk": 4_007.0},
        "a012": {"contracted": RAMP},
        "a013": {"arr": None, "arr_at_risk": None, "expected_expansion_arr": None},
    }  # fmt: skip
    changed = [replace(one, **changes.get(name, {})) for name, one in scores.items()]
    return replace(gathered, scores=tuple(changed))


def section(page: str, start: str, end: str) -> str:
    return text(page).split(start, 1)[1].split(end, 1)[0]


def test_who_leaves_has_a_list_of_its_own_above_those_at_risk(
    company: Settings, inputs: Inputs
) -> None:
    page = page_of(company, inputs)
    leaving = section(page, "Leaving, notice given: 1", "At risk, no notice given")
    assert "Account 010" in leaving
    assert "Win back or wind down" in leaving
    assert "10 k 10 k 10 September 2026" in leaving
    at_risk = section(page, "At risk, no notice given", "Champion alerts")
    assert "Account 010" not in at_risk
    assert "4 k of which 4 k by notice" in at_risk
    best = section(page, "Ranked by expected expansion ARR", "Accounts at risk")
    assert "Account 010" not in best
    assert "988 plus 2 k signed net +3 k" in best
    german = page_of(company, inputs, "de")
    assert "Gekündigt: 1" in text(german)
    assert "Zurückgewinnen oder abwickeln" in text(german)
    assert "10. September 2026" in text(german)


def test_the_figures_say_what_they_contain(company: Settings, inputs: Inputs) -> None:
    told = text(page_of(company, inputs))
    assert "1 leaving, notice given" in told
    assert "of which 14 k by notice" in told
    assert "plus 2 k already signed" in told
    assert "1 account without a known ARR not included" in told
    german = text(page_of(company, inputs, "de"))
    assert "davon 14 Tsd. gekündigt" in german or "gekündigt" in german
    assert "ohne 1 Kunde, deren ARR nicht bekannt ist" in german


def test_totals_carry_their_interval_on_the_page_and_in_the_mail(
    company: Settings, inputs: Inputs
) -> None:
    worth = {"upsell": 3_000.0, "cross_sell": 1_000.0, "downsell": 2_000.0, "churn": 10_000.0}
    scores = tuple(
        replace(score, worth=worth if score.probabilities else {}) for score in inputs.scores
    )
    ranged = replace(inputs, scores=scores)
    sums = totals(ranged)
    assert sums.expansion_span is not None
    assert sums.expansion_span.low < sums.expansion_span.high
    for language, words in (("en", "80 % interval: "), ("de", "80-%-Intervall: ")):
        page = text(page_of(company, ranged, language))
        without = text(page_of(company, inputs, language))
        of_csms = 2 * len(csms(ranged))
        assert page.count(words) - without.count(words) == 2 + of_csms
        figures = summary(ranged, contents(company, ranged, CATALOGUES[language]), language)
        assert sum(words in line for _, line in summary_text(figures).lines) == 2


def test_every_list_shows_the_play(company: Settings, inputs: Inputs) -> None:
    page = page_of(company, inputs)
    champion = section(page, "Champion alerts: 1", "Overselling")
    assert "Account 001" not in champion  # its name is markup
    assert "Expand" in champion
    assert "Expand" in section(page, "Overselling: 1", "First 90 days")
    best = section(page, "Ranked by expected expansion ARR", "Accounts at risk")
    assert best.count("mid-market") == best.count(" Expand ") == 25
    assert "Expand waits: &lt;b&gt;ticket" in best


@pytest.mark.parametrize(
    ("models", "english", "german"),
    [
        (
            ("upsell", "cross_sell"),
            "without downsell, churn: no model in use",
            "ohne Downsell, Churn: kein Modell im Einsatz",
        ),
        (
            ("downsell", "churn"),
            "without upsell, cross-sell: no model in use",
            "ohne Upsell, Cross-Sell: kein Modell im Einsatz",
        ),
    ],
)
def test_what_no_model_looks_at_is_not_known(
    company: Settings, inputs: Inputs, models: tuple[str, ...], english: str, german: str
) -> None:
    nothing = {"arr_at_risk": None} if "upsell" in models else {"expected_expansion_arr": None}
    scores = tuple(replace(one, contracted=None, **nothing) for one in inputs.scores)
    scoring = replace(inputs.scoring, models=dict.fromkeys(models, 3))
    unknown = replace(inputs, scores=scores, scoring=scoring)
    page = text(page_of(company, unknown))
    assert english in page
    assert "not known" in page
    assert german in text(page_of(company, unknown, "de"))
    if "upsell" in models:
        assert "Expected losses are not known: no churn or downsell model is in use." in page


def test_the_summary_says_what_is_not_known_and_what_is_lost_by_notice(
    company: Settings, inputs: Inputs, tmp_path: Path
) -> None:
    scores = tuple(replace(one, expected_expansion_arr=None) for one in inputs.scores)
    scoring = replace(inputs.scoring, models={"churn": 3})
    unknown = replace(inputs, scores=scores, scoring=scoring)
    for language, not_known, notice in (
        ("en", "not known", "of which by notice"),
        ("de", "nicht bekannt", "davon gekündigt"),
    ):
        content = contents(company, unknown, CATALOGUES[language])
        told = summary(unknown, content, language)
        write(told, tmp_path)
        assert read(tmp_path) == told
        lines = dict(summary_text(told).lines)
        assert not_known in lines.values()
        assert lines[notice].startswith("14")
        assert any("Upsell, Cross-" in line for line in lines.values())
