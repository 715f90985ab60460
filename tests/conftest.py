"""What tests of several packages share."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, text

from tests.models.releases import META, model, publish

# The machine is shared: no test is about how long an example takes.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

TESTS = Path(__file__).parent
CATEGORIES = {"spec": "spec", "engines": "engine", "process": "process", "browser": "browser"}
"""The category of the tests of a folder; those of all others are unit tests."""
SLOW = (
    "benchmarks/test_later.py::test_nothing_that",
    "benchmarks/test_later.py::test_the_day",
    "benchmarks/test_later.py::test_whoever",
    "features/declaration/test_oracle.py",
    "features/labels/test_reconciliation.py",
    "features/labels/test_targets.py::test_some_targets_can_be_asked",
    "features/point_in_time/test_days.py",
    "features/point_in_time/test_leaks.py",
    "features/provenance/test_row.py",
    "features/subscriptions/test_contracted_arr.py",
    "features/test_catalogue.py::test_every_target_befalls",
    "features/test_catalogue.py::test_values_of_the_demo_company",
    "models/dataset/test_matrix.py::test_names_that_say_nothing",
    "models/dataset/test_matrix.py::test_two_sectors",
    "models/evaluation/test_report.py",
    "models/evaluation/test_skill.py",
    "models/explanation/test_importance.py",
    "models/forecast/test_common_shocks.py",
    "models/forecast/test_nrr.py",
    "models/forecast/test_seat_demand.py",
    "models/lifecycle",
    "models/release/test_bundle.py",
    "models/release/test_hostile_release.py",
    "models/release/test_lightgbm_text.py::test_no_index",
    "models/release/test_lightgbm_text.py::test_no_index_that",
    "models/statistics/test_cohort_comparison.py::test_the_picture",
    "models/store/test_migrations.py",
    "models/store/test_scores.py::test_readers_see_one_scoring",
    "models/training/test_amounts.py",
    "models/training/test_amounts.py::test_a_share",
    "models/training/test_classifier.py",
    "models/training/test_tuning.py",
    "pipelines/build/test_incremental.py",
    "pipelines/cli/test_app.py",
    "pipelines/cli/test_next_step.py",
    "pipelines/config/test_company_features.py",
    "pipelines/config/test_company_labels.py",
    "pipelines/config/test_company_labels.py::test_what_does_not_hold",
    "pipelines/config/test_examples.py",
    "pipelines/config/test_mapping.py",
    "pipelines/delivery/test_notify.py",
    "pipelines/delivery/test_notify.py::test_killed",
    "pipelines/ingest/company_columns",
    "pipelines/ingest/summary/test_hints.py",
    "pipelines/ingest/test_attribute_history.py",
    "pipelines/ingest/test_attribute_record.py",
    "pipelines/ingest/test_check.py::test_a_",
    "pipelines/ingest/test_check.py::test_missing",
    "pipelines/ingest/test_check.py::test_no_bar",
    "pipelines/ingest/test_check.py::test_what_is",
    "pipelines/ingest/test_check.py::test_who_decided",
    "pipelines/ingest/test_files_in_sql.py",
    "pipelines/ingest/test_folders.py",
    "pipelines/ingest/test_future.py",
    "pipelines/ingest/test_order_of_rows_and_files.py",
    "pipelines/ingest/test_placeholder_days.py",
    "pipelines/ingest/test_tables.py",
    "pipelines/ingest/test_time_zones.py",
    "pipelines/lifecycle",
    "pipelines/monitoring/test_evidently_report.py",
    "pipelines/report/test_report.py",
    "pipelines/report/test_weeks.py",
    "pipelines/scoring",
    "pipelines/security/test_erase.py",
    "pipelines/synthetic",
    "serving/inference/test_row_validation.py::test_rows_get",
    "serving/openapi/test_client.py::test_every_route",
    "serving/queue/test_feedback.py::test_whatever_is_sent",
    "serving/routes/test_metrics.py::test_a_refused_release",
    "serving/test_app.py::test_a_broken_newer_release",
    "serving/test_app.py::test_a_store_that_is_gone",
    "serving/test_app.py::test_ready_only",
    "spec/test_journey.py",
    "support/test_company.py::test_a_company_without",
    "support/test_company.py::test_a_missing_row",
)
"""What trains, simulates or computes for long: ``make quick`` leaves it out."""
LONGEST = (
    "engines/test_features.py",
    "features/point_in_time/test_leaks.py",
    "engines/test_build.py",
    "pipelines/cli/test_app.py",
)
"""Files that take a process half a minute or more: begun last, they would run on alone."""
# Expressions of Ibis are many small objects that live long: looking for garbage among them takes
# an eighth of the time of a test.
gc.set_threshold(200_000, 50, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its category; run the files that take longest first.

    The order is the same in every process.
    """
    for item in items:
        item.add_marker(category(item))
        if is_slow(item):
            item.add_marker("slow")
    items.sort(key=lambda item: not place(item).startswith(LONGEST))


def place(item: pytest.Item) -> str:
    """Return the path within this folder and the name of a test."""
    return f"{item.path.relative_to(TESTS).as_posix()}::{item.name}"


def category(item: pytest.Item) -> str:
    """Return the one category of a test; in each folder PostgreSQL makes it a test of an engine."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    if parameters.get("database_url") == "postgresql":
        return "engine"
    if parameters.get("engine") == "duckdb":
        return "spec"
    return CATEGORIES.get(place(item).split("/")[0], "unit")


def is_slow(item: pytest.Item) -> bool:
    """Say whether ``make quick`` leaves a test out.

    It reads the specs that can share a company all at once (``engines/test_features.py``), not
    one by one.
    """
    if place(item).startswith("spec/"):
        from tests.support.gathered import SPECS

        return item.module in SPECS  # type: ignore[attr-defined]
    return place(item).startswith(SLOW)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one published release; copy it before you spoil it."""
    folder = tmp_path_factory.mktemp("release")
    publish(folder, {"upsell": model()}, META)
    return folder


@pytest.fixture(scope="session")
def simulated_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the one simulated company, to be read only."""
    from tests.support import shared

    return shared.once(tmp_path_factory, "simulated-company", shared.simulated) / "source"


@pytest.fixture(scope="session")
def finished_company(tmp_path_factory: pytest.TempPathFactory, simulated_company: Path) -> Path:
    """The folder of that company, built, trained, scored and reported; copy it to change it."""
    from tests.support import shared

    return shared.once(
        tmp_path_factory,
        "finished-company",
        lambda folder: shared.finished(folder, simulated_company),
    )


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
