"""A package of made-up code, two folders deep, in place of one of ours."""

from __future__ import annotations

from pathlib import Path


def package(folder: Path) -> Path:
    """Write a package and return its folder."""
    for name in ("top.py", "theme/middle.py", "theme/part/deep.py"):
        path = folder / "package" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("VALUE = 1\n")
    return folder / "package"


def change_deep_file(package: Path) -> None:
    """Change the file that lies two folders down."""
    (package / "theme" / "part" / "deep.py").write_text("VALUE = 2\n")
