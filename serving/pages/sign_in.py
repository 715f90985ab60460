"""Signing in to the pages and out, and the files that they refer to."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from serving.auth.key_cache import KeyRefused
from serving.auth.scopes import PUBLIC, requires
from serving.auth.sessions import COOKIE, SECONDS, Sessions
from serving.http.cookies import delete_cookie, set_cookie
from serving.http.paths import ROOT, SIGN_IN, is_page
from serving.pages.forms import read_form
from serving.pages.rendering import page, static_files

router = APIRouter(prefix=ROOT, include_in_schema=False)
KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@router.get("/static/{name}")
@requires(PUBLIC)
async def static_file(name: str) -> Response:
    """Return a style or a script; its address changes with its content."""
    if name not in static_files():
        raise HTTPException(404, f"There is no file {name[:60]!r}.")
    kind = KINDS[name.rpartition(".")[2]]
    return Response(
        static_files()[name], media_type=kind, headers={"cache-control": "max-age=86400"}
    )


@router.get("/sign-in")
@requires(PUBLIC)
async def sign_in_page(request: Request) -> Response:
    """Return the form that asks for a key."""
    return _sign_in_page(request, request.query_params.get("next", ROOT))


@router.post("/sign-in")
@requires(PUBLIC)
async def sign_in(request: Request) -> Response:
    """Open a session for who has a key."""
    fields = await read_form(request)
    try:
        key = request.app.state.services.key_cache.find(fields.get("key", ""))
    except KeyRefused as refused:
        return _sign_in_page(request, fields.get("next", ROOT), str(refused))
    sessions: Sessions = request.app.state.sessions
    answer = RedirectResponse(_safe_path(fields.get("next", ROOT)), 303)
    set_cookie(request, answer, COOKIE, sessions.open(key), SECONDS)
    return answer


@router.post("/sign-out")
@requires("read")
async def sign_out(request: Request) -> Response:
    """End the session in this browser."""
    await read_form(request)
    answer = RedirectResponse(SIGN_IN, 303)
    delete_cookie(answer, COOKIE)
    return answer


def _sign_in_page(request: Request, following: str, refused: str = "") -> Response:
    status = 401 if refused else 200
    return page(request, "sign_in.html", status, following=_safe_path(following), refused=refused)


def _safe_path(path: str) -> str:
    """Return a path of these pages; whatever else was asked for is the first of them."""
    plain = is_page(path) and not any(
        sequence in path for sequence in ("\\", "//", "\r", "\n", "..")
    )
    return path if plain else ROOT
