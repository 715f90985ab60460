"""What is wrong with a configuration, in sentences: the file, the key, the nearest known key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Files = Mapping[Path, Mapping[str, Any]]


def explain(error: ValidationError, model: type[BaseModel], files: Files) -> list[str]:
    """Return one sentence for each error that pydantic found."""
    return [_sentence(details, model, files) for details in error.errors(include_url=False)]


def unknown_names(problems: Iterable[tuple[str, str, Sequence[str]]], files: Files) -> list[str]:
    """Return one sentence for each table, column, source or rule that does not exist."""
    return [
        f"{_file(where.split('.'), files)}: {where}: there is no {name!r}{nearest(name, names)}"
        for where, name, names in problems
    ]


def nearest(name: str, names: Sequence[str]) -> str:
    """Return the end of a sentence that proposes the known name most like ``name``."""
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    meant = f"; did you mean {close[0]!r}?" if close else "."
    return f"{meant} Available: {', '.join(names) or 'none'}"


def _sentence(details: ErrorDetails, model: type[BaseModel], files: Files) -> str:
    loc = [str(key) for key in details["loc"] if key != "[key]"]
    where, kind = f"{_file(loc, files)}: {'.'.join(loc)}", details["type"]
    if kind == "extra_forbidden":
        fields = _kinds(model, loc[:-1])[0].model_fields
        keys = sorted(field.alias or name for name, field in fields.items())
        return f"{where}: there is no such key{nearest(loc[-1], keys)}"
    if kind == "missing":
        return f"{where}: this key is missing"
    if kind.startswith("union_tag"):
        kinds = (tag for section in _kinds(model, loc) for tag in _tags(section))
        return f"{where}.to: must be one of {', '.join(map(repr, kinds))}"
    message = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if loc[-1].endswith("_from"):  # people put there what only the environment may hold
        return f"{where}: must be the name of an environment variable, not its value: {message}"
    return f"{where} = {details['input']!r}: {message}"


def _kinds(model: type[BaseModel], loc: Sequence[str]) -> list[type[BaseModel]]:
    """Return the section at ``loc``, or the kinds of it that there are."""
    kinds = [model]
    for key in loc:
        fields = kinds[0].model_fields.items()
        names = {field.alias or name: field for name, field in fields}
        if key in names:
            kinds = _sections(names[key].annotation) or kinds
        # Of several kinds of a section, pydantic names the one that was meant.
        kinds = [section for section in kinds if key in _tags(section)] or kinds
    return kinds


def _sections(annotation: Any) -> list[type[BaseModel]]:
    """Return the sections a field may hold: itself, or the values of its dict or tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [section for argument in get_args(annotation) for section in _sections(argument)]


def _tags(model: type[BaseModel]) -> tuple[str, ...]:
    """Return what ``to`` may be in a section that has several kinds."""
    return get_args(model.model_fields["to"].annotation) if "to" in model.model_fields else ()


def _file(loc: Sequence[str], files: Files) -> Path:
    """Return the file that holds most of ``loc``, the nearest one of several."""
    return max(files, key=lambda path: _depth(loc, files[path]))


def _depth(loc: Sequence[str], content: Any) -> int:
    for depth, key in enumerate(loc):
        if not isinstance(content, dict) or key not in content:
            return depth
        content = content[key]
    return len(loc)
