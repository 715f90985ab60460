"""docs/settings.md holds every key and rule, as the code has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from features.catalogue import GENERATED
from pipelines.config import reference
from pipelines.config.settings import Settings
from pipelines.ingest import rules, source_checks
from pipelines.ingest.rules import reference as rules_reference

DOCUMENT = Path(__file__).parents[3] / "docs" / "settings.md"
ONE_OF = ("sources", "checks")
"""Sections whose keys exclude each other."""


def fields() -> Iterator[tuple[str, str, FieldInfo]]:
    """Yield every key that a configuration may hold: its section, its name, and its field."""
    for section, field in Settings.model_fields.items():
        models = [field.annotation, *_arguments(field.annotation)]
        models = [kind for kind in models if isinstance(kind, type) and issubclass(kind, BaseModel)]
        for model in models:
            for name, inner in model.model_fields.items():
                yield section, inner.alias or name, inner
        if not models:
            yield section, "", field


def _arguments(annotation: Any) -> Iterator[Any]:
    for argument in get_args(annotation):
        yield argument
        yield from _arguments(argument)


def part(section: str) -> str:
    """Return what the document says under the headings of a section."""
    parts = DOCUMENT.read_text("utf-8").split("\n## ")
    return "\n".join(text for text in parts if re.match(rf"`\[+{section}[\].]", text))


def test_the_document_is_fresh() -> None:
    fresh = reference.document(GENERATED, rules_reference.section(source_checks.RULES))
    assert DOCUMENT.read_text("utf-8") == fresh, "docs/settings.md is stale: run `make docs`"


@pytest.mark.parametrize(
    ("section", "key", "field"), [pytest.param(*one, id=".".join(one[:2])) for one in fields()]
)
def test_every_key_is_told_with_meaning_and_an_example_that_holds(
    section: str, key: str, field: FieldInfo
) -> None:
    assert field.description, f"{section}.{key} has no docstring"
    meaning = " ".join(field.description.replace("``", "`").split())
    shown = reference.example(field)
    example = f"`{shown}`".replace("|", "\\|")
    rows = [line for line in part(section).splitlines() if line.startswith(f"| {_code(key)} |")]
    assert [row for row in rows if row.endswith(f"| {example} | {meaning} |")], rows
    kind = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    TypeAdapter(kind).validate_python(reference.parsed(shown))


def _code(key: str) -> str:
    return f"`{key}`" if key else ""


@pytest.mark.parametrize("section", [n for n in Settings.model_fields if n not in ONE_OF])
def test_the_examples_of_a_section_go_together(section: str) -> None:
    annotation = Settings.model_fields[section].annotation
    groups: dict[str, dict[str, Any]] = {}
    kind = ""
    for other, key, field in fields():
        if other == section:
            kind = f"{kind}." if key == "name" else kind  # another kind of the section begins
            groups.setdefault(kind, {})[key] = reference.parsed(reference.example(field))
    for values in groups.values():
        plain = values.get("", values)
        if section == "tables":
            plain = {"products": {k: v for k, v in plain.items() if k in ("where", "columns")}}
            plain["products"]["columns"] = {"name": "label"}
        Settings.model_validate({section: (plain,) if get_origin(annotation) is tuple else plain})


def test_every_rule_is_told_with_its_keys() -> None:
    rows = {
        match[1]: line
        for line in DOCUMENT.read_text("utf-8").split("\n## Rules")[1].splitlines()
        if (match := re.match(r"\| `(\w+)` \|", line))
    }
    for name in rules.names():
        table, *columns, rule = name.split(".")
        places = re.search(rf"`{table}`: ([^;|]*)", rows[rule])
        assert places, name
        assert set(columns) <= set(re.split(r", ", places[1].strip())), name
    assert set(source_checks.RULES) <= set(rows)
