"""Every error as a problem document (RFC 9457), with the request's id."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from features.errors import EnvironmentFailure
from serving.http.paths import is_page
from serving.schemas.scores import Problem
from serving.schemas.validation import messages

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
REQUEST_ID = "X-Request-ID"
log = logging.getLogger(__name__)

TITLES = {413: "Request Entity Too Large", 422: "Unprocessable Entity"}
"""What Python 3.13 calls otherwise: an answer is the same whatever Python answers."""


def title_of(status: int) -> str:
    """Return what a status is called in answers and in the document."""
    return TITLES.get(status) or HTTPStatus(status).phrase


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": title_of(status)}
    for status in (400, 401, 403, 404, 408, 413, 415, 422, 429, 500, 503)
}


def problem_response(
    request: Request, status: int, detail: str, errors: list[str] | None = None
) -> Response:
    """Return a problem document; to who looks at a page, a page."""
    request_id = _request_id(request)
    body = Problem(
        title=title_of(status),
        status=status,
        detail=detail,
        instance=request.url.path,
        request_id=request_id,
        errors=errors or [],
    )
    state = request.app.state
    if is_page(request.url.path) and hasattr(state, "problem_page"):
        shown: Response = state.problem_page(request, body)
        return shown
    return JSONResponse(body.model_dump(), status, media_type=MEDIA_TYPE)


def with_problem_media_type(document: dict[str, Any]) -> dict[str, Any]:
    """Give each documented problem its media type, which FastAPI takes for plain JSON."""
    operations = (operation for path in document["paths"].values() for operation in path.values())
    for operation in operations:
        for response in operation["responses"].values():
            content = response.get("content", {})
            plain = content.get("application/json", {})
            if plain.get("schema", {}).get("$ref", "").endswith("/Problem"):
                content[MEDIA_TYPE] = content.pop("application/json")
    return document


def _request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))


def error_response(request: Request, error: HTTPException | EnvironmentFailure) -> Response:
    """Return the problem document of an error that says itself what is wrong."""
    if isinstance(error, HTTPException):
        answer = problem_response(request, error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        if error.status_code == 405:
            answer.headers["Allow"] = ", ".join(_allowed(request))
        return answer
    log.error("request %s: %s", _request_id(request), error)
    answer = problem_response(
        request, 503, "The score store does not answer; try again in a moment."
    )
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _allowed(request: Request) -> list[str]:
    """Return the methods of a path; each of its routes knows only its own."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    matching = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({name for route in matching for name in route.methods or ()})


def unexpected_error_response(request: Request, error: Exception) -> Response:
    """Return the problem document of an error that nobody foresaw, and log it whole."""
    log.error("request %s failed", _request_id(request), exc_info=error)
    return problem_response(
        request, 500, "Something went wrong here; the request id finds it in the log."
    )


async def _handle_error(request: Request, error: HTTPException | EnvironmentFailure) -> Response:
    return error_response(request, error)


async def _handle_invalid_request(request: Request, error: RequestValidationError) -> Response:
    errors = messages(error.errors())
    return problem_response(request, 422, "The request does not fit the documented form.", errors)


def install(app: FastAPI) -> None:
    """Let ``app`` answer every error with a problem document."""
    handlers: dict[type[Exception], Any] = {
        HTTPException: _handle_error,
        RequestValidationError: _handle_invalid_request,
        EnvironmentFailure: _handle_error,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
