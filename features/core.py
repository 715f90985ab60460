"""The declarations: a feature is a function in a group, and says everything about itself once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.as_of import Facts

UNITS = ("account", "category", "currency", "days", "events", "flag", "people", "ratio")
"""The units a feature may have; ``ratio`` is shown in per cent, ``currency`` in the company's."""

RowsFunction = Callable[["Facts"], "ir.Table"]
FeatureFunction = Callable[["ir.Table"], "ir.Value"]
