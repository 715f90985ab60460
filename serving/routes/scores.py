"""Scores of one or many accounts, as they were written out when the scoring arrived."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from serving.auth.scopes import requires
from serving.http.problems import RESPONSES
from serving.http.strict_json import StrictRoute
from serving.queue.audit import note_accounts
from serving.schemas.scores import AccountId, AccountScore, ScoreBatch, ScoreRequest
from serving.snapshot.watcher import CurrentSnapshot, SnapshotWatcher

router = APIRouter(prefix="/v1", tags=["scores"], responses=RESPONSES, route_class=StrictRoute)
JSON = "application/json"
CACHING = "private, no-cache"
"""A cache may keep an answer for its caller alone, and asks whether it still holds."""
IF_NONE_MATCH = {
    "name": "if-none-match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "ETag of the cached copy.",
}


def current_snapshot(request: Request) -> CurrentSnapshot:
    """Return the snapshot to answer from."""
    watch: SnapshotWatcher = request.app.state.snapshots
    if watch.current is None:
        raise HTTPException(503, f"Scores are not available yet: {watch.problems[0]}.")
    return watch.current


# Asynchronous, as it would be handed to a thread otherwise.
async def _current_snapshot(request: Request) -> CurrentSnapshot:
    return current_snapshot(request)


Current = Annotated[CurrentSnapshot, Depends(_current_snapshot)]
Id = Annotated[AccountId, Path(examples=["a-000012"])]


def unknown(account_id: str) -> HTTPException:
    """Return what to say of an account without a score."""
    return HTTPException(
        404,
        f"No score for account {account_id!r}. Check the id. An account is scored by "
        "`expansion score` while it has an active subscription.",
    )


@router.get(
    "/accounts/{account_id:path}/score",
    operation_id="getAccountScore",
    response_model=AccountScore,
    responses={304: {"description": "The cached copy is current."}},
    openapi_extra={"parameters": [IF_NONE_MATCH]},
)
@requires("read")
async def get_account_score(account_id: Id, request: Request) -> Response:
    """Return the newest score of an account, with play and drivers."""
    current = current_snapshot(request)
    if_none_match = request.headers.get("if-none-match")
    answer = current.snapshot.lookup(account_id)
    if answer is None:
        raise unknown(account_id)
    body, tag = current.complete(answer)
    headers = {"etag": tag, "cache-control": CACHING}
    if if_none_match and _holds(tag, if_none_match):
        return Response(status_code=304, headers=headers)
    request.app.state.counters.scored("lookup", current.snapshot.versions)
    return Response(body, media_type=JSON, headers=headers)


@router.post("/scores", operation_id="getScores", response_model=ScoreBatch)
@requires("read")
def get_scores(wanted: ScoreRequest, request: Request, current: Current) -> Response:
    """Return the newest scores of up to 1,000 accounts, and the ids without a score."""
    ids = list(dict.fromkeys(wanted.account_ids))
    note_accounts(request, ids)
    bodies = current.snapshot.answers(ids)
    request.app.state.counters.scored("batch", current.snapshot.versions, len(bodies))
    missing = ScoreBatch(
        scores=[], not_found=[account_id for account_id in ids if account_id not in bodies]
    )
    scored = b",".join(body + current.ending for body in bodies.values())
    ending = missing.model_dump_json(include={"not_found"}).encode()[1:]
    return Response(b'{"scores":[%s],%s' % (scored, ending), media_type=JSON)


def _holds(tag: str, header: str) -> bool:
    """Say whether one of the tags given is ``tag``; weak comparison (RFC 9110, 13.1.2)."""
    return header.strip() == "*" or tag in (
        sent.strip().removeprefix("W/") for sent in header.split(",")
    )


LOOKUP = cast(APIRoute, router.routes[0])
"""The route of a lookup, for who answers in its place."""
