"""``report``: the weekly page for CS leadership, with drift beside it."""

from __future__ import annotations
