"""What ``check`` reports: rules, the rows that violate them, and what happens to those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from models.i18n.number_format import PLAIN
from pipelines.config.mapping import Policy
from pipelines.ingest.attribute_history import AttributeHistory
from pipelines.ingest.company_columns.faults import ColumnFault
from pipelines.ingest.summary.figures import Summary
from pipelines.ingest.summary.hints import Hint


@dataclass(frozen=True)
class Condition:
    """An SQL condition that is true on the rows that violate a rule."""

    table: str
    column: str
    rule: str
    sql: str
    why: str
    do: str
    refuse_above: float = 0.0
    drop_up_to: float = 0.0
    alone: bool = False
    screen: str = ""

    @property
    def usual(self) -> float:
        """The share of the rows up to which nothing is refused unless [rules] says so."""
        return max(self.refuse_above, self.drop_up_to)

    def policy(self, rules: Mapping[str, Policy], share: float) -> Policy:
        """Return what to do: as configured for the column or the rule, else by the share."""
        if configured := self.configured(rules):
            return configured
        if share > self.usual:
            return "refuse"
        return "drop" if self.drop_up_to else "accept"

    def configured(self, rules: Mapping[str, Policy]) -> Policy | None:
        """Return what [rules] says to do, for the column or else for the rule."""
        keys = (f"{self.table}.{self.column}.{self.rule}", f"{self.table}.{self.rule}")
        return next((rules[key] for key in keys if key in rules), None)


@dataclass(frozen=True)
class Violation:
    """A rule that some rows violate: ``count`` of the table's ``of`` rows, and what happens.

    ``usual`` is the share up to which rows are kept, or left out, without being asked for;
    ``None`` where [rules] decides.
    """

    table: str
    column: str
    rule: str
    count: int
    of: int
    examples: tuple[dict[str, Any], ...]
    why: str
    do: str
    policy: Policy
    usual: float | None = None

    @property
    def severity(self) -> Literal["error", "warning"]:
        """``error`` when the data is refused for it."""
        return "error" if self.policy == "refuse" else "warning"

    def as_dict(self) -> dict[str, Any]:
        """Return the violation as JSON-able values."""
        return {**asdict(self), "severity": self.severity}

    def __str__(self) -> str:
        place = ".".join(filter(None, (self.table, self.column)))
        percent = PLAIN.percent(self.count / max(self.of, 1), 1)
        share = f"{self.count:,} of {self.of:,} rows ({percent})"
        example = ", ".join(f"{key} = {value}" for key, value in self.examples[0].items())
        return f"{place}, {self.rule}: {share}, such as {example}. {self.why} {self._way_out()}"

    @property
    def fate(self) -> str:
        """What happens to the rows, and who says so."""
        if self.policy == "refuse":
            return "REFUSED"
        fate = "kept" if self.policy == "accept" else "left out"
        if self.usual is not None:
            limit = (
                f"refused above {PLAIN.percent(self.usual, 0 if self.usual >= 0.01 else 1)}"
                if self.usual < 1
                else "never refused"
            )
            return f"{fate} by default ({limit})"
        return f"{fate}, as [rules] says"

    def _way_out(self) -> str:
        if self.policy != "refuse":
            return f"These rows are {self.fate}."
        choice = f'"{self.table}.{self.rule}" = "drop" or "accept" under [rules]'
        return f"What to do: {self.do}; or set {choice}."


@dataclass(frozen=True)
class CheckReport:
    """What the data is: rows of each table, every violation, and where the data ends.

    ``absent`` are optional tables that the company lacks; ``ignored`` are files in the data folder
    that no table is read from, each with the table that it may be meant for, or none. ``summary``
    is the business that the tables describe, null where no day of it is complete; ``hints`` are
    what keeps the contract and still looks like a mistake. ``attributes`` is what is known of the
    former values of attributes that can change, ``left_out`` the features that are no model
    inputs, each with the attribute that is known as of today only. ``column_faults`` are the
    company's own columns that are refused.
    """

    company: str
    data_through: str
    tables: dict[str, int]
    violations: tuple[Violation, ...]
    absent: tuple[str, ...] = ()
    ignored: Mapping[str, str | None] = field(default_factory=dict)
    summary: Summary | None = None
    hints: tuple[Hint, ...] = ()
    attributes: tuple[AttributeHistory, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    column_faults: tuple[ColumnFault, ...] = ()

    @property
    def refused(self) -> tuple[Violation, ...]:
        """The violations for which the data is refused."""
        return tuple(violation for violation in self.violations if violation.policy == "refuse")

    @property
    def ok(self) -> bool:
        """Whether nothing is refused."""
        return not self.refused and not self.column_faults

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able values."""
        return {
            "ok": self.ok,
            "company": self.company,
            "data_through": self.data_through,
            "tables": self.tables,
            "violations": [violation.as_dict() for violation in self.violations],
            "absent": list(self.absent),
            "ignored": dict(self.ignored),
            "summary": self.summary.as_dict() if self.summary else None,
            "hints": [hint.as_dict() for hint in self.hints],
            "attributes": [history.as_dict() for history in self.attributes],
            "left_out": dict(self.left_out),
            "column_faults": [fault.as_dict() for fault in self.column_faults],
        }
