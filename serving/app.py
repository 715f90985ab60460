"""The application: routes, errors, limits, and the watch over releases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from models.store import ScoreStore
from serving import auth, problems
from serving.editions import EditionWatch
from serving.entrance import Entrance
from serving.lanes import Lanes
from serving.releases import ReleaseWatch
from serving.routes_feedback import feedback
from serving.routes_health import health
from serving.routes_lists import lists
from serving.routes_rows import rows
from serving.routes_scores import scores
from serving.routes_what_if import router as what_if
from serving.settings import ServingSettings

DESCRIPTION = """Which accounts will grow, shrink or leave, why, and what that is worth.

Scores are computed in batches and read from the score store. Send your key with every request, as
`Authorization: Bearer exp_…`.
"""
UNDOCUMENTED: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}


class Api(FastAPI):
    """FastAPI, documenting its errors as what they are."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document; each error is of the problem media type."""
        if self.openapi_schema is None:
            self.openapi_schema = auth.documented(problems.documented(super().openapi()))
        return self.openapi_schema


def create_app(settings: ServingSettings | None = None) -> FastAPI:
    """Return the application for one store and one folder of releases.

    Without ``settings``, those of the environment: so ``uvicorn --factory`` can call it, too.

    Raises
    ------
    UsageError
        When the environment lacks a setting, or the store's URL is none.
    """
    chosen = settings or ServingSettings.from_environment()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        seconds = chosen.refresh_seconds
        with app.state.editions.watching(seconds), app.state.watch.watching(seconds):
            async with entrance.working():
                yield
        app.state.lanes.close()
        app.state.store.close()

    app = Api(
        title="Expansion propensity",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        **({} if chosen.docs == "on" else UNDOCUMENTED),
    )
    app.state.store = ScoreStore(chosen.store_url)
    app.state.editions = EditionWatch(app.state.store, chosen.cache_folder, chosen.stale_days)
    app.state.lanes = Lanes()
    app.state.watch = ReleaseWatch(chosen.release_folder)
    for router in (scores, lists, what_if, rows, feedback, health):
        app.include_router(router)
    app.state.entrance = entrance = Entrance(app, chosen)
    problems.install(app)
    return app
