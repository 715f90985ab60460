"""Asking an application without a server between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import closing
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute

from models.store.scored_inputs import Inputs
from models.store.scores import AccountScore, ScoreStore, Scoring
from serving.services import Services

PROBLEM = "application/problem+json"


def ask(app: FastAPI, method: str, path: str, **more: Any) -> httpx.Response:
    """Return the answer; an error that nobody foresaw is answered, too."""

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **more)

    return asyncio.run(call())


def routes(app: FastAPI) -> list[APIRoute]:
    """Return the application's own routes."""
    return [one for one in app.routes if isinstance(one, APIRoute)]


def services(app: FastAPI) -> Services:
    """Return what stands between the world and the routes."""
    found: Services = app.state.services
    return found


def write_scores(
    app: FastAPI, scoring: Scoring, rows: Iterable[AccountScore], inputs: Inputs | None = None
) -> None:
    """Write a scoring into the store of an application, as a pipeline does beside it."""
    with closing(ScoreStore(services(app)._settings.store_url)) as store:
        store.write(scoring, rows, inputs)
