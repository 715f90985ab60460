"""Pages out of templates, in the reader's language, that load nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from models.i18n.messages import Catalogue, preferred, read, with_targets
from models.i18n.number_format import WORDS, Figures
from models.release.released_targets import ReleasedTarget
from serving.auth.page_users import page_user
from serving.auth.sessions import Sessions
from serving.http.cookies import set_cookie
from serving.http.paths import ROOT
from serving.schemas.scores import Problem

HERE = Path(__file__).parent
LANGUAGE = "expansion_language"
YEAR = 365 * 86_400
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@cache
def catalogues() -> dict[str, Catalogue]:
    """Return the texts of the pages by language."""
    return read(HERE / "messages", WORDS)


@cache
def static_files() -> dict[str, bytes]:
    """Return the files that pages refer to, by name."""
    return {file.name: file.read_bytes() for file in (HERE / "static").iterdir()}


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["root"] = ROOT
    templates.globals["version"] = sha256(b"".join(static_files().values())).hexdigest()[:10]
    return templates


def catalogue_for(request: Request) -> Catalogue:
    """Return the texts in the language asked for, remembered, or preferred by the browser."""
    languages = catalogues()
    asked = (request.query_params.get("lang"), request.cookies.get(LANGUAGE))
    chosen = next((language for language in asked if language in languages), None)
    return languages[chosen or preferred(request.headers.get("accept-language", ""), languages)]


def served_targets(request: Request) -> Mapping[str, ReleasedTarget]:
    """Return the targets of the release in use; none before there is one."""
    scorer = request.app.state.releases.scorer
    targets: Mapping[str, ReleasedTarget] = scorer.targets if scorer else {}
    return targets


def page(
    request: Request, template: str, status: int = 200, *, here: str = "", **values: Any
) -> Response:
    """Return a page; ``here`` is where its switch of languages leads, if not to where it is."""
    words = with_targets(catalogue_for(request), served_targets(request).values())
    sessions: Sessions = request.app.state.sessions
    user = page_user(request)
    html = _templates().get_template(template).render(
        **values,
        t=words.text,
        called=words.name,
        called_targets=lambda names: ", ".join(
            words.name("target_in_text", target) for target in names
        ),
        f=Figures(words.language),
        language=words.language,
        written=request.app.state.releases.words.language,
        languages=[_language_link(request, catalogue, here) for catalogue in catalogues().values()],
        visitor=user,
        token=sessions.token(user.bound_to),
    )  # fmt: skip
    answer = HTMLResponse(html, status, {"content-security-policy": POLICY})
    if request.query_params.get("lang") == words.language:
        set_cookie(request, answer, LANGUAGE, words.language, YEAR)
    return answer


def problem_page(request: Request, details: Problem) -> Response:
    """Return an error as a page."""
    return page(
        request, "problem.html", details.status, here=ROOT, problem=details, title=details.title
    )


def _language_link(request: Request, catalogue: Catalogue, here: str) -> dict[str, str]:
    parameters = (
        []
        if here
        else [
            parameter for parameter in request.query_params.multi_items() if parameter[0] != "lang"
        ]
    )
    query = urlencode([*parameters, ("lang", catalogue.language)])
    path = here or request.url.path
    return {
        "code": catalogue.language,
        "name": catalogue.text("language"),
        "url": f"{path}?{query}",
    }
