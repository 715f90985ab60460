"""What tests of several packages share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from tests.models.releases import META, model, publish

LONGEST = (
    "tests/engines/test_features.py",
    "tests/features/point_in_time/test_leaks.py",
    "tests/engines/test_build.py",
    "tests/pipelines/cli/test_app.py",
)
"""Files that take a process half a minute or more: begun last, they would run on alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files that take longest first; the order is the same in every process."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one published release; copy it before you spoil it."""
    folder = tmp_path_factory.mktemp("release")
    publish(folder, {"upsell": model()}, META)
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind; in PostgreSQL it is a schema of the test's own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new folder/scores.db"
        return
    server = os.environ.get("EXPANSION_TEST_POSTGRES", "")
    if not server:
        pytest.skip("EXPANSION_TEST_POSTGRES names no PostgreSQL database that may be written to")
    schema = f"test_{os.getpid()}"
    engine = create_engine(server)
    _in_postgres(engine, f"CREATE SCHEMA {schema}")
    joined = "&" if "?" in server else "?"
    yield f"{server}{joined}options=-csearch_path%3D{schema}"
    _in_postgres(engine, f"DROP SCHEMA {schema} CASCADE")
    engine.dispose()


def _in_postgres(engine: Engine, sql: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(sql))
