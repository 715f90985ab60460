"""Bad bodies by kind, each with its status; what is not strict JSON reaches no route."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import Field

from serving.app import create_app
from serving.http.strict_json import StrictRoute
from serving.schemas.scores import Strict
from serving.settings import ServingSettings
from tests.serving.asking import PROBLEM, ask, routes

JSON = {"content-type": "application/json"}
GOOD = b'{"text": "yes", "number": 0.5, "count": 3}'


class Sent(Strict):
    """A body with one field of each kind."""

    text: Annotated[str, Field(max_length=50)]
    number: float = 0.0
    count: Annotated[int, Field(ge=0, le=1000)] = 0
    within: dict[str, Any] | None = None


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The application with a route that tells what it read."""
    made = create_app(
        ServingSettings(
            store_url="sqlite://", release_folder=tmp_path_factory.mktemp("r"), keys="off"
        )
    )
    echo = APIRouter(prefix="/v1", route_class=StrictRoute)

    @echo.post("/echo")
    async def told(sent: Sent) -> Sent:
        return sent

    made.include_router(echo)
    return made


BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 422),
    "blanks": (b"   ", 400),
    "cut off": (b'{"text": "a"', 400),
    "two values": (b'{"text": "a"} {}', 400),
    "comma at the end": (b'{"text": "a",}', 400),
    "comment": (b'{"text": "a"} // x', 400),
    "single quotes": (b"{'text': 'a'}", 400),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, 400),
    "utf-16": (GOOD.decode().encode("utf-16"), 400),
    "utf-32": (GOOD.decode().encode("utf-32"), 400),
    "latin-1": ('{"text": "é"}'.encode("latin-1"), 400),
    "overlong utf-8": (b'{"text": "\xc0\x80"}', 400),
    "surrogate as bytes": (b'{"text": "\xed\xa0\x80"}', 400),
    "lone surrogate": (rb'{"text": "\ud800"}', 400),
    "lone surrogate in a key": (rb'{"text": "a", "\udfff": 1}', 400),
    "control character": (b'{"text": "a\x00"}', 400),
    "NaN": (b'{"text": "a", "number": NaN}', 400),
    "Infinity": (b'{"text": "a", "number": Infinity}', 400),
    "minus Infinity": (b'{"text": "a", "number": -Infinity}', 400),
    "NaN deep inside": (b'{"text": "a", "within": {"a": [{"b": NaN}]}}', 400),
    "key twice": (b'{"text": "a", "text": "b"}', 400),
    "key twice, deep inside": (b'{"text": "a", "within": {"b": {"a": 1, "a": 2}}}', 400),
    "nested without end": (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "objects without end": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 400),
    "brackets in a text": (b'{"text": "' + b"[{" * 400 + b'"}', 422),
    "a text without end": (b"[" * 400 + b'"' + b'a\\"' * 200_000, 400),
    "opened without end": (b"[" * 200_000, 400),
    "nested too far": (b'{"text": ' + b"[" * 200 + b"]" * 200 + b"}", 422),
    "number of 5,000 digits": (b'{"text": "a", "count": ' + b"9" * 5000 + b"}", 400),
    "number of 400 digits": (b'{"text": "a", "number": ' + b"9" * 400 + b"}", 422),
    "number that overflows": (b'{"text": "a", "number": 1e999}', 422),
    "number beyond its range": (b'{"text": "a", "count": 1001}', 422),
    "fraction for a count": (b'{"text": "a", "count": 1.5}', 422),
    "octal": (b'{"text": "a", "count": 010}', 400),
    "hexadecimal": (b'{"text": "a", "count": 0x10}', 400),
    "words for a number": (b'{"text": "a", "number": "many"}', 422),
    "NaN as text": (b'{"text": "a", "number": "NaN"}', 422),
    "unknown field": (b'{"text": "a", "more": 1}', 422),
    "__proto__": (b'{"text": "a", "__proto__": {}}', 422),
    "field missing": (b"{}", 422),
    "null for a text": (b'{"text": null}', 422),
    "number for a text": (b'{"text": 1}', 422),
    "list for an object": (b'["a"]', 422),
    "text for an object": (b'"a"', 422),
    "null for an object": (b"null", 422),
    "text too long": (b'{"text": "' + b"a" * 51 + b'"}', 422),
    "body too large": (b'{"text": "' + b"a" * 2_200_000 + b'"}', 413),
    "good": (GOOD, 200),
    "good, a pair of surrogates": (rb'{"text": "\ud83d\ude00"}', 200),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_by_kind(app: FastAPI, kind: str) -> None:
    content, status = BODIES[kind]
    answer = ask(app, "POST", "/v1/echo", content=content, headers=JSON)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["status"] == status
        assert len(answer.content) < 2000


HEADERS: dict[str, tuple[dict[str, str], int]] = {
    "no content type": ({"content-type": ""}, 415),
    "form": ({"content-type": "application/x-www-form-urlencoded"}, 415),
    "multipart": ({"content-type": "multipart/form-data; boundary=a"}, 415),
    "plain text": ({"content-type": "text/plain"}, 415),
    "xml": ({"content-type": "application/xml"}, 415),
    "latin-1": ({"content-type": "application/json; charset=iso-8859-1"}, 415),
    "utf-16": ({"content-type": "application/json; charset=utf-16"}, 415),
    "unknown charset": ({"content-type": "application/json; charset=none"}, 415),
    "compressed": ({**JSON, "content-encoding": "gzip"}, 415),
    "utf-8 in capitals": ({"content-type": 'Application/JSON; Charset="UTF-8"'}, 200),
    "not compressed": ({**JSON, "content-encoding": "identity"}, 200),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_body_announced_as(app: FastAPI, kind: str) -> None:
    given, status = HEADERS[kind]
    answer = ask(app, "POST", "/v1/echo", content=GOOD, headers=given)
    assert answer.status_code == status, answer.text


def test_a_body_without_a_length_is_counted_as_it_comes(app: FastAPI) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(2200):
            yield b" " * 1000

    answer = ask(app, "POST", "/v1/echo", content=endless(), headers=JSON)
    assert answer.status_code == 413


def test_what_was_sent_arrives_as_it_was(app: FastAPI) -> None:
    answer = ask(app, "POST", "/v1/echo", content=GOOD, headers=JSON)
    assert answer.json() == {**json.loads(GOOD), "within": None}


def test_every_route_with_a_body_is_strict(tmp_path: Path) -> None:
    whole = create_app(ServingSettings(store_url="sqlite://", release_folder=tmp_path))
    bodies = [one for one in routes(whole) if one.body_field]
    assert bodies
    assert [one.path for one in bodies if type(one) is not StrictRoute] == []
