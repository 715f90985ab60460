from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models.release import bundle
from models.release.bundle import check_in_child
from models.release.model_files import ModelFiles, ReleaseError
from tests.models.releases import META, model, publish, sealed


@pytest.fixture
def published(tmp_path: Path, released: Path) -> Path:
    shutil.copytree(released, tmp_path, symlinks=True, dirs_exist_ok=True)
    found = bundle.current(tmp_path)
    assert found is not None
    return found


def test_publishing_the_same_content_again_changes_nothing(tmp_path: Path, published: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    again = publish(tmp_path, {"upsell": model()}, META)
    assert again == published
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


def test_a_new_release_becomes_the_current_one_and_the_old_stays(
    tmp_path: Path, published: Path
) -> None:
    newer = publish(tmp_path, {"upsell": model(seed=2)}, META)
    assert bundle.current(tmp_path) == newer
    assert newer != published
    assert bundle.verify(published).release_id == published.name
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def truncated(text: str) -> str:
    return text[: len(text) // 2]


def flipped(text: str) -> str:
    head, leaves = text.split("leaf_value=", 1)
    digit = next(number for number, sign in enumerate(leaves) if sign in "123456789")
    return f"{head}leaf_value={leaves[:digit]}{int(leaves[digit]) % 9 + 1}{leaves[digit + 1 :]}"


@pytest.mark.parametrize("damage", [truncated, flipped])
def test_a_damaged_model_does_not_have_its_hash(
    published: Path, damage: Callable[[str], str]
) -> None:
    path = published / "upsell" / "model.txt"
    path.write_text(damage(path.read_text()))
    with pytest.raises(ReleaseError, match=r"model\.txt: does not have the hash"):
        bundle.verify(published)


@pytest.mark.parametrize("damage", [truncated, flipped])
def test_a_damaged_model_with_a_mended_hash_does_not_get_past_the_child(
    published: Path, damage: Callable[[str], str]
) -> None:
    path = published / "upsell" / "model.txt"
    path.write_text(damage(path.read_text()))
    sealed(published)
    bundle.verify(published)
    with pytest.raises(ReleaseError, match=r"died|differ|cannot be loaded"):
        bundle.check_in_child(published)


@pytest.mark.parametrize("lost", ["upsell/model.txt", "manifest.json"])
def test_publishing_again_mends_a_damaged_release(
    tmp_path: Path, published: Path, lost: str
) -> None:
    (published / lost).write_text("{")
    (published / "extra.txt").write_text("?")
    assert publish(tmp_path, {"upsell": model()}, META) == published
    assert bundle.verify(published).release_id == published.name
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["current", published.name])


def test_every_missing_and_unlisted_file_is_named_at_once(published: Path) -> None:
    (published / "upsell" / "card.json").unlink()
    (published / "extra.txt").write_text("?")
    with pytest.raises(ReleaseError) as caught:
        bundle.verify(published)
    assert len(caught.value.problems) == 2


def test_a_release_that_misses_its_golden_rows_is_not_published(
    tmp_path: Path, published: Path
) -> None:
    wrong = model(seed=2)
    wrong = replace(wrong, golden={**wrong.golden, "expected": [0.5, 0.5, 0.5]})
    with pytest.raises(ReleaseError, match="golden rows differ"):
        publish(tmp_path, {"upsell": wrong}, META)
    assert bundle.current(tmp_path) == published
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["current", published.name])


def test_nothing_published_is_no_release(tmp_path: Path) -> None:
    assert bundle.current(tmp_path) is None
    with pytest.raises(ReleaseError, match=r"manifest\.json: cannot be read"):
        bundle.verify(tmp_path)


def test_what_another_version_of_the_package_wrote_is_refused_with_the_way_out(
    published: Path,
) -> None:
    card = published / "upsell" / "card.json"
    card.write_text(json.dumps({"version": "1"}))
    with pytest.raises(ReleaseError, match=r"upsell: has format 1, .* train and promote again"):
        ModelFiles.read(card.parent)
    with pytest.raises(ReleaseError, match="has format 1"):
        check_in_child(published)
