"""The application: routes, errors, limits, and the watch over releases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from models.store import ScoreStore
from serving import problems, routes
from serving.releases import ReleaseWatch
from serving.requests import RequestFrame
from serving.settings import ServingSettings

DESCRIPTION = """Which accounts will grow, shrink or leave, why, and what that is worth.

Scores are computed in batches and read from the score store. There is no sign-in yet: listen on
this machine only, or behind a proxy that knows who may ask.
"""


def create_app(settings: ServingSettings) -> FastAPI:
    """Return the application for one store and one folder of releases."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with app.state.watch.watching(settings.refresh_seconds):
            yield
        app.state.store.close()

    app = FastAPI(
        title="Expansion propensity", version="1", description=DESCRIPTION, lifespan=lifespan
    )
    app.state.store = ScoreStore(settings.store_url)
    app.state.watch = ReleaseWatch(settings.release_folder)
    app.include_router(routes.scores)
    app.include_router(routes.health)
    app.add_middleware(RequestFrame, most_body_bytes=settings.most_body_bytes)
    problems.install(app)
    return app
