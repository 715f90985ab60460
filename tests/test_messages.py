"""What people read is complete in every language, room by room."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from features.catalogue import columns
from models.i18n.feature_text import sentence
from models.i18n.messages import FIRST, read
from models.i18n.number_format import WORDS
from models.inference.encoding import FeatureSpec
from models.plays.context import Case
from models.plays.definitions import PLAYS
from models.plays.guards import GUARDS
from models.plays.prioritisation import choose

ROOT = Path(__file__).parents[1]
ROOMS = sorted(
    one.relative_to(ROOT).as_posix()
    for room in ("models", "pipelines", "serving")
    for one in (ROOT / room).rglob("messages")
)
CASE = {
    "seats_licensed": 40.0, "seats_activated_share": 0.3, "adoption_age_days": 400.0,
    "champions_days_since_lost": 12.0, "champions_going": 2.0, "discount": 0.1,
}  # fmt: skip


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_room_that_speaks_is_looked_at() -> None:
    assert {
        "models/i18n/messages",
        "pipelines/monitoring/messages",
        "serving/pages/messages",
    } <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_every_language_says_the_same(room: str) -> None:
    first, *others = read(ROOT / room).values()
    assert first.language == FIRST
    assert others
    for other in others:
        # What features are called and say in English stands in their declarations.
        keys = {key for key in other.texts if not key.startswith(("feature.", "sentence."))}
        assert keys == set(first.texts)
        for key in keys:
            assert other.texts[key].strip(), key
            assert places(other.texts[key]) == places(first.texts[key]), key


def test_every_feature_has_a_german_name() -> None:
    known = {key for key in WORDS["de"].texts if key.startswith("feature.")}
    assert known == {f"feature.{column.stem}" for column in columns()}


def test_every_feature_has_a_sentence_in_english_and_german() -> None:
    german = {key for key in WORDS["de"].texts if key.startswith("sentence.")}
    stems = {column.stem: column for column in columns()}
    assert all(column.says for column in stems.values())
    for stem, column in stems.items():
        forms = {key.split(".")[2] for key in german if key.startswith(f"sentence.{stem}.")}
        # German counts days as "vor 1 Tag", "vor 2 Tagen": a form more than English needs.
        assert forms | {"one"} == set(column.says) | {"one"}, stem
        for form in forms & set(column.says):
            text = WORDS["de"].texts[f"sentence.{stem}.{form}"].replace("{number}", "{value}")
            english = column.says[form].replace("{number}", "{value}")
            assert places(text) == places(english), (stem, form)
    assert {key.split(".")[1] for key in german} == set(stems)


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_value_of_every_feature_reads_as_a_sentence(language: str) -> None:
    for column in columns():
        spec = FeatureSpec(
            column.name, column.group, column.stem, column.unit, column.description,
            column.window_days, column.by_day, column.expected, None, None, says=column.says,
        )  # fmt: skip
        low = column.expected[0]
        numbers = (0.0, 1.0, 0.4, 37.0, *((-0.4, -12.0) if low is None or low < 0 else ()))
        values = (
            ("retail",)
            if column.unit == "category"
            else (0, 1)
            if column.unit == "flag"
            else numbers
        )
        texts = [sentence(spec, value, "EUR", None, WORDS[language]) for value in values]
        for text in texts:
            assert not set(text) & set("{}"), text
            assert ":" not in text or column.unit == "category", text
        assert len(set(texts)) > 1 or column.unit == "category", texts


def test_every_play_and_guard_has_its_words() -> None:
    texts = WORDS[FIRST].texts
    assert {f"play.{name}" for name in PLAYS} == {key for key in texts if key.startswith("play.")}
    assert all(f"advice.{name}" in texts for name in PLAYS)
    assert all(f"unknown.{name}" in texts for name, one in GUARDS.items() if one.needs)


def test_a_german_company_reads_german() -> None:
    case = Case(CASE, {"upsell": 0.31}, {"upsell": 12_345.0}, "EUR", words=WORDS["de"])
    found = choose(case)
    assert found.text == (
        "Champion vor 12 Tagen gegangen, keine Nachfolge; 2 Champions vor dem Weggang. Neue "
        "Zuständigkeit klären; zweiten Champion in einer anderen Abteilung aufbauen."
    )
    assert found.why.startswith("Expansion zurückgestellt: Champion vor 12 Tagen gegangen")


def test_a_german_reason_has_german_numbers() -> None:
    spec = FeatureSpec(
        "arr", "arr", "arr", "currency", "Annual recurring revenue", None, None, (None, None),
        None, 1240.0, {"smb": 900.0},
    )  # fmt: skip
    assert sentence(spec, 12345.0, "EUR", "smb", WORDS["de"]) == (
        "12.345 EUR ARR; Median im Segment 900 EUR"
    )


def test_a_companys_own_feature_is_told_in_english_everywhere() -> None:
    spec = FeatureSpec(
        "visits_28d", "own", "visits", "ratio", "Visits", 28, None, (None, None), None, None
    )
    assert sentence(spec, 0.5, "EUR", None, WORDS["de"]) == "Visits, last 28 days: 50 %"


@pytest.mark.parametrize("language", sorted(set(WORDS) - {FIRST}))
def test_no_english_word_slips_into_the_texts(language: str) -> None:
    english = re.compile(r"\b(the|and|with|what|which|accounts|weeks?)\b")
    for room in ROOMS:
        for key, text in read(ROOT / room)[language].texts.items():
            assert not english.search(re.sub(r"{\w+}", "", text)), (room, key, text)
