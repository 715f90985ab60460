"""The portfolio pages: what the API answers, for people. They call its routes and add no logic."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from features.errors import EnvironmentFailure, UsageError
from models.common.clock import utc_now
from models.plays.definitions import PLAYS
from models.plays.prioritisation import Standing
from serving.auth.page_users import visitor
from serving.auth.scopes import requires
from serving.http.paths import ROOT
from serving.pages import account_summary
from serving.pages.charts import bars, line
from serving.pages.forms import form, number
from serving.pages.rendering import page
from serving.queue.audit import asked
from serving.routes import accounts, feedback
from serving.routes import portfolio as routes_portfolio
from serving.routes import what_if as routes_what_if
from serving.routes.accounts import PLACES
from serving.routes.dependencies import scorer
from serving.routes.scores import Id, Now, unknown
from serving.schemas.accounts import AccountSummary
from serving.schemas.feedback import FeedbackRequest
from serving.schemas.scores import AccountScore
from serving.schemas.what_if import WhatIf
from serving.snapshot.cursors import Column, Cursor, Order
from serving.snapshot.watcher import CurrentSnapshot

pages = APIRouter(prefix=ROOT, include_in_schema=False)
SHOWN = 25
TARGETS = ("upsell", "cross_sell", "downsell", "churn")


@pages.get("")
@requires("read")
def portfolio(
    request: Request,
    now: Now,
    play: str = "",
    csm_id: str = "",
    segment: str = "",
    standing: Standing | str = "",
    name: Annotated[str, Query(max_length=200)] = "",
    order_by: Order = "at_stake",
    cursor: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """Return the list of accounts under the sums of the base."""
    given: dict[Column, str] = {
        "play": play, "csm_id": csm_id, "segment": segment, "standing": standing
    }  # fmt: skip
    filters = {column: value for column, value in given.items() if value}
    first = Cursor(snapshot=now.snapshot.key, order=order_by, filters=filters)
    place = Cursor.read(cursor) if cursor else first
    snapshot = accounts.snapshot_of(request.app.state.snapshots, place)
    found = snapshot.page(PLACES[place.order], place.filters, place.after, SHOWN, name)
    asked(request, found.account_ids)
    chosen: dict[str, str] = {str(column): one for column, one in place.filters.items()}
    chosen |= {"order_by": place.order, "name": name}
    following = ""
    if found.last is not None:
        after = place.model_copy(update={"after": found.last}).written()
        following = f"{ROOT}?{urlencode({'cursor': after, 'name': name})}"
    return page(
        request,
        "list.html",
        horizon=snapshot.scoring.horizon_days,
        sums=routes_portfolio.portfolio(request, now),
        accounts=[AccountSummary.model_validate_json(one) for one in found.lines],
        total=found.total,
        following=following,
        is_first=not place.after,
        chosen=chosen,
        again=f"{ROOT}?{urlencode(chosen)}",
    )


@pages.get("/accounts/{account_id:path}")
@requires("read")
def account(account_id: Id, request: Request, now: Now) -> Response:
    """Return an account's page."""
    return _account(account_id, request, now, taken=request.query_params.get("taken", ""))


@pages.post("/accounts/{account_id:path}/what-if")
@requires("score")
async def what_if(account_id: Id, request: Request, now: Now) -> Response:
    """Return an account's page with what would become of it."""
    fields = await form(request)
    delta = number(fields, "seats_delta")
    asked(request, [account_id])
    told: dict[str, Any] = {"asked_seats": delta or 0, "asked_leaves": "leaves" in fields}
    try:
        wanted = WhatIf(seats_delta=delta or None, champion_leaves="leaves" in fields)
    except ValidationError:
        return _account(account_id, request, now, **told, nothing_asked=True)
    models = await scorer(request)
    try:
        found = await routes_what_if.answered(account_id, wanted, request, now, models)
    except UsageError as error:
        return _account(account_id, request, now, 422, **told, refused=error.problems)
    return _account(account_id, request, now, **told, outcome=found.model_dump())


@pages.post("/feedback")
@requires("feedback")
async def give_feedback(request: Request) -> Response:
    """Keep what was done about an account, and go back to its page."""
    fields = await form(request)
    try:
        given = FeedbackRequest.model_validate(
            {
                **{name: fields.get(name) for name in ("account_id", "action", "outcome", "play")},
                "happened_on": fields.get("happened_on", utc_now().date().isoformat()),
                "scoring_id": fields.get("scoring_id"),
                "amount": number(fields, "amount"),
                "note": fields.get("note"),
                "by": visitor(request).name,
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        detail = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise HTTPException(422, detail) from None
    feedback.give(given, request, Response(), fields.get("idempotency_key"))
    back = f"{ROOT}/accounts/{quote(given.account_id, safe='')}?taken={given.outcome}#feedback"
    return RedirectResponse(back, 303)


def _account(
    account_id: str, request: Request, now: CurrentSnapshot, status: int = 200, **told: Any
) -> Response:
    found = now.snapshot.answers([account_id]).get(account_id)
    if found is None:
        raise unknown(account_id)
    asked(request, [account_id])
    score = AccountScore.model_validate_json(found + now.ending)
    known = now.snapshot.inputs(account_id) or {}
    values: dict[str, Any] = {
        "asked_seats": 0, "asked_leaves": False, "nothing_asked": False, "refused": [],
        "outcome": None, "taken": "",
    }  # fmt: skip
    path = f"{ROOT}/accounts/{quote(account_id, safe='')}"
    return page(
        request,
        "account.html",
        status,
        here=path,
        path=path,
        score=score,
        known=known,
        steps=account_summary.journey(known),
        seats=account_summary.seats(known),
        ahead=_ahead(account_id, request),
        champions=account_summary.champions(known),
        departments=account_summary.departments(known),
        past=_past(account_id, request),
        targets=TARGETS,
        plays=list(PLAYS),
        today=utc_now().date().isoformat(),
        idempotency_key=f"app-{uuid4().hex}",
        line=line,
        bars=bars,
        **{**values, **told},
    )


def _past(account_id: str, request: Request) -> list[Any]:
    """Return the account's scores, the oldest first; none while the store is gone."""
    try:
        return accounts.history(account_id, request, 52).scores[::-1]
    except (EnvironmentFailure, HTTPException):
        return []


def _ahead(account_id: str, request: Request) -> list[Any]:
    """Return the seats it will want, where there is a forecast and the store answers."""
    try:
        return list(routes_portfolio.seats(account_id, request).ahead)
    except (EnvironmentFailure, HTTPException):
        return []
