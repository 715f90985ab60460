"""The reference of settings, generated from the sections: every key, type, default and meaning."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipelines.config.settings import Settings

LEAD = """A company's configuration is one TOML file;
[connect your data](connect-your-data.md) shows one. Every key has a default but those marked
required. Paths are relative to the file. A key that does not exist is refused with the nearest one,
and every mistake is told at once."""
KINDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    date: "day",
    Path: "path",
}


@dataclass(frozen=True)
class Section:
    """A section of the TOML: its header, such as ``[[deliver]]``, what it is for, and its keys."""

    header: str
    meaning: str
    fields: Mapping[str, FieldInfo]


def document(generated: str, rules: str) -> str:
    """Return the Markdown of ``docs/settings.md``.

    ``generated`` says that it is not to be edited, ``rules`` is the part on the contract's rules.
    """
    parts = [_part(section) for section in sections()]
    return "\n\n".join(["# Settings", generated, LEAD, *parts, rules]) + "\n"


def sections() -> Iterator[Section]:
    """Yield every section in the order of the settings."""
    plain = {}
    for name, field in Settings.model_fields.items():
        models = _models(field.annotation)
        if not models:
            plain[name] = field
        for model in models:
            yield Section(_header(name, field, model), _meaning(model), _fields(model))
    for name, field in plain.items():
        yield Section(f"[{name}]", _plain(field.description or ""), {"": field})


def example(field: FieldInfo) -> str:
    """Return a value of a key as TOML: its example, or its default where that says something."""
    if field.examples:
        return str(field.examples[0])
    default = field.get_default(call_default_factory=True, validated_data={})
    return _toml(not default if isinstance(default, bool) else default)


def _header(name: str, field: FieldInfo, model: type[BaseModel]) -> str:
    """Return how the section begins; of several kinds, with the key that says which it is."""
    origin = get_origin(field.annotation)
    if origin is dict:
        return f"[{name}.<name>]"
    kind = model.model_fields.get("to")
    of_kind = f' to = "{get_args(kind.annotation)[0]}"' if kind else ""
    return f"[[{name}]]{of_kind}" if origin is tuple else f"[{name}]"


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _meaning(model: type[BaseModel]) -> str:
    return _plain(inspect.getdoc(model) or "")


def _plain(text: str) -> str:
    """Return a docstring as Markdown in one line."""
    return re.sub(r"\s+", " ", text.replace("``", "`")).strip()


def _part(section: Section) -> str:
    rows = [
        f"| {f'`{name}`' if name else ''} | {_type(field)} | {_default(field)} | "
        f"{_code(example(field))} | {_plain(field.description or '')} |"
        for name, field in section.fields.items()
    ]
    table = "\n".join(
        ["| key | type | default | example | meaning |", "|---|---|---|---|---|", *rows]
    )
    return f"## `{section.header}`\n\n{section.meaning}\n\n{table}"


def _type(field: FieldInfo) -> str:
    limits = "".join(_limits(field.metadata))
    return f"{_kind(field.annotation)}{limits}".replace("|", "\\|")


def _kind(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is Literal:
        values = [_code(_toml(value)) for value in arguments]
        return values[0] if len(values) == 1 else f"one of {', '.join(values)}"
    if origin in (UnionType, Union):
        return " or ".join(_kind(kind) for kind in arguments if kind is not NoneType)
    if origin is tuple:
        return f"list of {_several(_kind(arguments[0]))}"
    if origin is dict:
        return f"table: {_kind(arguments[1])} by name"
    return KINDS[annotation]


def _several(kind: str) -> str:
    words = {"text": "texts", "path": "paths", "whole number": "whole numbers"}
    return words.get(kind, kind.removeprefix("one of "))


def _limits(metadata: list[Any]) -> Iterator[str]:
    for limit in metadata:
        if (least := getattr(limit, "ge", None)) is not None:
            yield f", at least {least:g}"
        if (above := getattr(limit, "gt", None)) is not None:
            yield f", above {above:g}"
        if (most := getattr(limit, "le", None)) is not None:
            yield f", at most {most:,g}"
        if (step := getattr(limit, "multiple_of", None)) is not None:
            yield f", a multiple of {step:g}"


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined:
        return "**required**"
    return _code(_toml(default)) if default not in (None, "", (), {}) else ""


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def _toml(value: Any) -> str:
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(item)}' for key, item in value.items())} }}"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return f"'{value}'" if '"' in str(value) else f'"{value}"'


def parsed(text: str) -> Any:
    """Return the value that TOML reads from an example."""
    return tomllib.loads(f"value = {text}")["value"]
