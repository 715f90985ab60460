"""What a server loads: model text, JSON, golden rows, and one manifest with every sha256.

A release is written aside, tried out in a child process and renamed into place; in a second step
``current`` is pointed to it, and whoever dies between the two has changed nothing. LightGBM aborts
the process that loads a garbled file, and loads a flipped digit without a word: hence hashes, the
child process and the golden rows.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.errors import EnvironmentFailure
from models.common.files import atomic_file, atomic_folder, remove_stale
from models.release import released_targets
from models.release.model_files import AMOUNT, ModelFiles, ReleaseError, as_json, loaded

MANIFEST = "manifest.json"
CURRENT = "current"
PARTS = ("model.txt", "calibration.json", "features.json", "card.json", "golden.json", AMOUNT)
CHILD_SECONDS = 120
MOST_BYTES = 1 << 30
MOST_LISTED = 1 << 24
"""Nothing larger is copied, or in the manifest's case read: models have a few megabytes."""


@dataclass(frozen=True)
class Manifest:
    """What a release holds: each file's sha256, and what each model is."""

    release_id: str
    models: Mapping[str, Mapping[str, Any]]
    files: Mapping[str, str]
    meta: Mapping[str, Any]


def prepare(folder: Path, models: Mapping[str, ModelFiles], meta: Mapping[str, Any]) -> Path:
    """Write a release into ``folder`` and try it out; which one is current stays as it is.

    The same content has the same id: preparing it again mends what was damaged since, and
    changes nothing else.

    Raises
    ------
    ReleaseError
        When the release does not reproduce its golden rows.
    EnvironmentFailure
        When ``folder`` cannot be written to.
    """
    files = {
        f"{target}/{name}": text
        for target, model in models.items()
        for name, text in model.files().items()
    }
    hashes = {name: _sha256(text.encode()) for name, text in sorted(files.items())}
    described = {
        target: {"version": model.card.version, **released_targets.described(model.card)}
        for target, model in models.items()
    }
    release_id = id_of(hashes, described, meta)
    final = folder / release_id
    if not _is_whole(final, hashes):
        manifest = {"release_id": release_id, "models": described, "files": hashes, "meta": meta}
        _write_aside(folder, release_id, {**files, MANIFEST: as_json(manifest)})
    return final


def id_of(files: Mapping[str, str], models: Mapping[str, Any], meta: Mapping[str, Any]) -> str:
    """Return the id of a release by what it holds: a manifest cannot be mended to fit."""
    return _sha256(as_json([files, models, meta]).encode())[:12]


def point(path: Path) -> None:
    """Make the prepared release at ``path`` the current one, in one step."""
    with atomic_file(path.with_name(CURRENT), durable=False) as aside:
        aside.symlink_to(path.name)


def current(folder: Path) -> Path | None:
    """Return the current release in ``folder``, or ``None`` when nothing is published.

    Raises
    ------
    ReleaseError
        When the pointer leads out of ``folder``.
    """
    link = folder / CURRENT
    if not (link.is_symlink() and link.exists()):
        return None
    path = link.resolve()
    if path.parent != folder.resolve():
        raise ReleaseError(f"{link}: leads out of the folder, to {path}; publish the release again")
    return path


def verify(path: Path) -> Manifest:
    """Check that every listed file is there with its hash, and no other, as the id says.

    Raises
    ------
    ReleaseError
        Naming every file that is missing, changed or not listed.
    """
    manifest = _manifest(path / MANIFEST)
    if manifest.release_id != id_of(manifest.files, manifest.models, manifest.meta):
        raise ReleaseError(f"{path}: the manifest does not fit its id; publish the release again")
    # A link is never a file of the release: what it points to can change unseen.
    parts = [p for p in path.rglob("*") if p.is_symlink() or not p.is_dir()]
    present = {p.relative_to(path).as_posix(): p for p in parts}
    if (size := sum(file.lstat().st_size for file in parts)) > MOST_BYTES:
        raise ReleaseError(f"{path}: has {size} bytes, which no release has; refused")
    listed = manifest.files
    possible = {f"{target}/{name}" for target in manifest.models for name in PARTS}
    wanted = {*listed, *(name for name in possible if not name.endswith(AMOUNT))}
    problems = [f"{path / name}: is missing" for name in sorted(wanted) if name not in present]
    problems += [f"{path / name}: is no file of a model" for name in listed if name not in possible]
    problems += [
        f"{path / name}: is not listed in the manifest"
        for name in present
        if name not in listed and name != MANIFEST
    ]
    problems += [
        f"{path / name}: does not have the hash in the manifest"
        for name, digest in listed.items()
        if name in present and not _has_hash(present[name], digest)
    ]
    if problems:
        raise ReleaseError([f"{problem}; publish the release again" for problem in problems])
    return manifest


def check_in_child(path: Path) -> None:
    """Load the models in a child process and score the golden rows there.

    Raises
    ------
    ReleaseError
        When the child crashes, takes too long, or gets other scores than expected.
    """
    command = [sys.executable, "-m", "models.release.smoke_test", str(path)]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=CHILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ReleaseError(f"{path}: loading took over {CHILD_SECONDS} s; refused") from None
    if done.returncode:
        died = "" if done.returncode == 1 else "the process that loaded it died: "
        problem = died + (done.stdout.strip() or f"exit code {done.returncode}")
        raise ReleaseError(f"{path}: {problem}; refused")


def _manifest(path: Path) -> Manifest:
    # Neither waits for a pipe nor reads what has no end.
    if path.exists() and (not path.is_file() or path.stat().st_size > MOST_LISTED):
        raise ReleaseError(f"{path}: cannot be read: it is no file, or far too large")
    try:
        stored = loaded(path.read_text("utf-8"))
        manifest = Manifest(**{f: stored[f] for f in ("release_id", "models", "files", "meta")})
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReleaseError(f"{path}: cannot be read: {error}") from None
    if not all(
        isinstance(section, dict) for section in (manifest.files, manifest.models, manifest.meta)
    ):
        raise ReleaseError(f"{path}: cannot be read: it lists no files")
    if not manifest.models:
        raise ReleaseError(f"{path}: names no model")
    return manifest


def _has_hash(path: Path, digest: str) -> bool:
    try:
        if path.is_symlink() or not path.is_file():
            return False
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == digest
    except OSError:
        return False


def _is_whole(path: Path, hashes: Mapping[str, str]) -> bool:
    try:
        return verify(path).files == hashes
    except ReleaseError:
        return False


def _write_aside(folder: Path, release_id: str, files: Mapping[str, str]) -> None:
    try:
        remove_stale(folder, ".*")
        with atomic_folder(folder / release_id) as aside:
            for name, text in files.items():
                target = aside / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            verify(aside)
            check_in_child(aside)
    except OSError as error:
        raise EnvironmentFailure(f"{folder}: the release cannot be written: {error}") from error


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
