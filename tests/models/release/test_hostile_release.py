"""Releases that somebody got wrong or tampered with: refused in a sentence, never a crash."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from features.errors import EnvironmentFailure
from models.release import bundle, golden_rows
from models.release.model_files import FORMAT, ReleaseError
from tests.models.releases import model, publish, sealed
from tests.support.cards import card_json


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good release, published without the child process: hashes are the matter here."""
    with monkeypatch.context() as quick:
        quick.setattr(bundle, "check_in_child", lambda _path: None)
        return publish(tmp_path / "release", {"upsell": model()}, {})


@pytest.mark.parametrize(
    "change",
    [{"files": []}, {"files": None}, {"models": ["upsell"]}, {"models": {}}],
    ids=["files a list", "files null", "models a list", "no model"],
)
def test_a_manifest_of_another_shape_is_refused(published: Path, change: dict[str, Any]) -> None:
    path = published / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ReleaseError, match=r"manifest\.json"):
        bundle.verify(published)


@pytest.mark.parametrize("content", ["", "[1]", "null", '{"files": {}}', "\x00"])
def test_a_manifest_that_is_none_is_refused(published: Path, content: str) -> None:
    (published / "manifest.json").write_text(content)
    with pytest.raises(ReleaseError, match="cannot be read"):
        bundle.verify(published)


def test_a_link_out_of_the_release_is_refused(published: Path, tmp_path: Path) -> None:
    model_file = published / "upsell" / "model.txt"
    outside = tmp_path / "outside.txt"
    model_file.rename(outside)
    model_file.symlink_to(outside)
    (published / "churn").symlink_to(tmp_path)
    with pytest.raises(ReleaseError) as told:
        bundle.verify(published)
    assert any("model.txt" in one for one in told.value.problems)
    assert any("churn: is not listed" in one for one in told.value.problems)


def test_mended_hashes_do_not_fit_the_id(published: Path) -> None:
    (published / "upsell" / "card.json").write_text("{}")
    fitting = sealed(published)
    bundle.verify(published)
    path = published / "manifest.json"
    path.write_text(path.read_text().replace(fitting, published.name))
    with pytest.raises(ReleaseError, match="does not fit its id"):
        bundle.verify(published)


def test_a_sealed_file_that_no_model_has_is_refused(published: Path) -> None:
    (published / "upsell" / "extra.py").write_text("1 / 0")
    sealed(published)
    with pytest.raises(ReleaseError, match=r"extra\.py: is no file of a model"):
        bundle.verify(published)


def test_what_no_release_can_be_is_neither_read_nor_copied(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MOST_BYTES", 100)
    with pytest.raises(ReleaseError, match="which no release has"):
        bundle.verify(published)
    (published / "manifest.json").unlink()
    os.mkfifo(published / "manifest.json")
    with pytest.raises(ReleaseError, match="it is no file"):
        bundle.verify(published)


def test_a_pointer_out_of_the_folder_is_refused(published: Path, tmp_path: Path) -> None:
    pointer = published.with_name("current")
    pointer.unlink()
    pointer.symlink_to(tmp_path.parent)
    with pytest.raises(ReleaseError, match="leads out of the folder"):
        bundle.current(published.parent)


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("features", [{"name": 1}], "FeatureSpec"),
        ("card", card_json(format=FORMAT, amount=None), "card.json: amount: Input should be"),
        ("calibration", {"method": "sigmoid", "a": -1.0, "b": 0.0}, "slope 'a' falls"),
        ("calibration", {"method": "beta", "a": 1.0, "b": 0.0}, "KeyError: 'c'"),
        ("calibration", {"method": "isotonic", "raw": [0, 1], "probability": [1, 0]}, "not rise"),
        ("golden", {"rows": [None]}, "AttributeError"),
    ],
)
def test_sound_json_that_means_nothing_is_told(
    published: Path, name: str, change: Any, told: str
) -> None:
    (published / "upsell" / f"{name}.json").write_text(json.dumps(change))
    assert told in golden_rows.problem(published / "upsell")


def test_a_number_that_is_none_is_told(published: Path) -> None:
    path = published / "upsell" / "golden.json"
    path.write_text(path.read_text().replace("0.1", "NaN", 1))
    assert "NaN is no number" in golden_rows.problem(published / "upsell")


def test_a_release_without_a_model_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="names no model"):
        publish(tmp_path, {}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_a_golden_row_is_not_published(tmp_path: Path) -> None:
    unproven = replace(model(), golden={"rows": [], "expected": []})
    with pytest.raises(ReleaseError, match="no golden row"):
        publish(tmp_path, {"upsell": unproven}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFailure, match="cannot be written"):
        publish(tmp_path / "file", {"upsell": model()}, {})
