"""What a week's run has done: one JSON file a week, rewritten in one step after each step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from models.common.files import write_atomically

FORMAT = 1


@dataclass(frozen=True)
class Step:
    """A step that was done: when it began (UTC), its seconds, and its result in a line."""

    name: str
    started_at: str
    seconds: float
    summary: str

    def as_dict(self) -> dict[str, Any]:
        """Return the step as JSON-able values."""
        return {
            "name": self.name,
            "started_at": self.started_at,
            "seconds": self.seconds,
            "told": self.summary,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Step:
        """Return the step that ``as_dict`` gave the values of."""
        return cls(values["name"], values["started_at"], values["seconds"], values["told"])


@dataclass(frozen=True)
class Record:
    """A week's run: its day, its steps in order, whether it is done, and what it failed of.

    ``inputs`` tells data, models and settings apart: a run that is taken up again goes on only
    where they are the same, and begins anew where they are not.
    """

    as_of: date
    inputs: str
    steps: Sequence[Step] = ()
    done: bool = False
    failed: str = ""

    def has(self, name: str) -> bool:
        """Say whether a step was done."""
        return any(step.name == name for step in self.steps)

    def with_step(self, step: Step) -> Record:
        """Return the record with one step more."""
        return replace(self, steps=(*self.steps, step), failed="")


def write(record: Record, folder: Path) -> Path:
    """Write a record in one step."""
    path = path_of(folder, record.as_of)
    steps = [step.as_dict() for step in record.steps]
    content = {"format": FORMAT, **vars(record), "steps": steps}
    write_atomically(path, json.dumps(content, indent=1, default=str, sort_keys=True) + "\n")
    return path


def read(folder: Path, as_of: date) -> Record | None:
    """Return the record of a week; ``None`` where it never began, or other code wrote it."""
    path = path_of(folder, as_of)
    if not path.exists():
        return None
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if content.pop("format", None) != FORMAT:
        return None
    steps = tuple(Step.from_dict(step) for step in content["steps"])
    return Record(**{**content, "as_of": date.fromisoformat(content["as_of"]), "steps": steps})


def last(folder: Path, before: date) -> Record | None:
    """Return the newest record of a week before ``before`` whose run came to its end."""
    weeks = sorted((path.stem for path in folder.glob("????-??-??.json")), reverse=True)
    records = (read(folder, date.fromisoformat(day)) for day in weeks if day < before.isoformat())
    return next((record for record in records if record is not None and record.done), None)


def path_of(folder: Path, as_of: date) -> Path:
    """Return where the record of a week lies."""
    return folder / f"{as_of.isoformat()}.json"
