"""Releases that somebody got wrong or tampered with: refused in a sentence, never a crash."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features.errors import EnvironmentFailure
from models import release
from models.release import ReleaseError
from tests.models.releases import model


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good release, published without the child process: hashes are the matter here."""
    with monkeypatch.context() as quick:
        quick.setattr(release, "check_in_child", lambda _path: None)
        return release.publish(tmp_path / "release", {"upsell": model()}, {})


@pytest.mark.parametrize(
    "change",
    [{"files": []}, {"files": None}, {"models": ["upsell"]}, {"models": {}}],
    ids=["files a list", "files null", "models a list", "no model"],
)
def test_a_manifest_of_another_shape_is_refused(published: Path, change: dict[str, Any]) -> None:
    path = published / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ReleaseError, match=r"manifest\.json"):
        release.verify(published)


@pytest.mark.parametrize("content", ["", "[1]", "null", '{"files": {}}', "\x00"])
def test_a_manifest_that_is_none_is_refused(published: Path, content: str) -> None:
    (published / "manifest.json").write_text(content)
    with pytest.raises(ReleaseError, match="cannot be read"):
        release.verify(published)


def test_a_link_out_of_the_release_is_refused(published: Path, tmp_path: Path) -> None:
    model_file = published / "upsell" / "model.txt"
    outside = tmp_path / "outside.txt"
    model_file.rename(outside)
    model_file.symlink_to(outside)
    (published / "churn").symlink_to(tmp_path)
    with pytest.raises(ReleaseError) as told:
        release.verify(published)
    assert any("model.txt" in one for one in told.value.problems)
    assert any("churn: is not listed" in one for one in told.value.problems)


def test_a_release_without_a_model_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="names no model"):
        release.publish(tmp_path, {}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_a_golden_row_is_not_published(tmp_path: Path) -> None:
    unproven = replace(model(), golden={"rows": [], "expected": []})
    with pytest.raises(ReleaseError, match="no golden row"):
        release.publish(tmp_path, {"upsell": unproven}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFailure, match="cannot be written"):
        release.publish(tmp_path / "file", {"upsell": model()}, {})
