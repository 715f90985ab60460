"""What a label's declaration must keep to, and that a server can read it."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from features import target
from features.errors import UsageError
from features.labels.targets import TARGETS


def whatever(_decisions: Any) -> Any:
    """Whatever happens."""


@pytest.mark.parametrize(
    ("changed", "function", "problem"),
    [
        ({"title": " "}, whatever, "label whatever has no title; write what people call it"),
        (
            {"direction": "up"},
            whatever,
            "label whatever has the direction 'up'; use '+', '-' or '='",
        ),
        (
            {"excludes": ("whatever",)},
            whatever,
            "label whatever excludes itself; leave it out of excludes",
        ),
        (
            {},
            lambda _: None,
            "label <lambda> needs a name of lower-case letters, digits and single _, of 40 "
            "characters at most; rename it",
        ),
    ],
)
def test_a_wrong_declaration_is_refused(
    changed: dict[str, Any], function: Any, problem: str
) -> None:
    declare: Any = target
    with pytest.raises(UsageError) as refused:
        declare(**{"title": "Whatever", "direction": "=", "needs_grace": False} | changed)(function)
    assert problem in refused.value.problems


def test_a_declaration_says_by_what_it_is_shown_and_counted() -> None:
    declared = target(title="Whatever", direction="=", needs_grace=True)(whatever)
    assert (declared.name, declared.description) == ("whatever", "Whatever happens.")
    assert declared.as_dict(91, 31)["mature_days"] == 122
    leading = [name for name, one in TARGETS.items() if one.is_leading]
    assert leading == ["upsell", "cross_sell", "churn"]


def test_labels_are_read_without_what_computes_them() -> None:
    heavy = ("ibis", "pandas", "numpy", "duckdb")
    code = (
        f"import sys, features.labels.targets; assert not {heavy!r} & sys.modules.keys()".replace(
            repr(heavy), repr(set(heavy))
        )
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_architecture_says_where_a_label_is_declared() -> None:
    root = Path(__file__).parents[3]
    page = (root / "docs" / "architecture.md").read_text("utf-8")
    [row] = [line for line in page.splitlines() if line.startswith("| a label |")]
    [place] = re.findall(r"`(features/[\w/]+\.py)`", row)
    # What follows from it is walked through in tests/process/test_own_label.py.
    assert inspect.getsourcefile(TARGETS["churn"].occurrences) == str(root / place)
    assert "own-features.md#labels-of-your-own" in row
    assert "\n## Labels of your own\n" in (root / "docs" / "own-features.md").read_text("utf-8")
