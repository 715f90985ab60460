"""What-if: the score of an account with changed inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from features.errors import UsageError
from serving.auth.scopes import requires
from serving.http.problems import RESPONSES, problem_response
from serving.http.strict_json import StrictRoute
from serving.inference import what_if
from serving.routes.dependencies import Models
from serving.routes.scores import JSON, Current, Id, unknown
from serving.schemas.scores import AccountScore, Contracted, ModelVersions, Problem
from serving.schemas.what_if import WhatIf, WhatIfAnswer
from serving.snapshot.watcher import CurrentSnapshot

if TYPE_CHECKING:
    from serving.inference.scorer import Scorer

router = APIRouter(prefix="/v1", tags=["scoring"], responses=RESPONSES, route_class=StrictRoute)
UNKEPT: dict[int | str, dict[str, Any]] = {
    409: {
        "model": Problem,
        "description": "The inputs of the score were not stored, or the outcome is decided.",
    }
}


@router.post(
    "/accounts/{account_id:path}/what-if",
    operation_id="askWhatIf",
    response_model=WhatIfAnswer,
    responses=UNKEPT,
)
@requires("score")
async def ask_what_if(
    account_id: Id, wanted: WhatIf, request: Request, current: Current, models: Models
) -> Response:
    """Score an account with changed inputs, with the release in use.

    Changes must stay within the feature catalogue's ranges. Nothing is stored.
    """
    try:
        answer = await compute_what_if(account_id, wanted, request, current, models)
    except UsageError as error:
        refusal = "These changes are not possible for this account."
        return problem_response(request, 422, refusal, list(error.problems))
    return Response(answer.model_dump_json(), media_type=JSON)


async def compute_what_if(
    account_id: str, wanted: WhatIf, request: Request, current: CurrentSnapshot, models: Scorer
) -> WhatIfAnswer:
    """Return what would become of an account, computed beside the event loop.

    Raises
    ------
    UsageError
        Naming every change that cannot be made.
    HTTPException
        404 or 409 when what the account was scored on is not known.
    """

    def work(_piece: Sequence[str]) -> list[WhatIfAnswer]:
        return [_answer(account_id, wanted, current, models)]

    [answer] = await request.app.state.executor.run(work, [account_id], 1)
    request.app.state.counters.scored("what-if", tuple(models.versions.items()))
    return cast(WhatIfAnswer, answer)


def _answer(
    account_id: str, wanted: WhatIf, current: CurrentSnapshot, models: Scorer
) -> WhatIfAnswer:
    before = _inputs(account_id, current, models)
    contracted = _contracted(account_id, current)
    after = what_if.changed_inputs(models, before, wanted)
    lost = contracted.loss or 0.0 if contracted else 0.0
    was, would_be = what_if.expected(models, [before, after], lost)
    scoring = current.snapshot.scoring
    return WhatIfAnswer(
        account_id=account_id,
        as_of=scoring.as_of,
        currency=scoring.currency,
        changes=what_if.changes(models, before, after),
        before=was,
        after=would_be,
        reasons=what_if.reasons(models, before, after),
        release_id=models.release_id,
        models=ModelVersions.model_validate(models.versions),
        age_days=current.age_days,
        stale=current.stale,
    )


def _contracted(account_id: str, current: CurrentSnapshot) -> Contracted | None:
    """Return what of an account is signed or announced; ``HTTPException`` 409 if that is all."""
    answer = current.snapshot.answers([account_id])[account_id]
    contracted = AccountScore.model_validate_json(answer + current.ending).contracted
    if contracted and contracted.is_decided:
        raise HTTPException(
            409,
            "The outcome of this account is decided: all its subscriptions are known to end by "
            f"{contracted.effective_on}. There is nothing left to predict.",
        )
    return contracted


def _inputs(account_id: str, current: CurrentSnapshot, models: Scorer) -> dict[str, Any]:
    inputs = current.snapshot.inputs(account_id)
    if inputs is None:
        if not current.snapshot.answers([account_id]):
            raise unknown(account_id)
        raise HTTPException(
            409, "The inputs of this scoring were not stored. Run `expansion score` again."
        )
    if missing := [name for name in models.inputs if name not in inputs]:
        raise HTTPException(
            409,
            f"The release in use is newer than the scores: inputs missing: "
            f"{', '.join(missing[:5])}. Run `expansion score`.",
        )
    return inputs
