"""The child process that tries a release out: ``python -m models.golden_child FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

# LightGBM imports these when they are installed. The child needs none of them, and a release is
# tried out in a second instead of six.
UNUSED = ("pandas", "sklearn", "pyarrow", "matplotlib", "dask", "graphviz", "polars")


def main() -> int:
    """Check every model of the release that the command line names."""
    sys.modules.update(dict.fromkeys(UNUSED))  # type: ignore[arg-type]
    from models.golden import check

    return check(Path(sys.argv[1]))


if __name__ == "__main__":
    sys.exit(main())
