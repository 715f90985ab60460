"""Reading a company's tables through its mapping and holding them against the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb

from features.contract import TABLES, Table
from features.errors import DataError, EnvironmentFailure, UsageError
from models.common.clock import latest_today, utc_now
from pipelines.common.sql_quoting import literal, quoted, unquoted
from pipelines.config.error_messages import nearest
from pipelines.ingest import attribute_history, erased_ids, rules
from pipelines.ingest.attribute_history import AttributeHistory
from pipelines.ingest.company_checks import own_conditions
from pipelines.ingest.rules.stray_days import UsageDay, end_of_use
from pipelines.ingest.source_checks import source_conditions, source_rule_names
from pipelines.ingest.sources import column_use, readers, staging
from pipelines.ingest.sources.errors import Faults, first_line
from pipelines.ingest.sources.text_columns import TextColumns
from pipelines.ingest.violation_queries import find, mentioned, without
from pipelines.ingest.violations import CheckReport, Condition, Violation

if TYPE_CHECKING:
    from pipelines.config.mapping import Check, Policy
    from pipelines.config.settings import Settings

CLEANED_FIRST = ("products", "accounts", "subscriptions")
"""Tables that the rules on other tables refer to."""
OF_THE_FUTURE = rules.times.of_the_future.__name__


@dataclass
class Survey:
    """A company's tables, read: ``clean.<table>`` in ``connection``, and what was found.

    ``holds_today_only`` says that the same sources may be read otherwise on another day.
    """

    settings: Settings
    columns: TextColumns
    faults: Faults = field(default_factory=Faults)
    violations: list[Violation] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    data_through: date | None = None
    holds_today_only: bool = False
    gone: erased_ids.Gone = field(default_factory=dict)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The database that holds the tables."""
        return self.columns.connection

    def report(self) -> CheckReport:
        """Return what was found, sources first, then tables in the contract's order."""
        order = [*readers.named(self.settings), *TABLES]
        violations = sorted(self.violations, key=lambda violation: order.index(violation.table))
        rows = {name: self.rows[name] for name in TABLES if name in self.rows}
        through = str(self.data_through or "")
        return CheckReport(
            company=self.settings.company.name,
            data_through=through,
            tables=rows,
            violations=tuple(violations),
            absent=tuple(name for name in TABLES if name not in rows),
            ignored=readers.ignored(self.settings),
        )

    def attributes(self) -> tuple[AttributeHistory, ...]:
        """Return what is known of former values of the attributes that can change."""
        if self.data_through is None:
            return ()
        return attribute_history.histories(
            self.connection, self.rows, self.settings, self.data_through
        )

    def number(self, sql: str) -> Any:
        """Return the one value of a query."""
        row = self.connection.execute(sql).fetchone()
        return row[0] if row else None


def survey(settings: Settings) -> Survey:
    """Read, map and check all tables; the connection in the result is the caller's to close.

    Raises ``UsageError`` where the mapping does not fit the sources and ``DataError`` where a
    table or file is missing or empty, with all that was found.
    """
    gone = erased_ids.read(settings)
    surveyed = Survey(
        settings, TextColumns(readers.open_database(settings), settings.data_folder), gone=gone
    )
    try:
        _look(surveyed)
        _stop_on_faults(surveyed)
    except BaseException:
        surveyed.connection.close()
        raise
    return surveyed


def _look(surveyed: Survey) -> None:
    _known_rules(surveyed.settings, surveyed.faults)
    _read_sources(surveyed)
    wanted = list(_wanted(surveyed))
    staged = [name for name in wanted if _guard(surveyed, name, partial(_stage, surveyed, name))]
    _calendar(surveyed, staged)
    first = [name for name in CLEANED_FIRST if name in staged]
    for name in [*first, *(name for name in staged if name not in first)]:
        _guard(surveyed, name, partial(_judge, surveyed, TABLES[name]))


def _read_sources(surveyed: Survey) -> None:
    """Make every source readable: first all texts, since what one file holds decides on another."""
    settings, columns, faults = surveyed.settings, surveyed.columns, surveyed.faults
    columns.use = column_use.gathered(surveyed.connection, settings)
    sources = list(readers.named(settings))
    for name in sources:
        look = partial(readers.look, columns, settings, name, faults)
        _guard(surveyed, f"sources.{name}", look)
    columns.decide()
    for name in sources:
        if name not in faults.unread:
            _guard(surveyed, f"sources.{name}", partial(_read, surveyed, name))
    faults.problems.extend(columns.questions)


def _guard(surveyed: Survey, name: str, step: Callable[[], bool]) -> bool:
    """Do one step; what the database says at a row is a problem of the data, not a traceback."""
    try:
        return step()
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise EnvironmentFailure(f"{name}: {first_line(error)}") from None
    except duckdb.Error as error:
        surveyed.faults.problems.append(
            f"{name}{_read_from(surveyed.settings, name)}: reading stops at a row: "
            f"{first_line(error)}; use TRY_CAST in the mapping's "
            "`where`, `from` or [[checks]], or correct the file"
        )
        return False


def _read_from(settings: Settings, name: str) -> str:
    """Return what a contract table is read from, as a part of a sentence; empty for a source."""
    if name not in TABLES:
        return ""
    return f", read from {readers.origin(settings, staging.mapping_of(settings, name).source)}"


def _stop_on_faults(surveyed: Survey) -> None:
    faults = surveyed.faults
    refused = [str(violation) for violation in _causes(surveyed)]
    if faults.mistakes:
        raise UsageError([*faults.mistakes, *faults.problems])
    if faults.problems:
        raise DataError([*faults.problems, *refused])


def _causes(surveyed: Survey) -> Iterator[Violation]:
    """Yield the violations that are refused, without those that follow from an open question."""
    asked = _asked(surveyed)
    is_line_asked = any(table == "subscriptions" for table, _ in asked)
    for violation in surveyed.report().refused:
        is_unread = violation.rule == "type" and (violation.table, violation.column) in asked
        is_uncovered = violation.rule == "within_subscription" and is_line_asked
        if not (is_unread or is_uncovered):
            yield violation


def _asked(surveyed: Survey) -> set[tuple[str, str]]:
    """Return the columns of the contract that come from a column with an open question."""
    return {
        (name, column)
        for name, table in TABLES.items()
        for mapping in (staging.mapping_of(surveyed.settings, name),)
        for column in table.names
        if (mapping.source, unquoted(mapping.columns.get(column) or column).lower())
        in surveyed.columns.asked
    }


def _known_rules(settings: Settings, faults: Faults) -> None:
    sources = readers.named(settings)
    rule_names = [*rules.names(), *settings.check_names(), *source_rule_names(sources)]
    for name in settings.rules:
        if name not in rule_names:
            here = [
                rule_name
                for rule_name in rule_names
                if rule_name.split(".")[0] == name.split(".")[0]
            ]
            faults.mistakes.append(
                f"rules: there is no {name!r}{nearest(name, here or rule_names)}"
            )


def _read(surveyed: Survey, name: str) -> bool:
    """Make the source readable by its name, without the rows that a check of its own drops."""
    if not readers.read(surveyed.columns, surveyed.settings, name, surveyed.faults):
        return False
    relation = f"src.{quoted(name)}"
    checks = [check for check in surveyed.settings.checks if check.source == name]
    conditions = {
        **source_conditions(surveyed.columns, name),
        **own_conditions(surveyed.columns, checks, relation, surveyed.faults),
    }
    _apply(surveyed, relation, f"main.{quoted(name)}", conditions)
    return True


def _wanted(surveyed: Survey) -> Iterator[str]:
    """Yield the tables that are there to be read; say which required ones are not."""
    named, faults = readers.named(surveyed.settings), surveyed.faults
    for name, table in TABLES.items():
        mapping = staging.mapping_of(surveyed.settings, name)
        if mapping.is_query or mapping.source in named:
            if mapping.source not in faults.unread:
                yield name
        elif _needed(surveyed.settings, table) or name in surveyed.settings.tables:
            faults.problems.append(_missing(surveyed.settings, name))


def _needed(settings: Settings, table: Table) -> bool:
    """Say whether nothing can be computed without the table."""
    return table.required and not (table.name == "usage_daily" and settings.company.without_usage)


def _missing(settings: Settings, name: str) -> str:
    folder, source = settings.data_folder, staging.mapping_of(settings, name).source
    if not folder.is_dir():
        return f"{name}: the data folder {folder} does not exist; set [data] folder or --data"
    missing = (
        f"{name}: the table is missing: there is neither `from` under [tables.{name}] nor "
        f"{source}.parquet or {source}.csv in {folder}"
    )
    if name == "usage_daily":
        return f"{missing}; where nobody records use, set [company] without_usage = true"
    return missing


def _stage(surveyed: Survey, name: str) -> bool:
    """Make ``typed.<name>``; say whether that worked."""
    columns, settings, faults = surveyed.columns, surveyed.settings, surveyed.faults
    if not staging.rows(columns, settings, name, faults):
        return False
    checks = [check for check in settings.checks if check.table == name]
    _own_checks(surveyed, checks, f"rows.{quoted(name)}", f"kept.{quoted(name)}")
    if not staging.columns(columns, settings, name, faults):
        return False
    erased_ids.leave_out(columns.connection, TABLES[name], surveyed.gone)
    if TABLES[name].required and not surveyed.number(f"SELECT count(*) FROM kept.{quoted(name)}"):
        faults.problems.append(f"{name}: the table has no rows; check its source and `where`")
    return True


def _own_checks(surveyed: Survey, checks: list[Check], relation: str, target: str) -> None:
    conditions = own_conditions(surveyed.columns, checks, relation, surveyed.faults)
    _apply(surveyed, relation, target, conditions)


def _calendar(surveyed: Survey, staged: list[str]) -> None:
    """Find the first day that is not complete, and note it where the rules can read it."""
    company, latest = surveyed.settings.company, latest_today()
    surveyed.data_through, stray_from = company.data_through, None
    if company.data_through is not None and company.data_through > latest:
        surveyed.faults.mistakes.append(
            f"company.data_through: {company.data_through} lies after today, {utc_now():%Y-%m-%d} "
            "by this machine's clock; a day is complete once it has passed. Set the first day that "
            "is not complete, or leave the key out"
        )
    elif company.data_through is None and "usage_daily" in staged:
        surveyed.data_through, stray_from = _end_of_use(surveyed, staged, latest)
    surveyed.connection.execute(
        "CREATE TABLE clean.calendar AS SELECT ?::TIMESTAMP AS data_through, ? AS currency, "
        "?::DATE AS latest_today, ?::DATE AS stray_from",
        [surveyed.data_through, company.currency, latest, stray_from],
    )


def _end_of_use(
    surveyed: Survey, staged: list[str], latest: date
) -> tuple[date | None, date | None]:
    """Return the day after the newest use, and from when on days are stray, if any are."""
    rows = surveyed.connection.execute(
        "SELECT day, count(*) FROM typed.usage_daily WHERE isfinite(day) AND day <= ? "
        "GROUP BY day ORDER BY day",
        [latest],
    )
    days = [UsageDay(*row) for row in rows.fetchall()]
    if not days:
        surveyed.faults.problems.append(
            "usage_daily: there is no use up to today, so that nothing says where the data ends; "
            "set [company] data_through"
        )
        return None, None
    newest, end = days[-1].day + timedelta(days=1), end_of_use(days)
    if end != newest:
        # Only then are the tables read once more: a first load may explain the pause.
        end = end_of_use(days, _loaded_on(surveyed, staged, latest))
    if end != newest and _stray_policy(surveyed.settings) != "accept":
        return end, end
    surveyed.holds_today_only = newest > latest
    return min(newest, latest), None


def _loaded_on(surveyed: Survey, staged: list[str], latest: date) -> date | None:
    """Return the day by which three of four rows of the required tables were known."""
    known = " UNION ALL ".join(
        f"SELECT CAST(known_at AS DATE) AS day FROM typed.{quoted(name)} WHERE isfinite(known_at)"
        for name in staged
        if TABLES[name].required
    )
    day: date | None = surveyed.number(
        f"SELECT quantile_disc(day, 0.75) FROM ({known}) WHERE day <= {literal(str(latest))}::DATE"
    )
    return day


def _stray_policy(settings: Settings) -> Policy | None:
    """Return what [rules] says of use on stray days, if anything."""
    keys = (f"usage_daily.day.{OF_THE_FUTURE}", f"usage_daily.{OF_THE_FUTURE}")
    return next((settings.rules[key] for key in keys if key in settings.rules), None)


def _judge(surveyed: Survey, table: Table) -> bool:
    """Apply the contract's rules to ``typed.<table>`` and leave ``clean.<table>``."""
    columns = [*table.names, *(staging.RAW + name for name in table.names)]
    conditions = {
        condition: list(
            dict.fromkeys([*map(quoted, table.key), *mentioned(columns, condition.sql)])
        )
        for condition in _conditions(table, set(surveyed.rows))
    }
    target = f"clean.{quoted(table.name)}"
    _apply(surveyed, f"typed.{quoted(table.name)}", target, conditions)
    surveyed.rows[table.name] = surveyed.number(f"SELECT count(*) FROM {target}")
    if table.required and not surveyed.rows[table.name]:
        surveyed.faults.problems.append(
            f"{table.name}: no row is left once [rules] has dropped those that violate a rule"
        )
    if table.name == "subscriptions":
        surveyed.connection.execute(f"CREATE TABLE clean.coverage AS {rules.COVERAGE}")
    return True


def _conditions(table: Table, available: set[str]) -> Iterator[Condition]:
    for rule in rules.RULES.values():
        for column, sql in rule.spots(table):
            if rules.reads(sql) <= available:
                yield Condition(
                    table=table.name,
                    column=column,
                    rule=rule.name,
                    sql=sql,
                    why=rule.why,
                    do=rule.way_out(table, column),
                    refuse_above=rule.refuse_above,
                    drop_up_to=rule.drop_up_to.get(table.name, 0.0),
                    alone=rule.alone,
                    screen=rule.screen(table) if rule.screen else "",
                )


def _apply(
    surveyed: Survey, relation: str, target: str, conditions: dict[Condition, list[str]]
) -> None:
    """Add the violations in ``relation`` and leave ``target`` without the rows to drop."""
    policies = surveyed.settings.rules
    violations = find(surveyed.connection, relation, conditions, policies)
    surveyed.violations.extend(violations)
    if any(violation.rule == OF_THE_FUTURE for violation in violations):
        surveyed.holds_today_only = True
    places = {
        (violation.column, violation.rule) for violation in violations if violation.policy == "drop"
    }
    dropped = [
        condition.sql for condition in conditions if (condition.column, condition.rule) in places
    ]
    without(surveyed.connection, relation, target, dropped)
