"""Whether the process lives, and whether it can give scores."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving.auth.scopes import PUBLIC, requires
from serving.inference.release_watcher import ReleaseWatch
from serving.schemas.scores import Live, Ready
from serving.snapshot.forecast import ForecastWatch
from serving.snapshot.watcher import EditionWatch

health = APIRouter(prefix="/health", tags=["health"])


@health.get("/live", operation_id="isLive")
@requires(PUBLIC)
async def live() -> Live:
    """Answer as long as the process does."""
    return Live()


LEAVING = "the server was told to stop"


@health.get("/ready", operation_id="isReady", responses={503: {"model": Ready}})
@requires(PUBLIC)
async def ready(request: Request, response: Response) -> Ready:
    """Say whether scores can be given, and what is wrong: with the store, or a newer release."""
    editions: EditionWatch = request.app.state.editions
    watch: ReleaseWatch = request.app.state.watch
    forecasts: ForecastWatch = request.app.state.forecasts
    waiting: tuple[str, ...] = request.app.state.entrance.problems
    shown = editions.shown
    leaving: bool = request.app.state.leaving
    is_ready = shown is not None and watch.release_id is not None and not leaving
    response.status_code = 200 if is_ready else 503
    return Ready(
        status="ready" if is_ready else "not ready",
        as_of=shown.edition.scoring.as_of if shown else None,
        stale=shown.stale if shown else None,
        release_id=watch.release_id,
        problems=list(
            dict.fromkeys(
                (
                    *([LEAVING] if leaving else ()),
                    *watch.problems,
                    *editions.problems,
                    *forecasts.problems,
                    *waiting,
                )
            )
        ),
    )
