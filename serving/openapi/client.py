"""``python -m serving.openapi.client FILE``: a typed Python client of the API in one file.

It is made of the API's document, needs no library, and type checkers know every field.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from serving.openapi import client_base
from serving.openapi.document import openapi

Part = Mapping[str, Any]
TYPES = {
    "string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None",
}  # fmt: skip
LEFT_OUT = ("if-none-match",)
"""A client that hands on only the body never knows the tag of its copy."""
HEAD = '"""Client of {title}, version {version}, made by `python -m serving.openapi.client`."""\n'


def source(document: Part) -> str:
    """Return the Python of a client of the API that an OpenAPI 3.1 document describes."""
    fixed = Path(client_base.__file__).read_text("utf-8").split('"""\n', 1)[1]
    fixed = fixed.replace("typing import Any", "typing import Any, Literal, NotRequired, TypedDict")
    types = "".join(
        _type(*named_schema) for named_schema in sorted(document["components"]["schemas"].items())
    )
    methods = "".join(
        _method(path, verb, operation)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
    )
    client = f'\n\nclass Client(Caller):\n    """A method for each route."""\n{methods}'
    return HEAD.format(**document["info"]) + fixed + types + client


def main() -> None:
    """Write the client of this version into the file that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m serving.openapi.client")
    parser.add_argument("file", type=Path)
    parser.parse_args().file.write_text(source(json.loads(openapi())), encoding="utf-8")


def _type(name: str, schema: Part) -> str:
    fields = [f"    {field}: {kind}\n" for field, kind in _fields(schema)]
    head = f'class {name}(TypedDict):\n    """{_line(schema["description"])}"""\n'
    return f"\n\n{head}\n" + "".join(fields)


def _fields(schema: Part) -> Iterator[tuple[str, str]]:
    # An answer holds all of its fields, whether a default is known for them or not.
    is_sent = schema.get("additionalProperties") is False
    for name, field_schema in schema["properties"].items():
        is_free = is_sent and name not in schema.get("required", ())
        yield (
            name,
            f"NotRequired[{_annotation(field_schema)}]" if is_free else _annotation(field_schema),
        )


def _annotation(schema: Part) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(_annotation(option) for option in schema["anyOf"])
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if schema.get("type") == "array":
        return f"list[{_annotation(schema['items'])}]"
    return TYPES[schema["type"]]


def _method(path: str, verb: str, operation: Part) -> str:
    parameters = [p for p in operation.get("parameters", ()) if p["name"] not in LEFT_OUT]
    body = _body(operation)
    signature = ", ".join(
        [
            "self",
            *_required(parameters, body),
            *(_optional(parameters) and ["*", *_optional(parameters)]),
        ]
    )
    steps = re.sub(r"{(\w+)}", r"{_step(\1)}", path)
    query, headers = _pairs(parameters, "query"), _pairs(parameters, "header")
    asked = f'"{verb.upper()}", f"{steps}", {query}, {headers}'
    return (
        f"\n    def {_snake(operation['operationId'])}({signature}) -> {_answer(operation)}:\n"
        f'        """{_line(operation["description"])}"""\n'
        f"        found: {_answer(operation)} = self._ask({asked}{', body' if body else ''})\n"
        "        return found\n"
    )


def _required(parameters: list[Part], body: str | None) -> list[str]:
    named = [f"{_name(p)}: {_annotation(p['schema'])}" for p in parameters if p["required"]]
    return [*named, *([f"body: {body}"] if body else [])]


def _optional(parameters: list[Part]) -> list[str]:
    kinds = {_name(p): _annotation(p["schema"]) for p in parameters if not p["required"]}
    return [
        f"{name}: {kind if kind.endswith('None') else f'{kind} | None'} = None"
        for name, kind in kinds.items()
    ]


def _pairs(parameters: list[Part], place: str) -> str:
    pairs = [f'"{p["name"]}": {_name(p)}' for p in parameters if p["in"] == place]
    return f"{{{', '.join(pairs)}}}"


def _name(parameter: Part) -> str:
    return str(parameter["name"]).replace("-", "_")


def _body(operation: Part) -> str | None:
    body = operation.get("requestBody")
    return _annotation(body["content"]["application/json"]["schema"]) if body else None


def _answer(operation: Part) -> str:
    good = next(
        response for status, response in operation["responses"].items() if status.startswith("2")
    )
    return _annotation(good["content"]["application/json"]["schema"])


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _line(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())


if __name__ == "__main__":
    main()
