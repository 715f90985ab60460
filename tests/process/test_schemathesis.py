"""The API against its own document; ``python -m tests.drills.conform`` is the long form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from starlette.types import Receive, Scope, Send

from models.store.scores import ScoreStore
from serving.app import create_app
from serving.settings import ServingSettings
from tests.drills.conform import CONFIG
from tests.models.releases import account, scoring
from tests.serving.asking import routes

EXAMPLES = 4


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, released: Path) -> Iterator[FastAPI]:
    """An application that answers everybody, and says so in its document."""
    url = f"sqlite:///{tmp_path_factory.mktemp('conform') / 's.db'}"
    store = ScoreStore(url)
    store.write(scoring(accounts=1), [account("a-000012")])
    store.close()
    app = create_app(ServingSettings(store_url=url, release_folder=released, keys="off"))
    for path in app.openapi()["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
    app.state.snapshots.refresh()
    app.state.releases.refresh()
    yield app
    app.state.executor.close()
    app.state.store.close()


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_operation_does_as_the_document_says(app: FastAPI, mode: GenerationMode) -> None:
    config = SchemathesisConfig.from_path(CONFIG)
    schema = schemathesis.openapi.from_asgi("/openapi.json", _Started(app), config=config)
    found = list(schema.get_all_operations())
    operations = [one.ok() for one in found if isinstance(one, Ok)]
    for operation in operations:
        # What takes nothing cannot be given anything wrong.
        if mode is GenerationMode.POSITIVE or operation.body or operation.path_parameters:
            _hold(operation, mode)
    assert len(operations) == len([one for one in routes(app) if one.include_in_schema])


class _Started:
    """An application that is up: schemathesis would start and stop it for each request."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})


def _hold(operation: Any, mode: GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def hold(case: Any) -> None:
        case.call_and_validate()

    hold()
