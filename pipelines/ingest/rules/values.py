"""Rules on single values."""

from __future__ import annotations

from features.contract import Table
from pipelines.ingest.rules.core import Spots, rule
from pipelines.ingest.sources.placeholder_days import (
    READ,
    is_placeholder,
    is_zero,
    may_be_placeholder,
)

AS_DATE = (
    "convert it in the mapping, for example strptime(x, '%d.%m.%Y'), or correct it at the source"
)
AS_NUMBER = (
    "convert it in the mapping, for example TRY_CAST(x AS DOUBLE), or correct it at the source"
)


@rule(
    do="convert it in the mapping, for example TRY_CAST(x AS DOUBLE) or "
    "strptime(x, '%d.%m.%Y'), or correct it at the source",
    do_by_type={
        **dict.fromkeys(("date", "timestamp"), AS_DATE),
        **dict.fromkeys(("integer", "number"), AS_NUMBER),
    },
)
def type_(table: Table) -> Spots:
    """A value cannot be read as its column's type."""
    for column in table.columns:
        unread = f"__raw_{column.name} IS NOT NULL AND {column.name} IS NULL"
        if may_be_placeholder(column):
            # Others are empty on purpose: a placeholder, or the day on which one became known.
            unread += f" AND {READ}{column.name} IS NULL AND NOT {is_zero(column.name)}"
        yield column.name, unread


@rule(
    do="nothing, if it stands for no end or no day; else correct it at the source",
    refuse_above=1.0,
)
def placeholder(table: Table) -> Spots:
    """A day such as 9999-12-31 or 1900-01-01 stands for 'none', and is read as empty."""
    for column in table.columns:
        if may_be_placeholder(column):
            yield column.name, f"__raw_{column.name} IS NOT NULL AND {is_placeholder(column.name)}"


@rule(do="fill it in the mapping, for example coalesce(x, ...), or leave the rows out with `where`")
def not_null(table: Table) -> Spots:
    """A value is missing that no feature can do without."""
    for column in table.columns:
        if not column.nullable:
            blank = f" OR {column.name} = ''" if column.type == "string" else ""
            yield column.name, f"__raw_{column.name} IS NULL{blank}"


@rule(do="translate it in the mapping with CASE")
def allowed(table: Table) -> Spots:
    """A value is none of those the column may hold."""
    for column in table.columns:
        if column.values:
            listed = ", ".join(f"'{value}'" for value in column.values)
            yield column.name, f"{column.name} NOT IN ({listed})"


@rule(do="correct it at the source; credit notes and corrections are no rows of their own")
def minimum(table: Table) -> Spots:
    """A number lies below the least that makes sense."""
    for column in table.columns:
        if column.minimum is not None:
            yield column.name, f"{column.name} < {column.minimum}"


@rule(do="make it null in the mapping, for example with nullif on the divisor")
def finite(table: Table) -> Spots:
    """A number is infinite or not a number."""
    for column in table.columns:
        if column.type == "number":
            yield column.name, f"NOT isfinite({column.name})"


@rule(do="convert both prices in the mapping, or set [company] currency")
def one_currency(table: Table) -> Spots:
    """A price is in another currency than the company's, and amounts cannot be added."""
    if table.name == "subscriptions":
        yield "currency", "currency <> (SELECT currency FROM clean.calendar)"


@rule(do="map user_id where there are user ids, else active_users")
def one_count(table: Table) -> Spots:
    """A usage row has neither a user nor a count of users, or has both."""
    if table.name == "usage_daily":
        yield "user_id, active_users", "(__raw_user_id IS NULL) = (__raw_active_users IS NULL)"
