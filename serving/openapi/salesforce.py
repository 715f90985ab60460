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
KEPT = (
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
    known = document["components"]["schemas"]
    paths = {path: _operations(one) for path, one in document["paths"].items()}
    paths = {path: operations for path, operations in paths.items() if operations}
    return {
        "openapi": "3.0.3",
        "info": {**document["info"], "description": INFO},
        "paths": paths,
        "components": {"schemas": dict(sorted(_reached(paths, known).items()))},
    }


def _operations(path: Mapping[str, Any]) -> Schema:
    return {
        method: _operation(one)
        for method, one in path.items()
        if one["operationId"] not in LEFT_OUT
    }


def _operation(one: Mapping[str, Any]) -> Schema:
    told = {name: one[name] for name in ("operationId", "summary", "description", "tags")}
    if body := one.get("requestBody"):
        told["requestBody"] = {"required": True, "content": _content(body)}
    parameters = [_parameter(p) for p in one.get("parameters", ()) if p["in"] != "header"]
    answers = {status: _answer(status, a) for status, a in one["responses"].items()}
    return {
        **told,
        "parameters": parameters,
        "responses": {status: a for status, a in answers.items() if status != "304"},
    }


def _parameter(one: Mapping[str, Any]) -> Schema:
    told = {name: one[name] for name in ("name", "in", "description") if name in one}
    # A parameter is left away rather than null.
    schema = {name: v for name, v in _narrowed(one["schema"]).items() if name != "nullable"}
    return {**told, "required": one["required"], "schema": schema}


def _answer(status: str, one: Mapping[str, Any]) -> Schema:
    """Return an answer; an error is told by its status, since its media type is not taken."""
    told = {"description": one["description"]}
    return {**told, "content": _content(one)} if status.startswith("2") else told


def _content(one: Mapping[str, Any]) -> Schema:
    return {JSON: {"schema": _narrowed(one["content"][JSON]["schema"])}}


def _narrowed(schema: Schema) -> Schema:
    """Return a schema in the words of 3.0 with one type; of several types the first is taken."""
    if "anyOf" in schema:
        kinds = [one for one in schema["anyOf"] if one.get("type") != "null"]
        empty = {"nullable": True} if len(kinds) < len(schema["anyOf"]) else {}
        outside = {name: value for name, value in schema.items() if name != "anyOf"}
        return _narrowed({**outside, **kinds[0], **empty})
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    told = {name: schema[name] for name in KEPT if name in schema}
    if schema.get("type") in FORMATS:
        told["format"] = FORMATS[schema["type"]]
    if "items" in schema:
        told["items"] = _narrowed(schema["items"])
    if "properties" in schema:
        told |= _object(schema)
    return told


def _object(schema: Schema) -> Schema:
    properties = {name: (one, _narrowed(one)) for name, one in _told(schema)}
    required = [
        name
        for name in schema.get("required", ())
        if name in properties and not _is_nullable(properties[name][0])
    ]
    told: Schema = {"properties": {name: one for name, (_, one) in properties.items()}}
    return {**told, "required": required} if required else told


def _told(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield the properties; in an answer those but that are now a number, now a text."""
    # What is sent may be told narrower than it is taken; what comes has to be taken as it comes.
    is_sent = schema.get("additionalProperties") is False
    for name, one in schema["properties"].items():
        if is_sent or len([o for o in one.get("anyOf", ()) if o.get("type") != "null"]) < 2:
            yield name, one


def _is_nullable(schema: Schema) -> bool:
    return any(one.get("type") == "null" for one in schema.get("anyOf", ()))


def _reached(paths: Schema, known: Mapping[str, Schema]) -> Schema:
    """Return the schemas that the paths name, and those that these name in turn."""
    found: Schema = {}
    waiting = _names(paths)
    sometimes = _sometimes_null(known)
    while waiting:
        name = waiting.pop()
        if name not in found:
            # Beside a reference 3.0 reads nothing: what it leads to says that it may be null.
            found[name] = _narrowed(known[name]) | ({"nullable": True} if name in sometimes else {})
            waiting |= _names(found[name])
    return found


def _sometimes_null(known: Mapping[str, Schema]) -> set[str]:
    """Return the schemas in whose place null may stand somewhere."""
    fields = (one for schema in known.values() for one in schema.get("properties", {}).values())
    return {name for one in fields if _is_nullable(one) for name in _names(one)}


def _names(part: object) -> set[str]:
    return set(re.findall(rf"'{REFERENCE}(\w+)'", repr(part)))
