"""Rules on when things happened and when they were known."""

from __future__ import annotations

from features.contract import Table
from pipelines.ingest.rules.core import Spots, rule
from pipelines.ingest.sources.placeholder_days import is_placeholder

EVENTS = ("usage_daily", "milestones", "tickets", "org_units")
"""Tables of things that nobody can know beforehand."""
FEW_STRAY_ROWS = 0.001
"""Use on days to come is left out up to this share: features lose nothing, and the week goes on."""


@rule(do="swap or correct the two dates at the source")
def order(table: Table) -> Spots:
    """Something ends, or becomes known, before it starts."""
    for earlier, later in table.ordered:
        yield later, f"{earlier} > {later}"


@rule(do="map that day; where nobody kept it, take the day itself")
def known_by(table: Table) -> Spots:
    """A value that can change lacks the day it became known, so features would see the future."""
    for column in table.columns:
        if column.known_by and column.known_by != column.name:
            # A day that cannot be read is another rule's; a placeholder is as good as none.
            is_missing = f"__raw_{column.known_by} IS NULL OR {is_placeholder(column.known_by)}"
            yield column.name, f"{column.name} IS NOT NULL AND ({is_missing})"


@rule(do="map known_at to the day of the load, or to the day itself where it was not kept")
def known_before_it_happened(table: Table) -> Spots:
    """A row was known before the day on which it happened."""
    if table.name in EVENTS:
        # A day to come is another rule's: nobody should have to decide twice about one row.
        happened = f"{table.happened} <= (SELECT latest_today FROM clean.calendar)"
        yield "known_at", f"CAST(known_at AS DATE) < {table.happened} AND {happened}"


@rule(
    do="nothing, if the data was cut there; else correct [company] data_through or known_at",
    refuse_above=1.0,
)
def known_after_data_through(table: Table) -> Spots:
    """A row became known on or after the first day that is not complete; no feature sees it."""
    if "known_at" in table.names:
        yield "known_at", "known_at >= (SELECT data_through FROM clean.calendar)"


@rule(
    do="correct the date at the source; if today is another day, correct this machine's clock; if "
    "use really began again after a pause, accept it or set [company] data_through",
    drop_up_to={"usage_daily": FEW_STRAY_ROWS},
)
def of_the_future(table: Table) -> Spots:
    """Something happened or was known after today, or use is months after all the rest."""
    for column in never_ahead(table):
        condition = f"CAST({column} AS DATE) > (SELECT latest_today FROM clean.calendar)"
        if (table.name, column) == ("usage_daily", "day"):
            condition += " OR day >= (SELECT stray_from FROM clean.calendar)"
        # An end that nobody announces is known on its day, and no feature sees it before.
        announced = [f"{column} IS DISTINCT FROM {end}" for end in _ends_known_on(table, column)]
        yield column, " AND ".join([f"({condition})", *announced])


def _ends_known_on(table: Table, column: str) -> list[str]:
    """Return the other dates that became known on the day that ``column`` holds."""
    return [
        end.name
        for end in table.columns
        if end.known_by == column != end.name and end.type == "date"
    ]


def never_ahead(table: Table) -> list[str]:
    """Return the columns whose day nobody can know beforehand, unlike a start or an end."""
    names = [column.name for column in table.columns if column.known_by == column.name]
    names += [table.happened] if table.name in EVENTS else []
    return [
        name
        for name in table.names
        if name in names
        or name == "known_at"
        or (table.name, name) == ("subscriptions", "signed_on")
    ]
