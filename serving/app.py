"""The application: routes, errors, limits, and the watch over releases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from models.figures import WORDS
from models.forecast_store import ForecastStore
from models.store import ScoreStore
from serving import auth, problems, telemetry
from serving.editions import EditionWatch
from serving.entrance import Entrance
from serving.forecasts import ForecastWatch
from serving.lanes import Lanes
from serving.meter import Meter
from serving.metrics import Metrics
from serving.pages import pages
from serving.pages_entry import entry
from serving.releases import ReleaseWatch
from serving.render import problem_page
from serving.routes_feedback import feedback
from serving.routes_health import health
from serving.routes_lists import lists
from serving.routes_metrics import metrics
from serving.routes_models import router as models
from serving.routes_portfolio import router as portfolio
from serving.routes_rows import rows
from serving.routes_scores import scores
from serving.routes_what_if import router as what_if
from serving.settings import ServingSettings
from serving.shortcut import Shortcut

DESCRIPTION = """Which accounts will grow, shrink or leave, why, and what that is worth.

Scores are computed in batches and read from the score store. Send your key with every request, as
`Authorization: Bearer exp_…`.
"""
ROUTERS = (scores, lists, portfolio, what_if, rows, models, feedback, health)
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
        with ExitStack() as watches:
            for watch in (app.state.editions, app.state.forecasts, app.state.watch):
                watches.enter_context(watch.watching(chosen.refresh_seconds))
            async with entrance.working():
                yield
        app.state.lanes.close()
        app.state.forecasts.close()
        app.state.store.close()

    app = Api(
        title="Expansion propensity",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        **({} if chosen.docs == "on" else UNDOCUMENTED),
    )
    app.state.leaving = False
    app.state.meter = meter = Meter()
    app.state.store = ScoreStore(chosen.store_url)
    app.state.editions = EditionWatch(app.state.store, chosen.cache_folder, chosen.stale_days)
    app.state.forecasts = ForecastWatch(ForecastStore(chosen.store_url))
    app.state.lanes = Lanes()
    app.state.watch = ReleaseWatch(chosen.release_folder, WORDS[chosen.language])
    for router in ROUTERS:
        # Included routers are walked anew for each request; these routes know their prefix already.
        app.router.routes.extend(router.routes)
    if chosen.metrics != "off":
        app.state.metrics = Metrics(app.state)
        app.router.routes.extend(metrics.routes)
    app.add_middleware(Shortcut, editions=app.state.editions, meter=meter)
    app.state.entrance = entrance = Entrance(app, chosen)
    if chosen.app == "on":
        app.router.routes.extend([*entry.routes, *pages.routes])
        app.state.sessions, app.state.problem_page = entrance.sessions, problem_page
    telemetry.install(app)
    problems.install(app)
    return app
