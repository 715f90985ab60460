"""The routes; each reads what was published and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.exceptions import HTTPException

from features.errors import EnvironmentFailure
from models.store import ScoreStore, StoredScore
from serving.problems import RESPONSES
from serving.releases import ReleaseWatch
from serving.schemas import (
    AccountId,
    AccountScore,
    Live,
    ModelVersions,
    Probabilities,
    Ready,
    ScoreBatch,
    ScoreRequest,
    Versions,
)

NO_SCORES = "the score store holds no scores yet; run `expansion score`"

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
    account_id: Annotated[AccountId, Path(examples=["a-000012"])], store: Store
) -> AccountScore:
    """Return the newest score of one account, with its reasons."""
    found = _read(store, [account_id])
    if not found:
        raise HTTPException(
            404,
            f"There is no score for account {account_id!r}. Check the id: it is unknown, or had "
            "no running subscription when accounts were last scored; a new account is scored "
            "with the next `expansion score`.",
        )
    return answer(found[account_id])


@scores.post("/scores", operation_id="getScores")
def batch_scores(wanted: ScoreRequest, store: Store) -> ScoreBatch:
    """Return the newest scores of up to 1,000 accounts; those without one are listed."""
    ids = list(dict.fromkeys(wanted.account_ids))
    found = _read(store, ids)
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
        problems += [] if newest else [NO_SCORES]
    if newest is None or watch.release_id is None:
        response.status_code = 503
    return Ready(
        status="ready" if response.status_code != 503 else "not ready",
        as_of=newest.as_of if newest else None,
        release_id=watch.release_id,
        problems=problems,
    )


def _read(store: ScoreStore, ids: Sequence[str]) -> dict[str, StoredScore]:
    found = store.accounts(ids)
    # Without this, a store not yet filled would make every account look unknown.
    if not found and store.newest() is None:
        raise HTTPException(503, f"{NO_SCORES}; no account can be answered before.")
    return found


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
            "scored_at": scoring.created_at.replace(tzinfo=UTC),
            "horizon_days": scoring.horizon_days,
            "currency": scoring.currency,
            "arr": stored.arr,
            "rank": stored.rank,
            "probabilities": Probabilities(**stored.probabilities),
            "expected_expansion_arr": stored.expected_expansion_arr,
            "arr_at_risk": stored.arr_at_risk,
            "decision": asdict(stored.decision) if stored.decision else None,
            "reasons": stored.reasons,
            "versions": Versions(
                scoring_id=scoring.scoring_id,
                release_id=scoring.release_id,
                data_fingerprint=scoring.data_fingerprint,
                models=ModelVersions.model_validate(scoring.models),
            ),
        }
    )
