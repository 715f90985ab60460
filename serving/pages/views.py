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
from features.labels.declaration import Target
from features.labels.targets import TARGETS
from models.common.clock import utc_now
from models.inference.expected_arr import GAIN, LOSS
from models.plays.definitions import PLAYS
from models.plays.prioritisation import Standing
from models.release.released_targets import ReleasedTarget, shown_targets
from serving.auth.page_users import page_user
from serving.auth.scopes import requires
from serving.http.paths import ROOT
from serving.pages import account_summary
from serving.pages.charts import bars, line
from serving.pages.forms import number_field, read_form
from serving.pages.rendering import page, served_targets
from serving.queue.audit import note_accounts
from serving.routes import accounts, feedback
from serving.routes import portfolio as routes_portfolio
from serving.routes import what_if as routes_what_if
from serving.routes.accounts import PLACES
from serving.routes.dependencies import scorer
from serving.routes.scores import Current, Id, unknown
from serving.schemas.accounts import AccountSummary
from serving.schemas.feedback import FeedbackRequest
from serving.schemas.scores import AccountScore
from serving.schemas.validation import messages
from serving.schemas.what_if import WhatIf
from serving.snapshot.cursors import Column, Cursor, Order
from serving.snapshot.watcher import CurrentSnapshot

router = APIRouter(prefix=ROOT, include_in_schema=False)
SHOWN = 25


@router.get("")
@requires("read")
def portfolio_page(
    request: Request,
    current: Current,
    play: str = "",
    csm_id: str = "",
    segment: str = "",
    standing: Standing | str = "",
    name: Annotated[str, Query(max_length=200)] = "",
    order_by: Order = "at_stake",
    cursor: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """Return the list of accounts under the sums of the base."""
    choices: dict[Column, str] = {
        "play": play, "csm_id": csm_id, "segment": segment, "standing": standing
    }  # fmt: skip
    filters = {column: value for column, value in choices.items() if value}
    first = Cursor(snapshot=current.snapshot.key, order=order_by, filters=filters)
    position = Cursor.decode(cursor) if cursor else first
    snapshot = accounts.snapshot_of(request.app.state.snapshots, position)
    listing = snapshot.page(PLACES[position.order], position.filters, position.after, SHOWN, name)
    note_accounts(request, listing.account_ids)
    chosen: dict[str, str] = {str(column): value for column, value in position.filters.items()}
    chosen |= {"order_by": position.order, "name": name}
    following = ""
    if listing.last is not None:
        after = position.model_copy(update={"after": listing.last}).encode()
        following = f"{ROOT}?{urlencode({'cursor': after, 'name': name})}"
    return page(
        request,
        "list.html",
        horizon=snapshot.scoring.horizon_days,
        directed=_directed(),
        sums=routes_portfolio.get_portfolio(request, current),
        accounts=[AccountSummary.model_validate_json(line) for line in listing.lines],
        total=listing.total,
        following=following,
        is_first=not position.after,
        chosen=chosen,
        again=f"{ROOT}?{urlencode(chosen)}",
    )


@router.get("/accounts/{account_id:path}")
@requires("read")
def account_page(account_id: Id, request: Request, current: Current) -> Response:
    """Return an account's page."""
    return _account_page(account_id, request, current, taken=request.query_params.get("taken", ""))


@router.post("/accounts/{account_id:path}/what-if")
@requires("score")
async def what_if_page(account_id: Id, request: Request, current: Current) -> Response:
    """Return an account's page with what would become of it."""
    fields = await read_form(request)
    delta = number_field(fields, "seats_delta")
    note_accounts(request, [account_id])
    question: dict[str, Any] = {"asked_seats": delta or 0, "asked_leaves": "leaves" in fields}
    try:
        wanted = WhatIf(seats_delta=delta or None, champion_leaves="leaves" in fields)
    except ValidationError:
        return _account_page(account_id, request, current, **question, nothing_asked=True)
    models = await scorer(request)
    try:
        outcome = await routes_what_if.compute_what_if(account_id, wanted, request, current, models)
    except UsageError as error:
        return _account_page(account_id, request, current, 422, **question, refused=error.problems)
    return _account_page(account_id, request, current, **question, outcome=outcome.model_dump())


@router.post("/feedback")
@requires("feedback")
async def give_feedback(request: Request) -> Response:
    """Keep what was done about an account, and go back to its page."""
    fields = await read_form(request)
    try:
        entry = FeedbackRequest.model_validate(
            {
                **{name: fields.get(name) for name in ("account_id", "action", "outcome", "play")},
                "happened_on": fields.get("happened_on", utc_now().date().isoformat()),
                "scoring_id": fields.get("scoring_id"),
                "amount": number_field(fields, "amount"),
                "note": fields.get("note"),
                "by": page_user(request).name,
            }
        )
    except ValidationError as error:
        raise HTTPException(422, messages(error.errors())[0]) from None
    feedback.give_feedback(entry, request, Response(), fields.get("idempotency_key"))
    back = f"{ROOT}/accounts/{quote(entry.account_id, safe='')}?taken={entry.outcome}#feedback"
    return RedirectResponse(back, 303)


def _account_page(
    account_id: str, request: Request, current: CurrentSnapshot, status: int = 200, **outcome: Any
) -> Response:
    answer = current.snapshot.answers([account_id]).get(account_id)
    if answer is None:
        raise unknown(account_id)
    note_accounts(request, [account_id])
    score = AccountScore.model_validate_json(answer + current.ending)
    inputs = current.snapshot.inputs(account_id) or {}
    defaults: dict[str, Any] = {
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
        known=inputs,
        steps=account_summary.journey(inputs),
        seats=account_summary.seats(inputs),
        ahead=_seats_ahead(account_id, request),
        champions=account_summary.champions(inputs),
        departments=account_summary.departments(inputs),
        past=_past_scores(account_id, request),
        targets=shown_targets(score.probabilities.root),
        directed=_directed(),
        leading=_leading(score, request),
        plays=list(PLAYS),
        today=utc_now().date().isoformat(),
        idempotency_key=f"app-{uuid4().hex}",
        line=line,
        bars=bars,
        **{**defaults, **outcome},
    )


def _leading(score: AccountScore, request: Request) -> list[str]:
    """Return the targets that a short table shows."""
    targets: dict[str, Target | ReleasedTarget] = {**TARGETS, **served_targets(request)}
    names = shown_targets(score.probabilities.root)
    return [name for name in names if name not in targets or targets[name].is_leading]


def _directed() -> dict[str, list[str]]:
    """Return our targets that gain ARR and those that lose it: what a sum may leave out."""
    return {
        kind: [name for name, target in TARGETS.items() if target.direction == direction]
        for kind, direction in (("gains", GAIN), ("losses", LOSS))
    }


def _past_scores(account_id: str, request: Request) -> list[Any]:
    """Return the account's scores, the oldest first; none while the store is gone."""
    try:
        return accounts.get_account_history(account_id, request, 52).scores[::-1]
    except (EnvironmentFailure, HTTPException):
        return []


def _seats_ahead(account_id: str, request: Request) -> list[Any]:
    """Return the seats it will want, where there is a forecast and the store answers."""
    try:
        return list(routes_portfolio.get_account_seats(account_id, request).ahead)
    except (EnvironmentFailure, HTTPException):
        return []
