"""The document that a CRM reads keeps to every rule, and each rule can be broken."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from serving.openapi.document import openapi
from tests.serving.crm_rules import RULES, Document

DOCUMENT: Document = json.loads(openapi(for_crm=True))
WHOLE: Document = json.loads(openapi())
SCHEMAS = DOCUMENT["components"]["schemas"]
SCORE = "/v1/accounts/{account_id}/score"


@pytest.mark.parametrize("name", RULES)
def test_the_document_keeps_to_the_rule(name: str) -> None:
    assert list(RULES[name](DOCUMENT)) == []


def operation(document: Document) -> Any:
    return document["paths"][SCORE]["get"]


def properties(document: Document) -> Any:
    return document["components"]["schemas"]["Decision"]["properties"]


def added(document: Document, name: str, schema: Any) -> None:
    properties(document)[name] = schema


TEXT = {"type": "string"}
BROKEN: list[tuple[str, Callable[[Document], Any]]] = [
    ("it_is_openapi_3_0", lambda d: d.update(openapi="3.1.0")),
    ("it_is_as_openapi_says", lambda d: operation(d).pop("responses")),
    ("it_is_small_enough", lambda d: d.update(more="x" * 10_000_000)),
    ("only_known_methods", lambda d: d["paths"][SCORE].update(head=operation(d))),
    ("a_get_has_no_body", lambda d: operation(d).update(requestBody={})),
    *(
        (
            "every_operation_has_an_identifier_of_its_own",
            lambda d, n=n: operation(d).update(operationId=n),
        )
        for n in ("get_score", "1st", "x" * 81, "LISTACCOUNTS", "")
    ),
    *(
        (
            "every_schema_has_an_identifier_of_its_own",
            lambda d, n=n: d["components"]["schemas"].update({n: TEXT}),
        )
        for n in ("A_b", "reasons", "x" * 250)
    ),
    *(
        ("properties_and_parameters_are_identifiers", lambda d, n=n: added(d, n, TEXT))
        for n in ("a__b", "a_", "_a", "a-b", "1a", "ä", "PLAY")
    ),
    (
        "properties_and_parameters_are_identifiers",
        lambda d: operation(d)["parameters"][0].update(name="a-b"),
    ),
    ("no_other_reserved_words", lambda d: added(d, "Number", TEXT)),
    ("no_other_reserved_words", lambda d: d["components"]["schemas"].update(List=TEXT)),
    (
        "only_media_types_that_it_takes",
        lambda d: operation(d)["responses"]["404"].update(content={"application/problem+json": {}}),
    ),
    (
        "every_success_says_what_comes_back",
        lambda d: operation(d)["responses"]["200"].pop("content"),
    ),
    ("no_headers", lambda d: operation(d)["parameters"].append({"name": "a", "in": "header"})),
    ("no_headers", lambda d: operation(d)["responses"]["200"].update(headers={"ETag": {}})),
    ("one_type_each", lambda d: added(d, "a", {"anyOf": [TEXT, {"type": "number"}]})),
    ("one_type_each", lambda d: added(d, "a", {"type": "null"})),
    ("one_type_each", lambda d: added(d, "a", {})),
    ("one_type_each", lambda d: added(d, "a", {"type": "string", "format": "uuid"})),
    (
        "a_reference_stands_alone_and_leads_somewhere",
        lambda d: added(d, "a", {"$ref": "#/components/schemas/No"}),
    ),
    (
        "a_reference_stands_alone_and_leads_somewhere",
        lambda d: added(d, "a", {"$ref": "#/components/schemas/Reasons", "nullable": True}),
    ),
    (
        "no_maps_with_free_keys",
        lambda d: added(d, "a", {"type": "object", "additionalProperties": TEXT}),
    ),
    ("no_maps_with_free_keys", lambda d: added(d, "a", {"type": "object"})),
    ("an_array_says_of_what", lambda d: added(d, "a", {"type": "array"})),
    ("nothing_is_cut_off", lambda d: operation(d).update(description="x" * 1334)),
    ("every_schema_is_used", lambda d: d["components"]["schemas"].update(Lonely=TEXT)),
]


@pytest.mark.parametrize(("name", "spoil"), BROKEN)
def test_a_rule_can_be_broken(name: str, spoil: Callable[[Document], Any]) -> None:
    document = copy.deepcopy(DOCUMENT)
    spoil(document)
    assert list(RULES[name](document))


def test_every_rule_is_broken_somewhere() -> None:
    assert {name for name, _ in BROKEN} == set(RULES)


def test_the_whole_document_would_not_be_taken() -> None:
    refused = {name for name, rule in RULES.items() if list(rule(WHOLE))}
    assert refused >= {"it_is_openapi_3_0", "one_type_each", "only_media_types_that_it_takes"}


def test_a_crm_can_ask_for_all_but_rows_and_probes() -> None:
    shown = {one["operationId"] for path in DOCUMENT["paths"].values() for one in path.values()}
    whole = {one["operationId"] for path in WHOLE["paths"].values() for one in path.values()}
    assert whole - shown == {"isLive", "isReady", "scoreRows"}


def test_what_may_be_null_is_not_required() -> None:
    score = SCHEMAS["AccountScore"]
    assert score["properties"]["arr"]["nullable"]
    assert {"arr", "csm_id", "decision"}.isdisjoint(score["required"])
    assert "account_id" in score["required"]


def test_of_several_types_one_may_be_sent_and_none_comes_back() -> None:
    assert SCHEMAS["Change"]["properties"]["value"]["type"] == "number"
    assert "value" not in SCHEMAS["Reason"]["properties"]
    assert "text" in SCHEMAS["Reason"]["properties"]
