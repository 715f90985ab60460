"""What reached the warehouse week by week: rows, accounts, delays, numbers, gaps, categories.

A feed is a table with one column that says when something became known: the rows themselves, or
the end of a subscription, the leaving of a champion. Weeks count back from ``as_of``: 0 is the
newest complete one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from features.contract import TABLES, Column, Table
from pipelines.common.sql_quoting import literal, parquet, quoted

WEEKS = 70
"""A year and the quarter before it: what is seasonal is seen a year ago."""
REGULAR, OF = 9, 12
"""An account with rows in so many of so many weeks is a regular one of the feed."""
FEW_ROWS = 20
"""Of a feed with fewer rows in its median week, single values are looked at."""
FEW_VALUES = 40
"""Text columns with more different values are names, not categories."""
ROW = "known_at"


@dataclass(frozen=True)
class Numbers:
    """A number's positive values by week: how many, and mean and deviation of their logarithm."""

    n: np.ndarray
    mean: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class Values:
    """A number's positive values, in logarithms: the median of each account and ``week``.

    Where rows are of products, each is told from the median of its product and plan.
    """

    week: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class Feed:
    """What became known by week, each array of shape (``WEEKS``,), the newest week first.

    ``largest`` are the rows of the account with the most of them; ``regular`` the accounts that
    had rows in ``REGULAR`` of the ``OF`` weeks before, ``silent`` those of them without any.
    ``lag`` is the mean number of days from happening to becoming known; ``unknown`` the number of
    rows without a value by column; ``categories`` rows by column and value, and
    ``categories_of_others`` the same without the week's largest account. ``values`` by column are
    those of feeds with few rows.
    """

    table: str
    known_by: str
    rows: np.ndarray
    accounts: np.ndarray
    largest: np.ndarray
    regular: np.ndarray
    silent: np.ndarray
    lag: np.ndarray
    numbers: Mapping[str, Numbers]
    unknown: Mapping[str, np.ndarray]
    categories: Mapping[str, Mapping[str, np.ndarray]]
    categories_of_others: Mapping[str, Mapping[str, np.ndarray]]
    values: Mapping[str, Values]

    @property
    def name(self) -> str:
        """The table, or the column that tells of an event within it."""
        return self.table if self.known_by == ROW else f"{self.table}.{self.known_by}"


def feeds(folder: Path, as_of: date) -> Iterator[Feed]:
    """Yield every feed of the tables in ``folder``, from what was known before ``as_of``."""
    with closing(duckdb.connect()) as connection:
        for table in TABLES.values():
            path = folder / f"{table.name}.parquet"
            for known_by in _known_by(table) if path.exists() else ():
                yield _feed(connection, _Recent(table, path, known_by, as_of))


def rows_before(folder: Path, before: date) -> dict[str, int]:
    """Return how many rows of each table were known before a day; 0 where the table is missing."""
    with closing(duckdb.connect()) as connection:
        return {name: _rows_before(connection, folder, name, before) for name in TABLES}


def levels_before(folder: Path, before: date) -> dict[str, float]:
    """Return the mean logarithm of every number by ``table.column``, of rows known before a day."""
    levels: dict[str, float] = {}
    with closing(duckdb.connect()) as connection:
        for table in TABLES.values():
            names = [column.name for column in _numbers(table, ROW)]
            path = folder / f"{table.name}.parquet"
            if not (names and path.exists()):
                continue
            means = ", ".join(f"avg(ln({quoted(c)})) FILTER ({quoted(c)} > 0)" for c in names)
            query = f"SELECT {means} FROM {_read(path)} WHERE {ROW} < {_day(before)}"
            row = connection.execute(query).fetchone() or ()
            means_by_column = zip(names, row, strict=True)
            levels |= {f"{table.name}.{c}": float(v) for c, v in means_by_column if v is not None}
    return levels


@dataclass(frozen=True)
class _Recent:
    """The rows of a table that became known within the weeks that are looked at."""

    table: Table
    path: Path
    known_by: str
    as_of: date

    @property
    def has_accounts(self) -> bool:
        return "account_id" in self.table.names

    @property
    def sql(self) -> str:
        known_by = quoted(self.known_by)
        weeks = f"(date_diff('day', CAST({known_by} AS DATE), {_day(self.as_of)}) - 1) // 7 AS week"
        rows = f"SELECT *, {weeks} FROM {_read(self.path)} WHERE {known_by} < {_day(self.as_of)}"
        return f"(SELECT * FROM ({rows}) WHERE week < {WEEKS})"


def _feed(connection: duckdb.DuckDBPyConnection, recent: _Recent) -> Feed:
    numbers = _numbers(recent.table, recent.known_by)
    gaps = [column for column in _columns(recent.table, recent.known_by) if column.nullable]
    asked = {
        "rows": "count(*)",
        "accounts": "count(DISTINCT account_id)" if recent.has_accounts else "0",
        "lag": _lag(recent),
        **{f"n {c.name}": f"count(*) FILTER ({quoted(c.name)} > 0)" for c in numbers},
        **{f"mean {c.name}": f"avg({_log(c)}) FILTER ({quoted(c.name)} > 0)" for c in numbers},
        **{f"spread {c.name}": f"stddev({_log(c)}) FILTER ({quoted(c.name)} > 0)" for c in numbers},
        **{f"gap {c.name}": f"count(*) - count({quoted(c.name)})" for c in gaps},
    }
    by_week = _by_week(connection, recent, asked)
    regular, silent = _attendance(connection, recent)
    categories = dict(_categories(connection, recent))
    has_few_rows = np.median(by_week["rows"]) < FEW_ROWS
    return Feed(
        table=recent.table.name,
        known_by=recent.known_by,
        rows=by_week["rows"],
        accounts=by_week["accounts"],
        largest=_largest(connection, recent),
        regular=regular,
        silent=silent,
        lag=by_week["lag"],
        numbers={
            c.name: Numbers(*(by_week[f"{kind} {c.name}"] for kind in ("n", "mean", "spread")))
            for c in numbers
        },
        unknown={c.name: by_week[f"gap {c.name}"] for c in gaps},
        categories={name: counts for name, (counts, _) in categories.items()},
        categories_of_others={name: others for name, (_, others) in categories.items()},
        values={c.name: _values(connection, recent, c) for c in numbers if has_few_rows},
    )


def _by_week(
    connection: duckdb.DuckDBPyConnection, recent: _Recent, asked: Mapping[str, str]
) -> dict[str, np.ndarray]:
    """Return what was asked by week: counts are 0 in a week without rows, means not known."""
    wanted = ", ".join(asked.values())
    rows = connection.execute(f"SELECT week, {wanted} FROM {recent.sql} GROUP BY week").fetchall()
    counts = ("rows", "accounts", "n ", "gap ")
    by_week = {name: np.full(WEEKS, 0.0 if name.startswith(counts) else np.nan) for name in asked}
    for week, *values in rows:
        for name, value in zip(asked, values, strict=True):
            if value is not None:
                by_week[name][week] = value
    return by_week


def _categories(
    connection: duckdb.DuckDBPyConnection, recent: _Recent
) -> Iterator[tuple[str, tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]]:
    """Yield each column with the rows of its values, of all accounts and without the largest."""
    for column in _texts(recent.table, recent.known_by):
        counted = connection.execute(_counted_by_value(recent, quoted(column.name))).fetchall()
        values = sorted({str(value) for value, *_ in counted})
        if not 0 < len(values) <= FEW_VALUES:
            continue
        rows, others = ({value: np.zeros(WEEKS) for value in values} for _ in range(2))
        for value, week, count, count_of_others in counted:
            rows[str(value)][week], others[str(value)][week] = count, count_of_others
        yield column.name, (rows, others)


def _counted_by_value(recent: _Recent, column: str) -> str:
    """Return the query of a column's values by week: all rows, and those of smaller accounts."""
    rows = f"SELECT {column} AS value, week FROM {recent.sql} WHERE {column} IS NOT NULL"
    if not recent.has_accounts:
        return f"SELECT value, week, count(*), count(*) FROM ({rows}) GROUP BY ALL"
    by_account = (
        f"SELECT account_id, week, {column} AS value, count(*) AS n FROM {recent.sql} "
        f"WHERE {column} IS NOT NULL GROUP BY ALL"
    )
    sized = (
        f"SELECT *, sum(n) OVER (PARTITION BY account_id, week) AS account_rows FROM ({by_account})"
    )
    ranked = (
        "SELECT *, dense_rank() OVER (PARTITION BY week ORDER BY account_rows DESC, account_id) "
        f"AS place FROM ({sized})"
    )
    others = "coalesce(sum(n) FILTER (place > 1), 0)"
    return f"SELECT value, week, sum(n), {others} FROM ({ranked}) GROUP BY ALL"


def _largest(connection: duckdb.DuckDBPyConnection, recent: _Recent) -> np.ndarray:
    """Return the rows of each week's largest account; 0 where a table has no accounts."""
    if not recent.has_accounts:
        return np.zeros(WEEKS)
    by_account = f"SELECT account_id, week, count(*) AS n FROM {recent.sql} GROUP BY ALL"
    query = f"SELECT week, max(n) FROM ({by_account}) GROUP BY week"
    return _filled(connection.execute(query).fetchall())


def _attendance(
    connection: duckdb.DuckDBPyConnection, recent: _Recent
) -> tuple[np.ndarray, np.ndarray]:
    """Return by week how many accounts are regular, and how many of them sent nothing.

    The weeks in which an account had rows are the bits of one number, the newest the lowest.
    """
    if not recent.has_accounts:
        return np.zeros(WEEKS), np.zeros(WEEKS)
    bits = (
        f"SELECT bit_or(1::HUGEINT << week::INTEGER) AS weeks FROM {recent.sql} GROUP BY account_id"
    )
    is_regular = f"bit_count((weeks >> (week + 1)) & {(1 << OF) - 1}) >= {REGULAR}"
    query = (
        f"SELECT week, count(*), count(*) FILTER ((weeks >> week) & 1 = 0) FROM ({bits}), "
        f"(SELECT unnest(range({WEEKS - OF}))::INTEGER AS week) WHERE {is_regular} GROUP BY week"
    )
    counted = connection.execute(query).fetchall()
    regular = _filled([(week, count) for week, count, _ in counted])
    return regular, _filled([(week, count) for week, _, count in counted])


def _values(connection: duckdb.DuckDBPyConnection, recent: _Recent, column: Column) -> Values:
    group = [name for name in ("product_id", "plan") if name in recent.table.names]
    alike = f"PARTITION BY {', '.join(group)}" if group else ""
    account = "account_id" if recent.has_accounts else "week"
    logs = (
        f"SELECT {account} AS account, week, {_log(column)} - median({_log(column)}) "
        f"OVER ({alike}) AS value FROM {recent.sql} WHERE {quoted(column.name)} > 0"
    )
    query = f"SELECT week, median(value) FROM ({logs}) GROUP BY account, week ORDER BY ALL"
    rows = np.array(connection.execute(query).fetchall(), float).reshape(-1, 2)
    return Values(rows[:, 0].astype(int), rows[:, 1])


def _filled(counted: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return counts by week, 0 in weeks without any."""
    weeks = np.zeros(WEEKS)
    for week, count in counted:
        weeks[week] = count
    return weeks


def _known_by(table: Table) -> list[str]:
    return list(
        dict.fromkeys([ROW, *(column.known_by for column in table.columns if column.known_by)])
    )


def _columns(table: Table, known_by: str) -> list[Column]:
    return [column for column in table.columns if (column.known_by or ROW) == known_by]


def _numbers(table: Table, known_by: str) -> list[Column]:
    return [column for column in _columns(table, known_by) if column.type in ("integer", "number")]


def _texts(table: Table, known_by: str) -> list[Column]:
    return [
        column
        for column in _columns(table, known_by)
        if column.type == "string"
        and (column.name == "product_id" or not column.name.endswith("_id"))
        and column.name != "name"
    ]


def _lag(recent: _Recent) -> str:
    """Return the mean days to becoming known, of the day that this feed tells of."""
    days = [column for column in _columns(recent.table, recent.known_by) if column.type == "date"]
    happened = recent.table.happened if recent.known_by == ROW else (days[0].name if days else "")
    if not happened or happened == recent.known_by:
        return "NULL"
    return f"avg(date_diff('day', {quoted(happened)}, CAST({quoted(recent.known_by)} AS DATE)))"


def _rows_before(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, before: date
) -> int:
    path = folder / f"{name}.parquet"
    if not path.exists():
        return 0
    query = f"SELECT count(*) FROM {_read(path)} WHERE {ROW} < {_day(before)}"
    row: Sequence[int] = connection.execute(query).fetchone() or (0,)
    return int(row[0])


def _read(path: Path) -> str:
    return parquet(path)


def _day(day: date) -> str:
    return f"DATE {literal(day.isoformat())}"


def _log(column: Column) -> str:
    return f"ln({quoted(column.name)})"
