"""Every monitoring finding has its texts in every language, and no texts are left over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib import import_module
from inspect import isfunction
from pkgutil import iter_modules
from string import Formatter
from types import CodeType
from typing import get_args

import pytest

from pipelines.monitoring import detectors, texts, verdict, week
from pipelines.monitoring.verdict import ORDER, Finding

DETECTORS = (detectors.__path__, f"{detectors.__name__}.")
ENGLISH = texts.CATALOGUES["en"].texts
CODES = [key.removeprefix("finding.") for key in ENGLISH if key.startswith("finding.")]


def test_every_code_has_its_text_and_its_advice_and_no_text_is_left_over() -> None:
    """Findings can have no other code: their type holds them to ``Code``."""
    assert set(CODES) == set(get_args(verdict.Code))
    assert {f"action.{code}" for code in CODES} == {k for k in ENGLISH if k.startswith("action.")}


def test_every_code_is_found_by_some_detector() -> None:
    modules = [week, *(import_module(one.name) for one in iter_modules(*DETECTORS))]
    functions = [value for module in modules for value in vars(module).values()]
    words = {
        word
        for function in functions
        if isfunction(function)
        for word in constants(function.__code__)
    }
    assert set(get_args(verdict.Code)) - words == set()


def constants(code: CodeType) -> Iterator[object]:
    for value in code.co_consts:
        yield value
        if isinstance(value, CodeType):
            yield from constants(value)


@pytest.mark.parametrize("language", texts.CATALOGUES)
@pytest.mark.parametrize("code", CODES)
def test_a_finding_is_told_with_its_figures(language: str, code: str) -> None:
    own = texts.CATALOGUES[language]
    asked = {name for _, name, _, _ in Formatter().parse(own.texts[f"finding.{code}"]) if name}
    values = {name.removesuffix("_percent"): 0.25 for name in asked - {"about"}}
    finding = Finding("data_broken", "alarm", code, "upsell", values, date(2026, 8, 3), weeks=2)
    told, advice = texts.finding_text(finding, own)
    assert advice
    assert "2" in told
    assert "{" not in told + advice


@pytest.mark.parametrize("kind", ORDER)
def test_every_kind_of_week_is_told(kind: verdict.Kind) -> None:
    one = verdict.Verdict(date(2026, 8, 3), kind, "ok", ())
    for own in texts.CATALOGUES.values():
        assert all(texts.verdict_text(one, own))
