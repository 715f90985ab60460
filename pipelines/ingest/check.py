"""``check``: hold a company's tables against the contract and report every violation at once."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from features.contract import TABLES
from pipelines.config.company_features import groups, trained_targets
from pipelines.ingest import attribute_history
from pipelines.ingest.company_columns.judge import column_faults
from pipelines.ingest.rules import RULES, Rule
from pipelines.ingest.summary import hints
from pipelines.ingest.summary.checked_tables import CheckedTables, leave_out_broken_rows
from pipelines.ingest.summary.figures import summarise
from pipelines.ingest.validation import survey
from pipelines.ingest.violations import CheckReport, Violation

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

BROKEN = ("type", "not_null")
"""Rules without whose values no figure can be made of a row."""

__all__ = ["RULES", "CheckReport", "Rule", "Violation", "check"]


def check(settings: Settings) -> CheckReport:
    """Read every source through the mapping: violations of the contract, summary and hints.

    Raises ``UsageError`` where the mapping does not fit the sources or the company's own features
    or labels cannot hold, and ``DataError`` where a
    table or file is missing or empty, with all that was found; dirty rows raise nothing.
    """
    groups(settings)
    trained_targets(settings)
    hints.stop_on_unknown(settings)
    surveyed = survey(settings)
    with closing(surveyed.connection):
        report = surveyed.report()
        if surveyed.data_through is None:
            return report
        attributes = surveyed.attributes()
        report = replace(
            report,
            attributes=attributes,
            left_out=attribute_history.left_out(settings, attributes),
        )
        lacking = (violation for violation in report.violations if violation.rule in BROKEN)
        broken = {violation.table for violation in lacking} & surveyed.rows.keys()
        rows = {**surveyed.rows, **leave_out_broken_rows(surveyed.connection, broken)}
        if not all(rows[name] for name in rows if TABLES[name].required):
            return report
        tables = CheckedTables(surveyed.connection, settings, surveyed.data_through, rows)
        return replace(
            report,
            summary=summarise(tables),
            hints=hints.find(tables),
            column_faults=column_faults(
                settings, surveyed.connection, list(rows), surveyed.data_through, attributes
            ),
        )
