"""MLflow's records in PostgreSQL: a version's whole life, as in SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.registry import Registry, Run
from tests.models.releases import model

RUN = Run({"seed": 1}, {"auc": 0.7}, {"data_fingerprint": "f" * 64}, "# A card", {})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_versions_live_in_postgres(database_url: str, tmp_path: Path) -> None:
    registry = Registry(database_url, tmp_path / "artifacts")
    first, second = (registry.log("upsell", model(version=one), RUN) for one in "12")
    assert registry.aliases("upsell") == {"challenger": second}
    registry.set_aliases("upsell", first, None)
    registry.set_aliases("upsell", second, first)
    assert registry.aliases("upsell") == {
        "challenger": second, "champion": second, "previous": first,
    }  # fmt: skip
    assert registry.load("upsell", first).text == model().text
    registry.set_aliases("upsell", first, None)
    assert registry.version("upsell", "champion") == first
    assert [one["version"] for one in registry.versions()] == [second, first]
    assert registry.versions()[0]["fingerprint"] == "f" * 64
    assert not list(tmp_path.rglob("*.db"))
