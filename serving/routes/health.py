"""The probes: liveness and readiness."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving.auth.scopes import PUBLIC, requires
from serving.inference.release_watcher import ReleaseWatcher
from serving.schemas.scores import Live, Ready
from serving.snapshot.forecast import ForecastWatcher
from serving.snapshot.watcher import SnapshotWatcher

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", operation_id="isLive")
@requires(PUBLIC)
async def is_live() -> Live:
    """Return that the process is running."""
    return Live()


DRAINING = "the server is shutting down"


@router.get("/ready", operation_id="isReady", responses={503: {"model": Ready}})
@requires(PUBLIC)
async def is_ready(request: Request, response: Response) -> Ready:
    """Return whether scores can be served, and problems with the store or a newer release."""
    snapshots: SnapshotWatcher = request.app.state.snapshots
    watch: ReleaseWatcher = request.app.state.releases
    forecasts: ForecastWatcher = request.app.state.forecasts
    waiting: tuple[str, ...] = request.app.state.services.problems
    current = snapshots.current
    draining: bool = request.app.state.draining
    # Where no model is in use there are scores without a release: accounts, plays and rankings.
    has_models = watch.release_id is not None or (
        current is not None and current.snapshot.scoring.release_id is None
    )
    is_ready = current is not None and has_models and not draining
    response.status_code = 200 if is_ready else 503
    return Ready(
        status="ready" if is_ready else "not ready",
        as_of=current.snapshot.scoring.as_of if current else None,
        stale=current.stale if current else None,
        release_id=watch.release_id,
        problems=list(
            dict.fromkeys(
                (
                    *([DRAINING] if draining else ()),
                    *watch.problems,
                    *snapshots.problems,
                    *forecasts.problems,
                    *waiting,
                )
            )
        ),
    )
