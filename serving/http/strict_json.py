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
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class StrictRoute(APIRoute):
    """A route that reads no body but strict JSON in UTF-8, said to be such."""

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler, given a stricter request where there is a body to read."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def strict(request: Request) -> Response:
            if body_limit.expected(request.headers):
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
    kind, *parameters = [one.strip().lower() for one in headers.get("content-type", "").split(";")]
    charsets = [one.partition("=")[2].strip('"') for one in parameters if one.startswith("charset")]
    plain = headers.get("content-encoding", "identity").lower() == "identity"
    if kind != "application/json" or any(one != "utf-8" for one in charsets) or not plain:
        raise HTTPException(
            415,
            "Send JSON in UTF-8, not compressed, with the header 'content-type: application/json'.",
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
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
        if SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise _bad(f"it is not UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError:
        raise _bad("a string holds half a character, a lone surrogate") from None
    except RecursionError:
        raise _bad("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _bad(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except _NotJson as error:
        raise _bad(str(error)) from None
    except ValueError:
        raise _bad("a number has too many digits") from None
    return value


class _NotJson(ValueError):
    """What Python's parser would take."""


def _bad(why: str) -> HTTPException:
    return HTTPException(400, f"The body is not strict JSON: {why}.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NotJson("a key comes twice in one object")
    return found


def _no_number(name: str) -> NoReturn:
    raise _NotJson(f"{name} is no number")
