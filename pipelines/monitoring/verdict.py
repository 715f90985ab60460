"""Monitoring results of a week and the kind of issue: one JSON file a week."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from models.common.files import write_atomically

FORMAT = 1
FILE = "verdict.json"

Kind = Literal["fine", "too_few", "customers_changed", "model_worse", "data_broken"]
ORDER: tuple[Kind, ...] = ("fine", "too_few", "customers_changed", "model_worse", "data_broken")
"""From the least to the worst; the worst finding decides. Broken data comes last, because nothing
else can be told from it."""
EXIT_CODES: Mapping[Kind, int] = {
    "fine": 0,
    "too_few": 0,
    "customers_changed": 4,
    "model_worse": 5,
    "data_broken": 6,
}
"""What ``expansion monitor`` exits with; 1 to 3 mean the same as of every verb."""

Light = Literal["ok", "look", "alarm"]
Code = Literal[
    "feed_stopped", "feed_fell", "feed_doubled", "feed_grew", "feed_yearly", "feed_late",
    "unit_changed", "column_emptied", "category_replaced", "category_new", "prices_moved",
    "table_empty", "table_shrank", "table_swelled", "history_scaled", "columns_moved",
    "feature_lost", "feature_scaled", "scores_moved", "model_off", "model_weaker",
    "too_few_accounts", "accounts_silent", "few_values_scaled", "ends_missing",
]  # fmt: skip
"""What can be found; each has its text and its advice in the message catalogues."""
Value = str | int | float | None


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was.

    The text and the advice of its ``code`` take ``values``;
    ``about`` is the source table, column or target that it is about. It was found in ``weeks``
    weeks in a row, first in that of ``since``. One that waits for more weeks has the light "ok"
    and decides nothing.
    """

    kind: Kind
    light: Light
    code: Code
    about: str
    values: Mapping[str, Value]
    since: date
    weeks: int = 1


@dataclass(frozen=True)
class FalseAlarms:
    """The policy's false-alarm rate: ``rate`` a week (0 to 1), with its interval.

    Found over ``weeks`` simulated weeks in which nothing moved.
    """

    rate: float
    low: float
    high: float
    weeks: int


@dataclass(frozen=True)
class Verdict:
    """What kind of week it was, with its findings, the worst first.

    ``not_knowable_before`` gives per target the day from which its forecast can be compared with
    actuals. ``figures`` are those that are drawn over the weeks, by name.
    """

    as_of: date
    kind: Kind
    light: Light
    findings: tuple[Finding, ...]
    false_alarms: FalseAlarms | None = None
    not_knowable_before: Mapping[str, date] = field(default_factory=dict)
    figures: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """What the command line ends with."""
        return EXIT_CODES[self.kind]

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON-able values."""
        return json.loads(_text(self))  # type: ignore[no-any-return]


def overall(findings: Sequence[Finding]) -> tuple[Kind, Light]:
    """Return the kind and light of a week from its findings; those still waiting do not count."""
    lights: tuple[Light, ...] = ("ok", "look", "alarm")
    counted = [finding for finding in findings if finding.light != "ok"]
    kinds: list[Kind] = ["fine", *(finding.kind for finding in counted)]
    return max(kinds, key=ORDER.index), max(
        (finding.light for finding in counted), key=lights.index, default="ok"
    )


def write(verdict: Verdict, folder: Path) -> Path:
    """Write ``<folder>/<as_of>/verdict.json`` in one step: the same verdict, the same bytes."""
    path = folder / verdict.as_of.isoformat() / FILE
    write_atomically(path, _text(verdict))
    return path


def read(folder: Path, as_of: date) -> Verdict | None:
    """Return the verdict of a week; ``None`` without one, or by another version of the format."""
    path = folder / as_of.isoformat() / FILE
    return _parsed(json.loads(path.read_text("utf-8"))) if path.exists() else None


def history(folder: Path, before: date) -> list[Verdict]:
    """Return the verdicts of the weeks before ``before``, the newest first."""
    days = sorted((path.parent.name for path in folder.glob(f"*/{FILE}")), reverse=True)
    past = (read(folder, date.fromisoformat(day)) for day in days if day < before.isoformat())
    return [verdict for verdict in past if verdict is not None]


def _text(verdict: Verdict) -> str:
    content = {"format": FORMAT, **asdict(verdict)}
    return json.dumps(content, indent=1, ensure_ascii=False, default=str, sort_keys=True) + "\n"


def _parsed(content: dict[str, Any]) -> Verdict | None:
    if content.pop("format", None) != FORMAT:
        return None
    rate = content["false_alarms"]
    return Verdict(
        **{
            **content,
            "as_of": date.fromisoformat(content["as_of"]),
            "findings": tuple(
                Finding(**{**finding, "since": date.fromisoformat(finding["since"])})
                for finding in content["findings"]
            ),
            "false_alarms": FalseAlarms(**rate) if rate else None,
            "not_knowable_before": {
                name: date.fromisoformat(day)
                for name, day in content["not_knowable_before"].items()
            },
        }
    )
