"""Rules of the house that no other tool looks after."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("features", "models", "pipelines", "serving")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
DOORS = {"mlflow": "models/registry/", "evidently": "pipelines/monitoring/evidently_report.py"}


@pytest.mark.parametrize("library", DOORS)
def test_a_library_with_one_door_is_imported_there_only(library: str) -> None:
    pattern = re.compile(rf"^\s*(?:import|from) {library}\b", re.MULTILINE)
    found = {str(p.relative_to(ROOT)) for p in SOURCES if pattern.search(p.read_text("utf-8"))}
    assert {one for one in found if not one.startswith(DOORS[library])} == set()
    assert found


def test_fastapi_stays_in_serving() -> None:
    pattern = re.compile(r"^\s*(?:import|from) fastapi\b", re.MULTILINE)
    found = {p.relative_to(ROOT).parts[0] for p in SOURCES if pattern.search(p.read_text("utf-8"))}
    assert found == {"serving"}


def test_nothing_is_pickled() -> None:
    pattern = re.compile(r"\b(?:pickle|joblib|cloudpickle|dill)\b")
    found = [str(p.relative_to(ROOT)) for p in SOURCES if pattern.search(p.read_text("utf-8"))]
    assert found == []


def test_half_of_the_files_are_short() -> None:
    lengths = sorted(len(path.read_text("utf-8").splitlines()) for path in SOURCES)
    assert lengths[len(lengths) // 2] < 150


@pytest.mark.parametrize(("lock", "least"), [
    ("requirements", 50), ("requirements-spark", 2),
    ("requirements-serving", 20), ("requirements-pipelines", 50),
])  # fmt: skip
def test_a_lock_names_no_index_and_hashes_everything(lock: str, least: int) -> None:
    text = (ROOT / f"{lock}.lock").read_text("utf-8")
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9][^ ]*==[^ ]+ \\$", text, re.MULTILINE)
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
