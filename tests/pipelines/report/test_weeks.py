"""Two weeks side by side: what changed, what is left to sell, and what became of old forecasts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import DataError
from models.plays.prioritisation import Standing
from models.store.scores import ScoreStore
from pipelines.config.settings import Settings
from pipelines.monitoring.verdict import Finding, Verdict, write
from pipelines.report.inputs import gather
from pipelines.report.report import report
from pipelines.report.sections import track_record as track_record_module
from pipelines.report.sections.changes import changes
from pipelines.report.sections.track_record import checkable_from, list_records, track_record
from pipelines.report.sections.whitespace import whitespace
from tests.models import stored
from tests.pipelines import weekly
from tests.pipelines.report.test_report import ALL, page_of, text

BEFORE = weekly.AS_OF - timedelta(days=28)


@pytest.fixture(scope="module")
def two_weeks(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A company whose account 1 is new, 251 has gone, and 2 had another play a week ago."""
    settings = weekly.work(tmp_path_factory.mktemp("weeks"), ALL)
    scores = weekly.scores()
    other = replace(weekly.decision(2), play="drive_adoption")
    gone = replace(scores[0], account_id="a251", name="Gone & Co", rank=251)
    then = [replace(scores[1], decision=other), *scores[2:], gone]
    store = ScoreStore(settings.store_url)
    store.write(
        weekly.scoring(scoring_id="s0", as_of=BEFORE, models={"upsell": 2, "churn": 3}), then
    )
    store.close()
    return settings


def test_what_came_left_and_changed_is_told(two_weeks: Settings) -> None:
    found = changes(two_weeks, gather(two_weeks))
    assert found is not None
    assert found.since == BEFORE
    assert [one.account_id for one in found.added] == ["a001"]
    assert [one.name for one in found.dropped] == ["Gone & Co"]
    assert "No longer scored: <span>Gone &amp; Co</span>." in page_of(two_weeks)
    assert "<script" not in page_of(two_weeks)
    assert found.plays == ((("drive_adoption", "expand"), 1),)
    assert found.models == ("upsell", "cross_sell", "downsell")
    told = text(page_of(two_weeks))
    assert "What changed since 6 July 2026" in told
    assert "1 × Drive adoption → Expand" in told
    assert "New model version for: upsell, cross-sell, downsell." in told
    assert "are no longer stored" in told


def test_the_first_week_has_nothing_to_compare(two_weeks: Settings) -> None:
    first = gather(two_weeks, BEFORE)
    assert (first.scoring.scoring_id, first.is_newest) == ("s0", False)
    assert changes(two_weeks, first) is None
    assert "This is the first scoring" in text(page_of(two_weeks, replace(first, earlier=None)))


def test_any_day_names_its_week_and_others_are_told_which_there_are(two_weeks: Settings) -> None:
    assert gather(two_weeks, weekly.AS_OF + timedelta(days=6)).scoring.scoring_id == "s1"
    assert gather(two_weeks, BEFORE + timedelta(days=3)).scoring.scoring_id == "s0"
    for day in (BEFORE - timedelta(days=1), weekly.AS_OF + timedelta(days=7)):
        with pytest.raises(DataError, match="the newest scorings are of 2026-08-03, 2026-07-06"):
            gather(two_weeks, day)


def test_the_page_of_a_former_week_is_written_beside_the_newest(two_weeks: Settings) -> None:
    result = report(two_weeks, on=weekly.AS_OF, language="de")
    assert result.answer == "Ja"
    assert '<html lang="de">' in Path(result.path).read_text("utf-8")


def test_a_german_page_has_no_english_words(two_weeks: Settings) -> None:
    verdict = Verdict(
        weekly.AS_OF, "data_broken", "alarm",
        (
            Finding("data_broken", "alarm", "feed_stopped", "usage_daily",
                    {"weeks": 1, "now": 0, "usual": 1200}, weekly.AS_OF),
        ),
    )  # fmt: skip
    inputs = gather(two_weeks)
    page = page_of(two_weeks, replace(inputs, verdicts=(verdict,)), "de")
    page = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', "", page, flags=re.DOTALL)
    told = text(page)
    assert "Noch nicht" in told
    assert "usage_daily: " in told
    english = re.findall(r"\b(?:the|and|with|of|is|are|not|what|accounts|week)\b", told)
    assert english == []


def test_whitespace_is_people_without_a_seat_at_todays_price(two_weeks: Settings) -> None:
    inputs = gather(two_weeks)
    rows = {
        # account: people, without a seat, licensed, products left; all pay 10,000
        "a002": (100, 0.5, 50, 2),
        "a003": (400, 0.1, 20, 0),
        "a004": (100, -0.2, 120, None),
        "a005": (None, None, 10, 1),
    }
    frame = pd.DataFrame(
        [(name, *row) for name, row in rows.items()],
        columns=["account_id", "employees", "seats_whitespace_share", "seats_licensed",
                 "products_whitespace"],
    )  # fmt: skip
    found = whitespace(replace(inputs, newest=frame))
    assert [(one.score.account_id, one.people, one.arr) for one in found.accounts] == [
        ("a003", 40.0, 20_000.0),
        ("a002", 50.0, 10_000.0),
    ]
    [segment] = found.segments
    assert (segment.name, segment.accounts, segment.people) == ("mid-market", 3, 90.0)
    assert (segment.arr, segment.products) == (30_000.0, 2.0)
    assert found.unknown == 1
    nobody = tuple(
        replace(score, arr=None) if score.account_id == "a003" else score for score in inputs.scores
    )
    unpriced = whitespace(replace(inputs, newest=frame, scores=nobody))
    assert [(one.score.account_id, one.people, one.arr) for one in unpriced.accounts] == [
        ("a002", 50.0, 10_000.0),
        ("a003", 40.0, None),
    ]
    assert [segment.arr for segment in unpriced.segments] == [10_000.0]
    assert not whitespace(replace(inputs, newest=frame[["account_id"]])).has_data


def test_old_forecasts_wait_for_their_day_and_are_then_held_against_what_came(
    two_weeks: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = gather(two_weeks)
    assert track_record(two_weeks, inputs) is None
    assert checkable_from(inputs) == BEFORE + timedelta(days=122)
    assert "Available from 5 November 2026" in text(page_of(two_weeks, inputs))
    meta = {
        **inputs.meta,
        "targets": [
            {
                "name": name,
                "column": name,
                "amount_column": f"{name}_arr",
                "direction": direction,
                "mature_days": 7,
            }
            for name, direction in zip(ALL, "++--", strict=True)
        ],
    }
    came = pd.DataFrame(
        {name: [1.0, 0.0, None] for name in ALL}
        | {f"{name}_arr": [500.0, 0.0, None] for name in ALL},
        index=["a002", "a003", "a004"],
    )

    def outcomes(_settings: Settings, as_of: date) -> pd.DataFrame:
        assert as_of == BEFORE
        return came

    monkeypatch.setattr(track_record_module, "_actuals", outcomes)
    found = track_record(two_weeks, replace(inputs, meta=meta))
    assert found is not None
    upsell = found.outcomes[0]
    assert (upsell.target, upsell.accounts, upsell.actual) == ("upsell", 2, 1.0)
    assert upsell.expected == pytest.approx(0.6)
    assert found.expansion == (998.0 + 997.0 + 996.0, 1000.0)
    assert found.expansion_span is None  # of a scoring from before amounts were stored
    expansion, loss = found.lists
    assert (expansion.key, expansion.accounts, expansion.listed) == ("expansion", 2, 1.0)
    assert (loss.key, loss.lead.value) == ("loss", loss.listed - loss.by_arr)
    told = text(page_of(two_weeks, replace(inputs, meta=meta)))
    assert "What the scoring of 6 July 2026 forecast" in told
    assert "2 accounts on the lists of that week held 100 % of the expansion ARR" in told
    german = text(page_of(two_weeks, replace(inputs, meta=meta), "de"))
    assert "2 Kunden auf den Listen jener Woche: 100 % des Expansion-ARR" in german


def test_lists_are_held_against_as_many_accounts_of_the_most_arr() -> None:
    def scored(number: int, arr: float | None, standing: Standing) -> Any:
        decision = replace(weekly.decision(number), standing=standing)
        return stored.account(number, arr=arr, decision=decision)

    scores = [
        scored(1, 100.0, "listed"), scored(2, 900.0, "held_out"), scored(3, 500.0, "listed"),
        scored(4, None, "cooling_down"), scored(5, 50.0, "beyond_capacity"),
    ]  # fmt: skip
    actual = np.array([60.0, 30.0, 0.0, 10.0, 0.0])
    [record] = list_records(scores, {"expansion": actual, "loss": None, "other": np.zeros(5)})
    assert (record.accounts, record.listed, record.by_arr) == (2, 0.6, 0.3)
    assert record.lead.value == pytest.approx(0.3)
    assert record.lead.low < 0.3 < record.lead.high
    everybody = [replace(score, decision=weekly.decision(1)) for score in scores]
    assert not list(list_records(everybody, {"expansion": actual}))


def test_weeks_are_drawn_one_after_the_other(two_weeks: Settings) -> None:
    inputs = gather(two_weeks)
    weeks = [
        Verdict(weekly.AS_OF - timedelta(days=7 * back), "fine", "ok", (),
                figures={"mean p upsell 3": 0.1 + back / 100, "columns moved": float(back)})
        for back in range(3)
    ]  # fmt: skip
    told = text(page_of(two_weeks, replace(inputs, verdicts=tuple(weeks))))
    assert "Average likelihood of Upsell: 12.0 % → 10.0 %" in told
    assert "Model inputs with drift: 2 → 0" in told


def test_a_week_without_monitoring_says_so(tmp_path: Path) -> None:
    settings = weekly.work(tmp_path, ALL)
    write(Verdict(BEFORE, "fine", "ok", ()), settings.monitoring_folder)
    inputs = gather(settings)
    told = text(page_of(settings, replace(inputs, verdicts=inputs.verdicts[1:])))
    assert "numbers? With caution." in told
    assert "Monitoring has not run for this week" in told
