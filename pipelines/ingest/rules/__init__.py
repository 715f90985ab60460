"""The contract's rules: a function each, its docstring saying what is wrong."""

from __future__ import annotations

from features.contract import TABLES
from pipelines.ingest.rules import relations, times, values
from pipelines.ingest.rules.core import RULES, Rule, reads
from pipelines.ingest.rules.relations import COVERAGE

__all__ = ["COVERAGE", "RULES", "Rule", "names", "reads", "relations", "times", "values"]


def names() -> list[str]:
    """Return every name [rules] may hold: ``table.rule`` and ``table.column.rule``."""
    rule_names: list[str] = []
    for table in TABLES.values():
        for rule in RULES.values():
            spots = [column for column, _ in rule.spots(table)]
            rule_names += [f"{table.name}.{rule.name}"] if spots else []
            rule_names += [
                f"{table.name}.{column}.{rule.name}" for column in spots if "," not in column
            ]
    return rule_names
