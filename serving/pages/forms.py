"""Forms of the pages: read as strictly as JSON is, and only when this server made them."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request
from starlette.exceptions import HTTPException

from serving.auth.page_users import page_user
from serving.auth.sessions import Sessions

MOST_FIELDS = 40
FORM = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> dict[str, str]:
    """Return the filled fields of a form that brought its token back.

    Raises
    ------
    HTTPException
        415 or 400 when it is no form, 403 when it came from elsewhere.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(415, f"A form is sent as {FORM}.")
    try:
        text = (await request.body()).decode("utf-8")
        pairs = parse_qsl(text, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise HTTPException(400, "The form cannot be read.") from None
    fields = {name: value.strip() for name, value in pairs if value.strip()}
    sessions: Sessions = request.app.state.sessions
    from_here = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    if not (from_here and sessions.is_token(fields.get("token", ""), page_user(request).bound_to)):
        raise HTTPException(403, "This form has lapsed or is not from here; open the page again.")
    return fields


def number_field(fields: dict[str, str], name: str) -> float | None:
    """Return a number of a form; ``HTTPException`` 422 if it is none."""
    try:
        return float(fields[name].replace(",", ".")) if name in fields else None
    except ValueError:
        raise HTTPException(422, f"{name}: {fields[name][:40]!r} is no number.") from None
