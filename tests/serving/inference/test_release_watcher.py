"""The watch over releases: a new one counts once it is proven, a broken one never."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from models.release import bundle
from models.release.model_files import ReleaseError
from serving.inference import release_watcher
from serving.inference.release_watcher import ReleaseWatcher
from serving.polling import polling
from tests.models.releases import ROWS, model, publish, sealed


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The releases handed to the child process, which is not started here."""
    paths: list[Path] = []
    monkeypatch.setattr(bundle, "check_in_child", paths.append)
    return paths


@pytest.fixture
def published(tmp_path: Path, tried: list[Path]) -> Path:
    path = publish(tmp_path, {"upsell": model()}, {})
    tried.clear()
    return path


def test_a_release_is_tried_out_once(tmp_path: Path, published: Path, tried: list[Path]) -> None:
    watch = ReleaseWatcher(tmp_path)
    for _ in range(3):
        watch.refresh()
    assert (watch.release_id, watch.problems) == (published.name, ())
    assert [path.name for path in tried] == [published.name]
    assert not tried[0].exists()


def test_a_newer_release_takes_over(tmp_path: Path, published: Path) -> None:
    watch = ReleaseWatcher(tmp_path)
    watch.refresh()
    newer = publish(tmp_path, {"upsell": model(seed=2)}, {})
    watch.refresh()
    assert watch.release_id == newer.name != published.name


def truncated(text: str) -> str:
    return text[: len(text) // 2]


def flipped(text: str) -> str:
    place = text.index("leaf_value=") + len("leaf_value=-0.")
    return f"{text[:place]}{(int(text[place]) + 1) % 10}{text[place + 1 :]}"


@pytest.mark.parametrize("damage", [truncated, flipped])
def test_damage_after_the_check_is_seen_and_its_repair_too(
    tmp_path: Path, published: Path, damage: Callable[[str], str]
) -> None:
    watch = ReleaseWatcher(tmp_path)
    watch.refresh()
    path = published / "upsell" / "model.txt"
    whole = path.read_text()
    path.write_text(damage(whole))
    watch.refresh()
    assert watch.release_id == published.name
    assert "does not have the hash" in watch.problems[0]
    path.write_text(whole)
    watch.refresh()
    assert watch.problems == ()


def test_an_extra_file_is_refused(tmp_path: Path, published: Path) -> None:
    watch = ReleaseWatcher(tmp_path)
    (published / "extra.py").write_text("")
    watch.refresh()
    assert watch.release_id is None
    assert "not listed" in watch.problems[0]


def test_a_refused_release_is_tried_again_later(
    tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> None:
        raise ReleaseError("the machine was busy")

    with monkeypatch.context() as busy:
        busy.setattr(bundle, "check_in_child", refuse)
        watch = ReleaseWatcher(tmp_path)
        watch.refresh()
    watch.refresh()
    assert "busy" in watch.problems[0]
    later = time.monotonic() + release_watcher.RETRY_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    watch.refresh()
    assert (watch.release_id, watch.problems) == (published.name, ())


def test_the_watch_outlives_what_it_did_not_expect(
    tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = bundle.verify, []

    def once_broken(path: Path) -> bundle.Manifest:
        calls.append(path)
        if len(calls) == 1:
            raise PermissionError("not now")
        return real(path)

    monkeypatch.setattr(bundle, "verify", once_broken)
    watch = ReleaseWatcher(tmp_path)
    with polling(watch, 0.01, "the release"):
        until = time.monotonic() + 10
        while watch.release_id is None and time.monotonic() < until:
            time.sleep(0.01)
    assert (watch.release_id, watch.problems) == (published.name, ())


def test_without_a_release_the_watch_says_so(tmp_path: Path) -> None:
    watch = ReleaseWatcher(tmp_path)
    watch.refresh()
    assert watch.release_id is None
    assert "no release is published" in watch.problems[0]


def test_what_was_tried_out_is_what_is_loaded(
    tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever changes the release while it is tried out changes nothing that is served."""

    def tamper(_path: Path) -> None:
        (published / "upsell" / "model.txt").write_text("garbled")

    monkeypatch.setattr(bundle, "check_in_child", tamper)
    watch = ReleaseWatcher(tmp_path)
    watch.refresh()
    assert watch.scorer is not None
    expected = json.loads((published / "upsell" / "golden.json").read_text())["expected"]
    rows = [watch.scorer.row(row) for row in ROWS]
    assert list(watch.scorer.probabilities(rows)["upsell"]) == pytest.approx(expected, abs=1e-9)


def test_what_the_child_says_names_the_release_and_not_its_copy(
    tmp_path: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise ReleaseError(f"{path}: golden rows differ")

    monkeypatch.setattr(bundle, "check_in_child", refuse)
    watch = ReleaseWatcher(tmp_path)
    watch.refresh()
    assert watch.problems == (f"{published}: golden rows differ",)


def test_a_pipe_in_place_of_a_file_does_not_hold_the_watch(tmp_path: Path, published: Path) -> None:
    path = published / "upsell" / "card.json"
    path.unlink()
    os.mkfifo(path)
    watch = ReleaseWatcher(tmp_path)
    watch.refresh()
    assert watch.scorer is None
    assert "does not have the hash" in watch.problems[0]


def test_a_release_that_cannot_answer_is_refused_before_anybody_asks(
    tmp_path: Path, published: Path
) -> None:
    """Here the child, which is not started, has nothing to say against it."""
    card = published / "upsell" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "excludes": 5}))
    sealed(published)
    watch = ReleaseWatcher(tmp_path)
    watch.refresh()
    assert watch.release_id is None
    assert "card.json: excludes: Input should be a valid tuple" in watch.problems[0]
