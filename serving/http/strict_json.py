"""Bodies that are JSON as RFC 8259 has it, and nothing that merely looks like it.

Python's parser takes NaN, lets the last of two equal keys win and guesses an encoding: each a way
to have something checked that is not what is meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from serving.http import body_limit

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
DEEPEST = 300
"""So many lists and objects may lie in one another: far from where Python's parser gives up, which
it does in the midst of whatever else runs at that depth."""
BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[][{}]', re.DOTALL)
"""A text, ended or not, or a bracket: no character is looked at twice."""
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class StrictRoute(APIRoute):
    """A route that reads no body but strict JSON in UTF-8, said to be such."""

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler, given a stricter request where there is a body to read."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def strict(request: Request) -> Response:
            if body_limit.has_body(request.headers):
                check_headers(request.headers)
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


class StrictRequest(Request):
    """A request whose JSON is read strictly."""

    async def json(self) -> Any:
        """Return the body's value; ``HTTPException`` 400 when it is none."""
        if not hasattr(self, "_json"):
            self._json = parse(await self.body())
        return self._json


def check_headers(headers: Headers) -> None:
    """Raise the ``HTTPException`` 415 unless the headers announce JSON in UTF-8 as it is."""
    kind, *parameters = [
        piece.strip().lower() for piece in headers.get("content-type", "").split(";")
    ]
    charsets = [
        parameter.partition("=")[2].strip('"')
        for parameter in parameters
        if parameter.startswith("charset")
    ]
    plain = headers.get("content-encoding", "identity").lower() == "identity"
    if kind != "application/json" or any(charset != "utf-8" for charset in charsets) or not plain:
        raise HTTPException(
            415,
            "Send uncompressed JSON in UTF-8 with the header 'content-type: application/json'.",
        )


def parse(content: bytes) -> Any:
    """Return the value of a JSON document.

    Raises
    ------
    HTTPException
        400 when it is not UTF-8, not JSON, nested without end, or holds NaN, Infinity, a number
        of thousands of digits, a key twice in one object, or half a character.
    """
    try:
        text = content.decode("utf-8")
        if _depth(text) > DEEPEST:
            raise _not_strict("nesting is too deep")
        value = json.loads(text, object_pairs_hook=_unique_members, parse_constant=_no_number)
        if SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_strict(f"not UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError:
        raise _not_strict("a string contains a lone surrogate") from None
    except json.JSONDecodeError as error:
        raise _not_strict(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except _NotStrict as error:
        raise _not_strict(str(error)) from None
    except ValueError:
        raise _not_strict("a number has too many digits") from None
    return value


def _depth(text: str) -> int:
    """Return how deep lists and objects lie in one another, or a number that it is below."""
    opened = text.count("[") + text.count("{")
    if opened <= DEEPEST:
        return opened
    depth = deepest = 0
    for token in BRACKETS.finditer(text):
        character = token[0][0]
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest


class _NotStrict(ValueError):
    """What Python's parser would take."""


def _not_strict(why: str) -> HTTPException:
    return HTTPException(400, f"The body is not valid JSON: {why}.")


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _NotStrict("an object has a duplicate key")
    return members


def _no_number(name: str) -> NoReturn:
    raise _NotStrict(f"{name} is not a valid number")
