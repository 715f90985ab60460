"""The decision log: actions taken on accounts, and their outcomes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.exceptions import HTTPException

from models.common.clock import naive_utc, utc_now
from models.store.feedback import ErasedAccountError, Feedback, FeedbackStore
from serving.auth.scopes import requires
from serving.http.problems import RESPONSES
from serving.http.strict_json import StrictRoute
from serving.queue.audit import note_accounts
from serving.queue.feedback import FeedbackQueue, IdempotencyConflict
from serving.schemas.feedback import (
    MOST_ENTRIES,
    FeedbackEntry,
    FeedbackLog,
    FeedbackRequest,
    FeedbackTaken,
)
from serving.schemas.scores import AccountId, Moment, Problem

router = APIRouter(prefix="/v1", tags=["feedback"], responses=RESPONSES, route_class=StrictRoute)
TAKEN: dict[int | str, dict[str, Any]] = {
    202: {
        "model": FeedbackTaken,
        "description": "Saved on the server's disk; the score store is unavailable.",
    },
    410: {"model": Problem, "description": "The account was erased."},
}
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Chosen by the caller; a request repeated with it is recorded once.",
    ),
]


@router.post("/feedback", operation_id="giveFeedback", status_code=201, responses=TAKEN)
@requires("feedback")
def give_feedback(
    entry: FeedbackRequest,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> FeedbackTaken:
    """Record the action taken on an account and its outcome.

    A confirmed entry is saved, also while the score store is unavailable (202). The same
    idempotency key with the same body returns the same entry, with another body 422.
    """
    note_accounts(request, [entry.account_id])
    feedback_queue: FeedbackQueue = request.app.state.services.feedback_queue
    try:
        accepted = feedback_queue.add(_entry(entry, _key_id(request), idempotency_key))
    except IdempotencyConflict:
        raise HTTPException(
            422, "This idempotency key was used for a different body. Use a new key."
        ) from None
    except ErasedAccountError:
        raise HTTPException(
            410, "This account was erased. Feedback on it is not recorded."
        ) from None
    response.status_code = 202 if accepted.queued else 201
    return FeedbackTaken(**_shown(accepted.entry), queued=accepted.queued)


@router.get("/feedback", operation_id="listFeedback")
@requires("feedback")
def list_feedback(
    request: Request,
    account_id: Annotated[AccountId | None, Query()] = None,
    since: Annotated[
        Moment | None, Query(description="Only entries recorded from this time on.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 100,
    cursor: Annotated[int, Query(ge=0, lt=2**31)] = 0,
) -> FeedbackLog:
    """Return the decision log, oldest entry first; a cursor never expires."""
    store: FeedbackStore = request.app.state.services.feedback
    entries = store.read(account_id, _naive(since), cursor, limit + 1)
    page = entries[:limit]
    note_accounts(request, sorted({entry.account_id for entry in page}))
    following = page[-1].number if len(entries) > limit else None
    return FeedbackLog(
        entries=[FeedbackEntry(**_shown(entry)) for entry in page], next_cursor=following
    )


def _key_id(request: Request) -> str:
    return str(getattr(request.state, "key_id", ""))


def _entry(request: FeedbackRequest, key_id: str, idempotency_key: str | None) -> Feedback:
    content = request.model_dump_json()
    # Keys of two callers are two keys, even if they read the same.
    key_digest = sha256(f"{key_id} {idempotency_key}".encode()).hexdigest()[:32]
    return Feedback(
        feedback_id=key_digest if idempotency_key else uuid4().hex,
        known_at=naive_utc(utc_now()),
        key_id=key_id,
        digest=sha256(content.encode()).hexdigest(),
        **request.model_dump(),
    )


def _shown(entry: Feedback) -> dict[str, Any]:
    return {**asdict(entry), "known_at": entry.known_at.replace(tzinfo=UTC)}


def _naive(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return naive_utc(moment)
    except OverflowError:
        raise HTTPException(422, "since is outside the years 1 to 9999.") from None
