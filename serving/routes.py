"""The routes; each reads what was published and answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.exceptions import HTTPException

from features.errors import EnvironmentFailure
from models.store import ScoreStore, StoredScore
from serving.problems import RESPONSES
from serving.releases import ReleaseWatch
from serving.schemas import (
    AccountScore,
    Live,
    Probabilities,
    Ready,
    ScoreBatch,
    ScoreRequest,
    Versions,
)

scores = APIRouter(prefix="/v1", tags=["scores"], responses=RESPONSES)
health = APIRouter(prefix="/health", tags=["health"])


def _store(request: Request) -> ScoreStore:
    store: ScoreStore = request.app.state.store
    return store


def _watch(request: Request) -> ReleaseWatch:
    watch: ReleaseWatch = request.app.state.watch
    return watch


Store = Annotated[ScoreStore, Depends(_store)]
Watch = Annotated[ReleaseWatch, Depends(_watch)]


@scores.get("/accounts/{account_id}/score", operation_id="getAccountScore")
def account_score(
    account_id: Annotated[str, Path(max_length=200, examples=["a-000012"])], store: Store
) -> AccountScore:
    """Return the newest score of one account, with its reasons."""
    found = store.account(account_id)
    if found is None:
        raise HTTPException(
            404,
            f"There is no score for account {account_id!r}: it is unknown, or it had no running "
            "subscription when accounts were last scored.",
        )
    return answer(found)


@scores.post("/scores", operation_id="getScores")
def batch_scores(wanted: ScoreRequest, store: Store) -> ScoreBatch:
    """Return the newest scores of up to 1,000 accounts; those without one are listed."""
    ids = list(dict.fromkeys(wanted.account_ids))
    found = store.accounts(ids)
    return ScoreBatch(
        scores=[answer(found[one]) for one in ids if one in found],
        not_found=[one for one in ids if one not in found],
    )


@health.get("/live", operation_id="isLive")
async def live() -> Live:
    """Answer as long as the process does."""
    return Live()


@health.get("/ready", operation_id="isReady", responses={503: {"model": Ready}})
def ready(store: Store, watch: Watch, response: Response) -> Ready:
    """Say whether scores can be given: the store has some, and the release passed its checks."""
    problems = list(watch.problems)
    newest = None
    try:
        newest = store.newest()
    except EnvironmentFailure as error:
        problems += error.problems
    else:
        problems += [] if newest else ["the score store holds no scores; run `expansion score`"]
    if newest is None or watch.release_id is None:
        response.status_code = 503
    return Ready(
        status="ready" if response.status_code != 503 else "not ready",
        as_of=newest.as_of if newest else None,
        release_id=watch.release_id,
        problems=problems,
    )


def answer(stored: StoredScore) -> AccountScore:
    """Return a stored score as it is answered."""
    scoring = stored.scoring
    return AccountScore.model_validate(
        {
            "account_id": stored.account_id,
            "name": stored.name,
            "csm_id": stored.csm_id,
            "segment": stored.segment,
            "as_of": scoring.as_of,
            "scored_at": scoring.created_at,
            "horizon_days": scoring.horizon_days,
            "currency": scoring.currency,
            "arr": stored.arr,
            "rank": stored.rank,
            "probabilities": Probabilities(**stored.probabilities),
            "expected_expansion_arr": stored.expected_expansion_arr,
            "arr_at_risk": stored.arr_at_risk,
            "reasons": stored.reasons,
            "versions": Versions(
                scoring_id=scoring.scoring_id,
                release_id=scoring.release_id,
                data_fingerprint=scoring.data_fingerprint,
                models=dict(scoring.models),
            ),
        }
    )
