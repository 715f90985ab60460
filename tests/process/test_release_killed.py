"""A publication that is killed half-way: nothing of it is seen, and the next one goes through."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.release import bundle
from tests.models.releases import META, model, publish

DIES = """
import os, sys
from pathlib import Path
from models.release import bundle
from tests.models.releases import META, model, publish

die = lambda *_given: os._exit(9)
if {where!r} == "rename":
    Path.rename = die
else:
    bundle.{where} = die
publish(Path(sys.argv[1]), {{"upsell": model(seed=2)}}, META)
"""


@pytest.mark.parametrize("where", ["rename", "point"])
def test_a_publication_killed_half_way_leaves_the_old_release_in_use(
    released: Path, tmp_path: Path, where: str
) -> None:
    folder = tmp_path / "release"
    shutil.copytree(released, folder, symlinks=True)
    before = bundle.current(folder)
    command = [sys.executable, "-c", DIES.format(where=where), str(folder)]
    assert subprocess.run(command, check=False).returncode == 9
    assert bundle.current(folder) == before
    shown = [path for path in folder.iterdir() if not path.name.startswith(".")]
    for path in shown:
        bundle.verify(path)

    new = publish(folder, {"upsell": model(seed=2)}, META)
    assert bundle.current(folder) == new
    bundle.verify(new)


def test_what_a_killed_publication_left_aside_goes_once_it_is_surely_dead(
    released: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "release"
    shutil.copytree(released, folder, symlinks=True)
    old, fresh, link = (folder / name for name in (".gone.1", ".busy.2", ".current.3"))
    old.mkdir()
    fresh.mkdir()
    link.symlink_to("nowhere")
    for path in (old, link):
        os.utime(path, (0, 0), follow_symlinks=False)
    publish(folder, {"upsell": model(seed=3)}, META)
    assert fresh.exists()
    assert not old.exists()
    assert not link.is_symlink()
