"""What a training depends on: the same of it is not trained again."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.lifecycle import train as training
from tests.pipelines.small import company
from tests.pipelines.source_tree import change_deep_file, package


def test_other_models_two_folders_down_are_trained_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = package(tmp_path / "code")
    monkeypatch.setattr(training, "MODELS", code)
    settings = company(tmp_path)
    settings.feature_table.parent.mkdir(parents=True, exist_ok=True)
    settings.feature_table.write_bytes(b"a table")

    def digest() -> str:
        return training._digest(settings.feature_table, settings.train, [["upsell"], 0, 10])

    before = digest()
    assert digest() == before
    change_deep_file(code)
    assert digest() != before
