"""LightGBM without what it imports only because it is installed."""

from __future__ import annotations

import os
import sys

UNUSED = ("pandas", "sklearn", "pyarrow", "matplotlib", "dask", "graphviz", "polars")


def leave_out_unused() -> None:
    """Let LightGBM be imported in a second instead of six; call it before any of them is.

    A process that serves or tries out models needs none of these, and one thread a prediction: more
    of them wait for each other longer than a few rows take.
    """
    sys.modules.update(dict.fromkeys(UNUSED))  # type: ignore[arg-type]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
