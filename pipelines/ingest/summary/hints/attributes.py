"""Hints on attributes of which only today's value is known."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from features.contract import ACCOUNTS
from pipelines.ingest import attribute_history
from pipelines.ingest.attribute_history import AttributeHistory
from pipelines.ingest.summary.checked_tables import CheckedTables
from pipelines.ingest.summary.hints.declaration import Finding, hint


@hint(
    needs=("accounts",),
    do="name what never changes or was right at the time under [features] keep; else map its "
    "former versions, or record those of accounts: [tables.accounts] versions = true",
    recipe="Mapping special cases",
)
def todays_attribute(tables: CheckedTables) -> Iterator[Finding]:
    """An attribute has one value for nearly every account, today's, though it can change. A model
    would learn from it what became of the account, so what reads it is no model input.
    """  # noqa: D205
    judged = attribute_history.histories(
        tables.connection, tables.rows, tables.settings, tables.data_through
    )
    left_out = attribute_history.left_out(tables.settings, judged)
    for (table, _), together in groupby(judged, key=lambda h: (h.table, h.keeps_changes)):
        histories = [history for history in together if history.name in left_out.values()]
        if histories:
            names = {history.name for history in histories}
            inputs = [column for column, name in left_out.items() if name in names]
            columns = ", ".join(history.column for history in histories)
            yield Finding(
                f"{table}.{columns}",
                f"{_figure(histories)} No model inputs: {', '.join(inputs)}.",
                do=_way_out(histories),
            )


def _figure(histories: list[AttributeHistory]) -> str:
    if histories[0].keeps_changes:
        begin = min(str(history.changes_begin) for history in histories)
        return f"Changes are kept from {begin} on only; older rows have the value of that day."
    changed = max(history.changed for history in histories)
    described = max(history.described for history in histories)
    return f"{described - changed:,} of {described:,} have one value, taken as never changed."


def _way_out(histories: list[AttributeHistory]) -> str:
    short = (history.name.removeprefix(f"{ACCOUNTS.name}.") for history in histories)
    names = ", ".join(f'"{name}"' for name in short)
    keep = f"name what never changes or was right at the time: [features] keep = [{names}]"
    first = histories[0]
    if first.table != ACCOUNTS.name:
        return keep
    if first.recorded_since:
        return (
            f"{keep}; else wait: versions are recorded since {first.recorded_since} and are used "
            f"once the data reaches {first.usable_from}"
        )
    return (
        f"{keep}; else map its former versions, or record them from now on: [tables.accounts] "
        "versions = true"
    )
