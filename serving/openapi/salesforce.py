"""The API's document as a CRM reads it: OpenAPI 3.0.3, and nothing that a CRM stumbles over.

Salesforce External Services makes Apex classes of a document: it takes one type a property, knows
plain JSON only and reads no header of an answer. What does not fit is left out: headers, the media
type of errors, probes, and rows of features, which no CRM computes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = dict[str, Any]
COPIED = (
    "description", "enum", "format", "maxItems", "maxLength", "maximum", "minItems", "minLength",
    "minimum", "nullable", "type",
)  # fmt: skip
"""What is told of a value besides its parts; the API itself refuses what does not fit the rest."""
FORMATS = {"integer": "int32", "number": "double"}
LEFT_OUT = ("isLive", "isReady", "scoreRows")
JSON = "application/json"
REFERENCE = "#/components/schemas/"
INFO = (
    "The CRM's part of the API. Send your key with every request: as a Named Credential whose "
    "custom header is `Authorization: Bearer exp_…`."
)


def profile(document: Mapping[str, Any]) -> Schema:
    """Return the CRM's part of an OpenAPI 3.1 document of this API as OpenAPI 3.0.3."""
    schemas = document["components"]["schemas"]
    paths = {path: _operations(path_item) for path, path_item in document["paths"].items()}
    paths = {path: operations for path, operations in paths.items() if operations}
    return {
        "openapi": "3.0.3",
        "info": {**document["info"], "description": INFO},
        "paths": paths,
        "components": {"schemas": dict(sorted(_reached(paths, schemas).items()))},
    }


def _operations(path: Mapping[str, Any]) -> Schema:
    return {
        method: _operation(operation)
        for method, operation in path.items()
        if operation["operationId"] not in LEFT_OUT
    }


def _operation(operation: Mapping[str, Any]) -> Schema:
    copied = {name: operation[name] for name in ("operationId", "summary", "description", "tags")}
    if body := operation.get("requestBody"):
        copied["requestBody"] = {"required": True, "content": _content(body)}
    parameters = [_parameter(p) for p in operation.get("parameters", ()) if p["in"] != "header"]
    answers = {status: _answer(status, a) for status, a in operation["responses"].items()}
    return {
        **copied,
        "parameters": parameters,
        "responses": {status: a for status, a in answers.items() if status != "304"},
    }


def _parameter(definition: Mapping[str, Any]) -> Schema:
    parameter = {
        name: definition[name] for name in ("name", "in", "description") if name in definition
    }
    # A parameter is left away rather than null.
    schema = {name: v for name, v in _narrowed(definition["schema"]).items() if name != "nullable"}
    return {**parameter, "required": definition["required"], "schema": schema}


def _answer(status: str, response: Mapping[str, Any]) -> Schema:
    """Return an answer; an error is told by its status, since its media type is not taken."""
    answer = {"description": response["description"]}
    return {**answer, "content": _content(response)} if status.startswith("2") else answer


def _content(message: Mapping[str, Any]) -> Schema:
    return {JSON: {"schema": _narrowed(message["content"][JSON]["schema"])}}


def _narrowed(schema: Schema) -> Schema:
    """Return a schema in the words of 3.0 with one type; of several types the first is taken."""
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind.get("type") != "null"]
        empty = {"nullable": True} if len(kinds) < len(schema["anyOf"]) else {}
        outside = {name: value for name, value in schema.items() if name != "anyOf"}
        return _narrowed({**outside, **kinds[0], **empty})
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    narrowed = {name: schema[name] for name in COPIED if name in schema}
    if schema.get("type") in FORMATS:
        narrowed["format"] = FORMATS[schema["type"]]
    if "items" in schema:
        narrowed["items"] = _narrowed(schema["items"])
    if "properties" in schema:
        narrowed |= _object(schema)
    return narrowed


def _object(schema: Schema) -> Schema:
    properties = {
        name: (field_schema, _narrowed(field_schema)) for name, field_schema in _properties(schema)
    }
    required = [
        name
        for name in schema.get("required", ())
        if name in properties and not _is_nullable(properties[name][0])
    ]
    narrowed: Schema = {
        "properties": {name: field_schema for name, (_, field_schema) in properties.items()}
    }
    return {**narrowed, "required": required} if required else narrowed


def _properties(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield the properties; in an answer those but that are now a number, now a text."""
    # What is sent may be told narrower than it is taken; what comes has to be taken as it comes.
    is_sent = schema.get("additionalProperties") is False
    for name, field_schema in schema["properties"].items():
        if (
            is_sent
            or len(
                [option for option in field_schema.get("anyOf", ()) if option.get("type") != "null"]
            )
            < 2
        ):
            yield name, field_schema


def _is_nullable(schema: Schema) -> bool:
    return any(kind.get("type") == "null" for kind in schema.get("anyOf", ()))


def _reached(paths: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """Return the schemas that the paths name, and those that these name in turn."""
    reached: Schema = {}
    waiting = _names(paths)
    sometimes = _sometimes_null(schemas)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            # Beside a reference 3.0 reads nothing: what it leads to says that it may be null.
            reached[name] = _narrowed(schemas[name]) | (
                {"nullable": True} if name in sometimes else {}
            )
            waiting |= _names(reached[name])
    return reached


def _sometimes_null(schemas: Mapping[str, Schema]) -> set[str]:
    """Return the schemas in whose place null may stand somewhere."""
    fields = (
        field_schema
        for schema in schemas.values()
        for field_schema in schema.get("properties", {}).values()
    )
    return {
        name
        for field_schema in fields
        if _is_nullable(field_schema)
        for name in _names(field_schema)
    }


def _names(document_part: object) -> set[str]:
    return set(re.findall(rf"'{REFERENCE}(\w+)'", repr(document_part)))
