"""The application: routes, errors, limits, and the reload of new releases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from features.labels.targets import TARGETS
from models.i18n.number_format import WORDS
from models.store.forecasts import ForecastStore
from models.store.scores import ScoreStore
from serving.auth.scopes import PUBLIC, RouteScopes, requires, with_security
from serving.http import problems
from serving.http.executor import ComputeExecutor
from serving.inference.release_watcher import ReleaseWatcher
from serving.pages import sign_in, views
from serving.pages.rendering import problem_page
from serving.polling import polling
from serving.routes import (
    accounts,
    feedback,
    health,
    metrics,
    models,
    portfolio,
    rows,
    scores,
    what_if,
)
from serving.routes.metrics import MetricsCollector
from serving.routes.score_fast_path import ScoreFastPath
from serving.services import Services
from serving.settings import ServingSettings
from serving.snapshot.forecast import ForecastWatcher
from serving.snapshot.watcher import SnapshotWatcher
from serving.telemetry import setup
from serving.telemetry.counters import Counters

*_OTHERS, _LAST = (target.title.lower() for target in TARGETS.values())
DESCRIPTION = f"""Probabilities of {", ".join(_OTHERS)} and {_LAST}, with drivers and plays.

Scores are computed in batches and read from the score store. Send your key with every request, as
`Authorization: Bearer exp_…`.
"""
ROUTERS = tuple(
    subject.router
    for subject in (scores, accounts, portfolio, what_if, rows, models, feedback, health)
)
UNDOCUMENTED: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}


class Api(FastAPI):
    """FastAPI, documenting its errors as what they are."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document; each error is of the problem media type."""
        if self.openapi_schema is None:
            document = problems.with_problem_media_type(super().openapi())
            self.openapi_schema = with_security(document, self.routes)
        return self.openapi_schema


def create_app(settings: ServingSettings | None = None) -> FastAPI:
    """Return the application for one store and one folder of releases.

    Without ``settings``, those of the environment: so ``uvicorn --factory`` can call it, too.

    Raises
    ------
    UsageError
        When the environment lacks a setting, or the store's URL is none.
    ValueError
        When a route declares no scope.
    """
    chosen = settings or ServingSettings.from_environment()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        watchers = {
            "the score store": app.state.snapshots,
            "the forecast": app.state.forecasts,
            "the release": app.state.releases,
        }
        with ExitStack() as stack:
            for name, watcher in watchers.items():
                stack.enter_context(polling(watcher, chosen.refresh_seconds, name))
            async with services.working():
                yield
        app.state.executor.close()
        app.state.forecasts.close()
        app.state.store.close()

    app = Api(
        title="Expansion propensity",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        **({} if chosen.docs == "on" else UNDOCUMENTED),
    )
    app.state.draining = False
    app.state.counters = counters = Counters()
    app.state.store = ScoreStore(chosen.store_url, upgrades=False)
    app.state.snapshots = SnapshotWatcher(app.state.store, chosen.cache_folder, chosen.stale_days)
    app.state.forecasts = ForecastWatcher(ForecastStore(chosen.store_url, upgrades=False))
    app.state.executor = ComputeExecutor()
    app.state.releases = ReleaseWatcher(chosen.release_folder, WORDS[chosen.language])
    if chosen.metrics != "off":
        app.state.metrics = MetricsCollector(app.state)
    _add_routes(app, chosen)
    app.add_middleware(ScoreFastPath, snapshots=app.state.snapshots, counters=counters)
    route_scopes = RouteScopes(app.routes, public=("metrics",) if chosen.metrics == "open" else ())
    app.state.services = services = Services(app, route_scopes, chosen)
    if chosen.app == "on":
        app.state.sessions, app.state.problem_page = services.sessions, problem_page
    setup.install(app)
    problems.install(app)
    return app


def _add_routes(app: FastAPI, settings: ServingSettings) -> None:
    """Give the application its routes, look-ups first: each request is matched in this order."""
    # FastAPI makes these itself: they describe the API and hold nothing of an account.
    documentation = [*app.router.routes]
    for route in documentation:
        requires(PUBLIC)(route.endpoint)  # type: ignore[attr-defined]
    routers = [
        *ROUTERS,
        *((metrics.router,) if settings.metrics != "off" else ()),
        *((sign_in.router, views.router) if settings.app == "on" else ()),
    ]
    # Included routers are walked anew for each request; these routes know their prefix already.
    routes = [route for router in routers for route in router.routes]
    app.router.routes[:] = [*routes, *documentation]
