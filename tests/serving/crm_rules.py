"""What Salesforce External Services takes, each rule by a name; see docs/crm.md for the sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from jsonschema_rs import Draft4Validator
from schemathesis.specs.openapi.definitions import OPENAPI_30

Document = dict[str, Any]
Rule = Callable[[Document], Iterator[str]]
RULES: dict[str, Rule] = {}

OPENAPI = Draft4Validator(OPENAPI_30)
METHODS = {"get", "post", "put", "patch", "delete"}
MEDIA = {"application/json", "application/x-www-form-urlencoded", "text/plain"}
TYPES = {"string", "number", "integer", "boolean", "array", "object"}
FORMATS = {None, "date", "date-time", "double", "float", "int32", "int64"}
IDENTIFIER = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
# Underscores part the names that Salesforce derives; in one of ours it would write them as x5f.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
MOST_NAME, MOST_CLASS, MOST_PROBLEMS, MOST_DOCUMENT = 80, 255, 1333, 10_000_000
SERVICE = "ExpansionPropensity"
RESERVED_WORDS = """
abstract activate and any array as asc autonomous begin bigdecimal blob boolean break bulk by byte
case cast catch char class collect commit const continue currency date datetime decimal default
delete desc do double else end enum exception exit export extends false final finally float for from
global goto group having hint if implements import in inner insert instanceof int integer interface
into join like limit list long loop map merge new not null nulls number object of on or outer
override package parallel pragma private protected public retrieve return rollback search select set
short sobject sort static string super switch synchronized system testmethod then this throw time
transaction trigger true try type undelete update upsert using virtual void webservice when where
while
"""
RESERVED = frozenset(RESERVED_WORDS.split())
KNOWN_RESERVED = {"by", "currency", "group", "limit"}
"""Salesforce writes these as z0by and so on, and sends and reads them as they are."""


def rule(check: Rule) -> Rule:
    RULES[check.__name__] = check
    return check


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            yield path, method, one


def parts(part: Any, place: str = "") -> Iterator[tuple[str, Document]]:
    """Yield every object of the document with the place where it stands."""
    if isinstance(part, dict):
        yield place, part
        for name, below in part.items():
            yield from parts(below, f"{place}/{name}")
    elif isinstance(part, list):
        for number, below in enumerate(part):
            yield from parts(below, f"{place}/{number}")


def schemas(document: Document) -> Iterator[tuple[str, Document]]:
    """Yield every schema: those with a name, their parts, and those of the operations."""
    for place, part in parts(document):
        steps = place.split("/")
        is_named = steps[1:3] == ["components", "schemas"] and len(steps) == 4
        is_part = len(steps) > 4 and steps[-2] == "properties"
        if is_named or is_part or steps[-1] in ("schema", "items"):
            yield place, part


def properties(document: Document) -> Iterator[tuple[str, list[str]]]:
    for place, one in schemas(document):
        yield place, list(one.get("properties", ()))
    for path, method, one in operations(document):
        yield f"{method} {path}", [p["name"] for p in one.get("parameters", ())]


def twice(names: list[str]) -> set[str]:
    lower = [one.lower() for one in names]
    return {one for one in names if lower.count(one.lower()) > 1}


@rule
def it_is_openapi_3_0(document: Document) -> Iterator[str]:
    if not re.fullmatch(r"3\.0\.\d", document["openapi"]):
        yield f"openapi is {document['openapi']}"


@rule
def it_is_as_openapi_says(document: Document) -> Iterator[str]:
    yield from (str(one) for one in OPENAPI.iter_errors(document))


@rule
def it_is_small_enough(document: Document) -> Iterator[str]:
    if (size := len(repr(document))) > MOST_DOCUMENT:
        yield f"{size} characters"


@rule
def only_known_methods(document: Document) -> Iterator[str]:
    yield from (f"{m} {path}" for path, m, _ in operations(document) if m not in METHODS)


@rule
def a_get_has_no_body(document: Document) -> Iterator[str]:
    yield from (p for p, m, one in operations(document) if m == "get" and "requestBody" in one)


@rule
def every_operation_has_an_identifier_of_its_own(document: Document) -> Iterator[str]:
    names = [one.get("operationId", "") for _, _, one in operations(document)]
    yield from (one for one in names if not NAME.fullmatch(one) or len(one) > MOST_NAME)
    yield from twice(names)


@rule
def every_schema_has_an_identifier_of_its_own(document: Document) -> Iterator[str]:
    names = list(document["components"]["schemas"])
    prefix = len(f"ExternalService.{SERVICE}_")
    yield from (o for o in names if not NAME.fullmatch(o) or prefix + len(o) > MOST_CLASS)
    yield from twice(names)


@rule
def properties_and_parameters_are_identifiers(document: Document) -> Iterator[str]:
    for place, names in properties(document):
        wrong = [one for one in names if not IDENTIFIER.fullmatch(one) or len(one) > MOST_NAME]
        yield from (f"{place}: {one}" for one in {*wrong, *twice(names)})


@rule
def no_other_reserved_words(document: Document) -> Iterator[str]:
    named = {"": [*document["components"]["schemas"]], **dict(properties(document))}
    for place, names in named.items():
        found = {one.lower() for one in names} & RESERVED - KNOWN_RESERVED
        yield from (f"{place}: {one}" for one in found)


@rule
def only_media_types_that_it_takes(document: Document) -> Iterator[str]:
    for place, part in parts(document):
        yield from (f"{place}: {one}" for one in part.get("content", {}) if one not in MEDIA)


@rule
def every_success_says_what_comes_back(document: Document) -> Iterator[str]:
    for path, _, one in operations(document):
        good = {s: a for s, a in one["responses"].items() if s.startswith("2")}
        if not good or not all(a.get("content") for a in good.values()):
            yield path


@rule
def no_headers(document: Document) -> Iterator[str]:
    for place, part in parts(document):
        if part.get("in") in ("header", "cookie") or part.get("headers"):
            yield place


@rule
def one_type_each(document: Document) -> Iterator[str]:
    for place, one in schemas(document):
        if {"anyOf", "oneOf", "allOf", "not", "const"} & set(one):
            yield f"{place}: several types"
        elif "$ref" not in one and one.get("type") not in TYPES:
            yield f"{place}: type {one.get('type')}"
        elif one.get("format") not in FORMATS:
            yield f"{place}: format {one['format']}"


@rule
def a_reference_stands_alone_and_leads_somewhere(document: Document) -> Iterator[str]:
    known = {f"#/components/schemas/{one}" for one in document["components"]["schemas"]}
    for place, one in schemas(document):
        if "$ref" in one and (len(one) > 1 or one["$ref"] not in known):
            yield place


@rule
def no_maps_with_free_keys(document: Document) -> Iterator[str]:
    for place, one in schemas(document):
        if one.get("additionalProperties") or (
            one.get("type") == "object" and not one.get("properties")
        ):
            yield place


@rule
def an_array_says_of_what(document: Document) -> Iterator[str]:
    yield from (
        p for p, one in schemas(document) if one.get("type") == "array" and not one.get("items")
    )


@rule
def nothing_is_cut_off(document: Document) -> Iterator[str]:
    for place, part in parts(document):
        if isinstance(told := part.get("description"), str) and len(told) > MOST_PROBLEMS:
            yield place


@rule
def every_schema_is_used(document: Document) -> Iterator[str]:
    used = {part["$ref"].rpartition("/")[2] for _, part in parts(document) if "$ref" in part}
    yield from set(document["components"]["schemas"]) - used
