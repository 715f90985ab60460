"""The log of what happens in a life, from which all tables but usage are written."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from pipelines.synthetic.arrays import Array, Flags


class Journal:
    """Notes of many kinds; each kind has columns of its own, and ``account`` and ``week``."""

    def __init__(self) -> None:
        self._notes: dict[str, list[dict[str, Array]]] = defaultdict(list)

    def note(self, kind: str, week: int, where: Flags, **values: Array | int) -> None:
        """Note ``values`` of every account for which ``where`` holds."""
        index = np.flatnonzero(where)
        if not len(index):
            return
        entry: dict[str, Array] = {"account": index, "week": np.full(len(index), week)}
        for name, value in values.items():
            is_constant = isinstance(value, int)
            entry[name] = np.full(len(index), value) if is_constant else np.asarray(value)[index]
        self._notes[kind].append(entry)

    def read(self, kind: str, *columns: str) -> dict[str, Array]:
        """Return all notes of a kind, oldest first; empty ``columns`` where there are none."""
        entries = self._notes.get(kind)
        if not entries:
            return {name: np.zeros(0, np.int64) for name in ("account", "week", *columns)}
        return {name: np.concatenate([e[name] for e in entries]) for name in entries[0]}


class Silence(Journal):
    """Keeps nothing: for the futures that are only counted."""

    def note(self, kind: str, week: int, where: Flags, **values: Array | int) -> None:
        """Do nothing."""
