"""Ranked lists of accounts, page by page, and the score history of an account."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.exceptions import HTTPException

from models.plays.prioritisation import Standing
from models.store.scores import ScoreStore
from serving.auth.scopes import requires
from serving.http.problems import RESPONSES
from serving.queue.audit import note_accounts
from serving.routes.scores import JSON, Current, Id, unknown
from serving.schemas.accounts import MOST_LISTED, MOST_SCORINGS, AccountHistory, AccountList
from serving.schemas.scores import Problem
from serving.snapshot import responses
from serving.snapshot.cursors import Column, Cursor, Order
from serving.snapshot.snapshot import Snapshot
from serving.snapshot.watcher import CurrentSnapshot, SnapshotWatcher

router = APIRouter(prefix="/v1", tags=["lists"], responses=RESPONSES)
PLACES = {
    "expected_expansion_arr": "by_expansion",
    "at_stake": "by_stake",
    "arr_at_risk": "by_risk",
}
GONE: dict[int | str, dict[str, Any]] = {
    410: {"model": Problem, "description": "The list has expired; start again without a cursor."}
}
Filter = Annotated[str | None, Query(min_length=1, max_length=200)]


@router.get("/accounts", operation_id="listAccounts", response_model=AccountList, responses=GONE)
@requires("read")
def list_accounts(
    request: Request,
    current: Current,
    play: Filter = None,
    csm_id: Filter = None,
    segment: Filter = None,
    standing: Standing | None = None,
    order_by: Annotated[
        Order, Query(description="Sort order, highest first.")
    ] = "expected_expansion_arr",
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
    cursor: Annotated[
        str | None,
        Query(
            max_length=2000,
            description="next_cursor of the previous page; replaces all other parameters.",
        ),
    ] = None,
) -> Response:
    """Return a ranked list of accounts, filtered by play, CSM, segment and list status.

    All pages of a list come from the same scoring, even if a newer one arrives in between. After
    two newer scorings the list has expired (410).
    """
    choices: dict[Column, str | None] = {
        "play": play, "csm_id": csm_id, "segment": segment, "standing": standing
    }  # fmt: skip
    filters = {column: value for column, value in choices.items() if value is not None}
    first = Cursor(snapshot=current.snapshot.key, order=order_by, filters=filters)
    position = Cursor.decode(cursor) if cursor else first
    snapshot = snapshot_of(request.app.state.snapshots, position)
    page = snapshot.page(PLACES[position.order], position.filters, position.after, limit)
    note_accounts(request, page.account_ids)
    following = None
    if page.last is not None:
        following = position.model_copy(update={"after": page.last}).encode()
    ending = json.dumps(
        {"total": page.total, "next_cursor": following, **_about(snapshot, current)},
        ensure_ascii=False,
    )
    return Response(
        b'{"accounts":[%s],%s' % (b",".join(page.lines), ending[1:].encode()), media_type=JSON
    )


@router.get("/accounts/{account_id:path}/history", operation_id="getAccountHistory")
@requires("read")
def get_account_history(
    account_id: Id,
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MOST_SCORINGS)] = 52,
) -> AccountHistory:
    """Return the score history of an account, newest first; this queries the score store."""
    store: ScoreStore = request.app.state.store
    scores = store.history(account_id, limit)
    if not scores:
        raise unknown(account_id)
    return AccountHistory(account_id=account_id, scores=[responses.past(score) for score in scores])


def snapshot_of(watch: SnapshotWatcher, position: Cursor) -> Snapshot:
    """Return the snapshot that a list was begun in; ``HTTPException`` 410 when it is gone."""
    snapshot = watch.snapshot(position.snapshot)
    if snapshot is None:
        raise HTTPException(
            410, "This list has expired: newer scores are available. Start again without a cursor."
        )
    return snapshot


def _about(snapshot: Snapshot, current: CurrentSnapshot) -> dict[str, object]:
    """Return which scoring a page comes from, and its age; one that was followed is stale."""
    scoring = snapshot.scoring
    followed = snapshot is not current.snapshot
    age = current.age_days
    if age is not None:
        age = max(0, age + (current.snapshot.scoring.as_of - scoring.as_of).days)
    return {
        "scoring_id": scoring.scoring_id,
        "as_of": scoring.as_of.isoformat(),
        "currency": scoring.currency,
        "age_days": age,
        "stale": followed or current.stale,
    }
