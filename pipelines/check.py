"""``check``: hold a company's tables against the contract and report every violation at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb

from features.contract import TABLES, Table
from features.errors import DataError, UsageError
from pipelines import sources, staging
from pipelines.findings import Condition, Violation, find, mentioned, without
from pipelines.mistakes import nearest
from pipelines.rules import COVERAGE, RULES, reads, rule_names
from pipelines.sources import Faults, first_line, quoted
from pipelines.staging import columns_of

if TYPE_CHECKING:
    from pipelines.mapping import Check
    from pipelines.settings import Settings

__all__ = ["RULES", "CheckReport", "Survey", "Violation", "check", "survey"]


@dataclass(frozen=True)
class CheckReport:
    """What the data is: rows of each table, every violation, and where the data ends."""

    company: str
    data_through: str
    tables: dict[str, int]
    violations: tuple[Violation, ...]

    @property
    def refused(self) -> tuple[Violation, ...]:
        """The violations for which the data is refused."""
        return tuple(one for one in self.violations if one.policy == "refuse")

    @property
    def ok(self) -> bool:
        """Whether nothing is refused."""
        return not self.refused

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able values."""
        return {
            "ok": self.ok,
            "company": self.company,
            "data_through": self.data_through,
            "tables": self.tables,
            "violations": [one.as_dict() for one in self.violations],
        }


@dataclass
class Survey:
    """A company's tables, read: ``clean.<table>`` in ``connection`` by the rules, and a report."""

    settings: Settings
    connection: duckdb.DuckDBPyConnection
    faults: Faults = field(default_factory=Faults)
    violations: list[Violation] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    available: set[str] = field(default_factory=set)
    data_through: date | None = None

    def report(self) -> CheckReport:
        """Return what was found, table by table in the contract's order."""
        order = [*sources.named(self.settings), *TABLES]
        found = sorted(self.violations, key=lambda one: order.index(one.table))
        rows = {name: self.rows[name] for name in TABLES if name in self.rows}
        through = str(self.data_through or "")
        return CheckReport(self.settings.company.name, through, rows, tuple(found))


def check(settings: Settings) -> CheckReport:
    """Read every source through the mapping and report all violations of the contract.

    Raises ``UsageError`` where the mapping does not fit the sources and ``DataError`` where a
    table or file is missing or empty, with all that was found; dirty rows raise nothing.
    """
    found = survey(settings)
    found.connection.close()
    return found.report()


def survey(settings: Settings) -> Survey:
    """Read, map and check all tables; the connection in the result is the caller's to close."""
    found = Survey(settings, sources.open_database(settings))
    try:
        _look(found)
    except BaseException:
        found.connection.close()
        raise
    return found


def _look(found: Survey) -> None:
    _known_rules(found.settings, found.faults)
    _read_sources(found)
    staged = [name for name in _wanted(found) if _stage(found, name)]
    _calendar(found)
    # Other tables refer to these three, so they are cleaned first.
    first = [name for name in ("products", "accounts", "subscriptions") if name in staged]
    for name in [*first, *(name for name in staged if name not in first)]:
        _judge(found, TABLES[name])
    _stop_on_faults(found)


def _stop_on_faults(found: Survey) -> None:
    faults = found.faults
    refused = [str(one) for one in found.report().refused]
    if faults.mistakes:
        raise UsageError([*faults.mistakes, *faults.problems])
    if faults.problems:
        raise DataError([*faults.problems, *refused])


def _known_rules(settings: Settings, faults: Faults) -> None:
    known = [*rule_names(), *settings.check_names()]
    for name in settings.rules:
        if name not in known:
            here = [one for one in known if one.split(".")[0] == name.split(".")[0]]
            faults.mistakes.append(f"rules: there is no {name!r}{nearest(name, here or known)}")


def _read_sources(found: Survey) -> None:
    for name in sources.named(found.settings):
        if sources.read(found.connection, found.settings, name, found.faults):
            checks = [one for one in found.settings.checks if one.source == name]
            _own_checks(found, checks, f"src.{quoted(name)}", f"main.{quoted(name)}")


def _wanted(found: Survey) -> Iterator[str]:
    """Yield the tables that are there to be read; say which required ones are not."""
    named = sources.named(found.settings)
    for name, table in TABLES.items():
        mapping = staging.mapping_of(found.settings, name)
        if mapping.is_query or (mapping.source in named):
            if mapping.source not in found.faults.unread:
                yield name
        elif table.required or name in found.settings.tables:
            found.faults.problems.append(
                f"{name}: the table is missing: there is neither `from` under [tables.{name}] nor "
                f"{name}.parquet or {name}.csv in {found.settings.data_folder}"
            )


def _stage(found: Survey, name: str) -> bool:
    """Make ``typed.<name>`` and count its rows."""
    connection, settings, faults = found.connection, found.settings, found.faults
    if not staging.rows(connection, settings, name, faults):
        return False
    checks = [one for one in settings.checks if one.table == name]
    _own_checks(found, checks, f"rows.{quoted(name)}", f"kept.{quoted(name)}")
    if not staging.columns(connection, settings, name, faults):
        return False
    found.available.add(name)
    if TABLES[name].required and not _number(connection, f"SELECT count(*) FROM typed.{name}"):
        faults.problems.append(f"{name}: the table has no rows; check its source and `where`")
    return True


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = connection.execute(sql).fetchone()
    return row[0] if row else None


def _own_checks(found: Survey, checks: list[Check], relation: str, target: str) -> None:
    """Apply the company's own checks to a relation and leave ``target`` without dropped rows."""
    given = columns_of(found.connection, relation)
    bound = [one for one in checks if _binds(found, one, relation, list(given))]
    conditions = {_own(one): [quoted(name) for name in given] for one in bound}
    _apply(found, relation, target, conditions)


def _own(one: Check) -> Condition:
    say = one.say or "The company's own check does not hold."
    do = one.do or "correct it at the source"
    return Condition(one.on, "", one.name, one.violates, say, do)


def _binds(found: Survey, one: Check, relation: str, given: list[str]) -> bool:
    try:
        found.connection.execute(f"SELECT ({one.violates}\n)::BOOLEAN FROM {relation} LIMIT 0")
    except duckdb.Error as error:
        found.faults.mistakes.append(
            f"checks.{one.name}.violates = {one.violates!r}: {first_line(error)}. "
            f"{one.on} has: {', '.join(given)}"
        )
        return False
    return True


def _calendar(found: Survey) -> None:
    """Find the first day that is not complete, and note it where the rules can read it."""
    company = found.settings.company
    found.data_through = company.data_through
    if found.data_through is None and "usage_daily" in found.available:
        newest = "SELECT max(day) + 1 FROM typed.usage_daily WHERE isfinite(day)"
        found.data_through = _number(found.connection, newest)
    found.connection.execute(
        "CREATE TABLE clean.calendar AS SELECT ?::TIMESTAMP AS data_through, ? AS currency",
        [found.data_through, company.currency],
    )


def _judge(found: Survey, table: Table) -> None:
    """Apply the contract's rules to ``typed.<table>`` and leave ``clean.<table>``."""
    conditions = {
        one: [*map(quoted, table.key), *mentioned(_columns(table), one.sql)]
        for one in _conditions(table, found.available)
    }
    conditions = {one: list(dict.fromkeys(shown)) for one, shown in conditions.items()}
    _apply(found, f"typed.{quoted(table.name)}", f"clean.{quoted(table.name)}", conditions)
    count = f"SELECT count(*) FROM clean.{quoted(table.name)}"
    found.rows[table.name] = _number(found.connection, count)
    if table.name == "subscriptions":
        found.connection.execute(f"CREATE TABLE clean.coverage AS {COVERAGE}")


def _columns(table: Table) -> Iterable[str]:
    return [*table.names, *(staging.RAW + name for name in table.names)]


def _conditions(table: Table, available: set[str]) -> Iterator[Condition]:
    for rule in RULES:
        for column, sql in rule.spots(table):
            if reads(sql) <= available:
                screen = rule.screen(table) if rule.screen else ""
                yield Condition(
                    table.name, column, rule.name, sql, rule.why, rule.do,
                    rule.refuse_above, rule.alone, screen,
                )  # fmt: skip


def _apply(
    found: Survey, relation: str, target: str, conditions: dict[Condition, list[str]]
) -> None:
    """Add the violations in ``relation`` and leave ``target`` without the rows to drop."""
    rules = found.settings.rules
    violations = find(found.connection, relation, conditions, conditions, rules)
    found.violations.extend(violations)
    places = {(one.column, one.rule) for one in violations if one.policy == "drop"}
    dropped = [one.sql for one in conditions if (one.column, one.rule) in places]
    without(found.connection, relation, target, dropped)
