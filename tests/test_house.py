"""Rules of the house that no other tool looks after."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
IMPORTS = grimp.build_graph(
    "features", "models", "pipelines", "serving", include_external_packages=True, cache_dir=None
)
DOORS = {"mlflow": "models.registry", "evidently": "pipelines.monitoring.evidently_report"}
PICKLERS = {"pickle", "joblib", "cloudpickle", "dill"}


@pytest.mark.parametrize("library", DOORS)
def test_a_library_with_one_door_is_imported_there_only(library: str) -> None:
    importers = IMPORTS.find_modules_that_directly_import(library)
    assert importers
    assert {name for name in importers if not f"{name}.".startswith(f"{DOORS[library]}.")} == set()


def test_fastapi_stays_in_serving() -> None:
    importers = IMPORTS.find_modules_that_directly_import("fastapi")
    assert {name.split(".")[0] for name in importers} == {"serving"}


def test_nothing_is_pickled() -> None:
    assert "json" in IMPORTS.modules, "the graph knows no library, so it proves nothing"
    assert IMPORTS.modules & PICKLERS == set()


@pytest.mark.parametrize(("lock", "least"), [
    ("requirements", 50), ("requirements-spark", 2),
    ("requirements-serving", 20), ("requirements-pipelines", 50),
])  # fmt: skip
def test_a_lock_names_no_index_and_hashes_everything(lock: str, least: int) -> None:
    text = (ROOT / f"{lock}.lock").read_text("utf-8")
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9][^ ]*==[^ ]+ (?:; [^\\]+ )?\\$", text, re.MULTILINE)
    assert len(pinned) > least
    assert len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) == len(pinned)


@pytest.mark.parametrize("side", ["serving", "pipelines"])
def test_an_image_has_all_that_its_extra_names(side: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    text = (ROOT / f"requirements-{side}.lock").read_text("utf-8")
    named = {re.split(r"[^A-Za-z0-9-]", one)[0] for one in extras[side]}
    assert not [one for one in named if f"\n{one}==" not in f"\n{text}"], "run `make lock`"


@pytest.mark.parametrize("side", ["serving", "pipelines"])
def test_an_image_has_the_versions_that_are_tested(side: str) -> None:
    whole, part = (
        set(
            re.findall(
                r"^[a-z0-9-]+==[^ ]+", (ROOT / f"{name}.lock").read_text("utf-8"), re.MULTILINE
            )
        )
        for name in ("requirements", f"requirements-{side}")
    )
    assert part <= whole


def test_the_servers_image_has_no_library_of_the_pipelines() -> None:
    text = (ROOT / "requirements-serving.lock").read_text("utf-8")
    assert not re.findall(
        r"^(?:pandas|scikit-learn|mlflow|ibis|evidently|duckdb|pyarrow)\b", text, re.MULTILINE
    )


def test_both_locks_agree() -> None:
    common, spark = (
        dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", path.read_text("utf-8"), re.MULTILINE))
        for path in (ROOT / "requirements.lock", ROOT / "requirements-spark.lock")
    )
    assert {name: spark[name] for name in spark if name in common} == {
        name: common[name] for name in spark if name in common
    }
    assert set(spark) - set(common) == {"pyspark", "py4j"}
