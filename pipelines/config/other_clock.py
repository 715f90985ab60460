"""Modules in which it is a later day: what a company's file sees that is read as if in a year.

The file is read as usual, but for the clocks that it imports. A column that is another one then
depends on the day on which it is computed.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

LATER = timedelta(days=400)
"""Beyond a year, and another day of the week and the month."""
CLOCKS = ("datetime", "time", "pandas")


def builtins_later() -> dict[str, Any]:
    """Return the built-in names, with an ``import`` that hands out clocks of a later day."""

    def imported(name: str, *arguments: Any, **options: Any) -> ModuleType:
        module: ModuleType = builtins.__import__(name, *arguments, **options)
        return _later(module) if module.__name__ in CLOCKS else module

    return {**vars(builtins), "__import__": imported}


def _later(module: ModuleType) -> ModuleType:
    """Return a copy of a module whose clocks are ahead."""
    copy = ModuleType(module.__name__, module.__doc__)
    copy.__dict__.update(vars(module))
    for name in ("date", "datetime", "Timestamp"):
        if isinstance(value := getattr(module, name, None), type):
            setattr(copy, name, _class_later(value))
    if module.__name__ == "time":
        copy.__dict__.update(_functions_later(module))
    return copy


def _class_later(clock: type) -> type:
    """Return a class of the same instances whose ``now`` and ``today`` are ahead."""

    class Meta(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, clock)

        def __call__(cls, *arguments: Any, **options: Any) -> Any:
            return clock(*arguments, **options)

    def ahead(name: str) -> Callable[..., Any]:
        return lambda *arguments, **options: getattr(clock, name)(*arguments, **options) + LATER

    names = [name for name in ("now", "today", "utcnow") if hasattr(clock, name)]
    return Meta(clock.__name__, (clock,), {name: staticmethod(ahead(name)) for name in names})


def _functions_later(module: ModuleType) -> dict[str, Callable[..., Any]]:
    seconds = LATER.total_seconds()

    def split(name: str) -> Callable[..., Any]:
        function = getattr(module, name)
        return lambda moment=None: function(module.time() + seconds if moment is None else moment)

    return {
        "time": lambda: module.time() + seconds,
        "time_ns": lambda: module.time_ns() + int(seconds) * 10**9,
        **{name: split(name) for name in ("localtime", "gmtime", "ctime")},
    }
