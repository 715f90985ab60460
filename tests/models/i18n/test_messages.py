"""Texts by language."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.i18n.messages import preferred, read

FOLDER = Path(__file__).parents[3] / "serving" / "pages" / "messages"
CATALOGUES = read(FOLDER)


def test_a_text_takes_its_values_and_a_name_without_one_stays_readable() -> None:
    english = CATALOGUES["en"]
    assert english.text("list.count", count=3) == "Accounts found: 3"
    assert english.name("play", "some_new_play") == "some new play"
    with pytest.raises(KeyError):
        english.text("no.such.key")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"), ("de", "de"), ("fr,de-AT;q=0.8,en;q=0.3", "de"), ("de;q=0,en", "en"),
        ("de;q=much", "en"), ("fr", "en"),
    ],
)  # fmt: skip
def test_the_browser_is_answered_in_the_language_it_likes_best(header: str, language: str) -> None:
    assert preferred(header, CATALOGUES) == language
