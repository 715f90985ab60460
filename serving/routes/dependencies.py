"""The release in use, as a route asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from serving.inference.scorer import Scorer
else:
    # LightGBM is imported with the first release, so that the first answers do not wait for it.
    Scorer = object


async def scorer(request: Request) -> Scorer:
    """Return the release in use; ``HTTPException`` 503 names why there is none."""
    watch = request.app.state.releases
    if watch.scorer is None:
        raise HTTPException(503, f"No model is available: {watch.problems[0]}.")
    scorer_in_use: Scorer = watch.scorer
    return scorer_in_use


Models = Annotated[Scorer, Depends(scorer)]
