"""Whatever the watch can find has its words in every language, and no words are left over."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from pipelines.monitoring import texts, verdict
from pipelines.monitoring.verdict import ORDER, Finding

FOLDER = Path(verdict.__file__).parent
SOURCES = "\n".join(path.read_text("utf-8") for path in FOLDER.rglob("*.py"))
ENGLISH = texts.CATALOGUES["en"].texts
CODES = [key.removeprefix("told.") for key in ENGLISH if key.startswith("told.")]


def test_every_text_has_its_advice_and_is_used() -> None:
    assert {f"do_about.{code}" for code in CODES} == {k for k in ENGLISH if k.startswith("do_ab")}
    assert [code for code in CODES if f'"{code}"' not in SOURCES] == []


def test_every_code_that_is_found_has_its_text() -> None:
    shape = r'"(?:ok|look|alarm)",\s*"([a-z_]+)"'
    found = set(re.findall(shape, SOURCES)) - {"ok", "look", "alarm"}
    found |= set(re.findall(r'code = "([a-z_]+)"', SOURCES))
    assert len(found) > 10
    assert found <= set(CODES)


@pytest.mark.parametrize("language", texts.CATALOGUES)
@pytest.mark.parametrize("code", CODES)
def test_a_finding_is_told_with_its_figures(language: str, code: str) -> None:
    own = texts.CATALOGUES[language]
    asked = {name for _, name, _, _ in Formatter().parse(own.texts[f"told.{code}"]) if name}
    values = {name.removesuffix("_percent"): 0.25 for name in asked - {"about"}}
    finding = Finding("data_broken", "alarm", code, "upsell", values, date(2026, 8, 3), weeks=2)
    told, advice = texts.told(finding, own)
    assert advice
    assert "2" in told
    assert "{" not in told + advice


@pytest.mark.parametrize("kind", ORDER)
def test_every_kind_of_week_is_told(kind: verdict.Kind) -> None:
    one = verdict.Verdict(date(2026, 8, 3), kind, "ok", ())
    for own in texts.CATALOGUES.values():
        assert all(texts.verdict_of(one, own))
