"""``expansion store``: which schema the score store has, and the way to the newest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.store.migrations.version import VERSION
from pipelines.common.lock import exclusive
from tests.models.store import baseline
from tests.pipelines.cli.test_app import SETTINGS, expansion


@pytest.fixture
def company(tmp_path: Path, database_url: str) -> Path:
    """A company whose store was written by the code of before there were migrations."""
    (tmp_path / "expansion.toml").write_text(f'{SETTINGS}\n[store]\nurl = "{database_url}"\n')
    baseline.load(database_url)
    return tmp_path


def printed(company: Path, verb: str) -> str:
    return expansion(company, "store", verb).stdout


def test_an_old_store_is_upgraded_once(company: Path) -> None:
    assert f"has schema 0001; this version knows schema {VERSION}" in printed(company, "status")
    assert f"upgraded from schema 0001 to {VERSION}" in printed(company, "upgrade")
    assert "nothing to do" in printed(company, "upgrade")
    assert "store upgrade" not in printed(company, "status")


def test_as_json_both_versions_are_named(company: Path, database_url: str) -> None:
    before = json.loads(expansion(company, "store", "status", "--json").stdout)
    assert (before["schema"], before["newest"]) == ("0001", VERSION)
    done = json.loads(expansion(company, "store", "upgrade", "--json").stdout)
    assert (done["before"], done["schema"]) == ("0001", VERSION)
    assert "local" not in done["store"], "a password is never shown"
    assert len(baseline.rows(database_url)["scores"]) == baseline.COUNTS["scores"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_while_the_weekly_run_is_under_way_nothing_is_upgraded(
    company: Path, database_url: str
) -> None:
    before = baseline.rows(database_url)
    with exclusive(company / "work" / "weekly" / "lock"):
        refused = expansion(company, "store", "upgrade")
    assert refused.returncode == 3
    assert "the weekly run is under way" in refused.stderr
    assert baseline.rows(database_url) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_verb_that_reads_an_old_store_upgrades_it(company: Path) -> None:
    listed = json.loads(expansion(company, "keys", "list", "--json").stdout)
    assert {key["name"] for key in listed["items"]} == {"crm", "former crm"}
    assert "nothing to do" in printed(company, "upgrade")
