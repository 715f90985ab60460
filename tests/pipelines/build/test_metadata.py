"""What a feature table says of itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.build import metadata
from pipelines.ingest.tables import ingest
from tests.pipelines.small import company
from tests.pipelines.source_tree import change_deep_file, package


def test_other_definitions_two_folders_down_are_other_definitions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = package(tmp_path / "code")
    monkeypatch.setattr(metadata, "FEATURES", code)
    settings = company(tmp_path)
    manifest, dates = ingest(settings), [date(2024, 4, 1)]
    before = metadata.describe(settings, manifest, dates)
    assert metadata.describe(settings, manifest, dates) == before
    change_deep_file(code)
    after = metadata.describe(settings, manifest, dates)
    assert {name for name in before if before[name] != after[name]} == {"definitions"}
