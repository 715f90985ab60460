"""Why ``journey`` has nothing to compare: too young, known too late, or nobody on one side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.adoption_steps import DAYS, STEPS, YEAR
from features.contract import TABLES
from pipelines.build import engines
from pipelines.ingest.tables import read_manifest

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.labels.declaration import Target
    from pipelines.config.settings import Settings

LAST_AGE = timedelta(days=DAYS[-1])


def reasons(settings: Settings, rows: pd.DataFrame, outcomes: Mapping[str, Target]) -> list[str]:
    """Return in sentences why no step can be compared.

    ``rows`` hold an account and age each, with a column for each step and outcome, as ``journey``
    has them.
    """
    connection, tables = engines.connect(settings)
    through = date.fromisoformat(read_manifest(settings).data_through)
    grace = settings.build.grace_days
    try:
        if rows.empty:
            return [_nobody_at_any_age(tables)]
        matured = rows[rows[list(outcomes)].notna().any(axis=1)]
        if matured.empty:
            days = max(target.mature_days(YEAR, grace) for target in outcomes.values())
            return [_no_year_is_over(rows, through, timedelta(days=days))]
        accounts = matured["account_id"].nunique()
        head = (
            f"{accounts:,} accounts were followed for a year, but no step has accounts that "
            "reached it beside accounts that did not:"
        )
        return [head, *_steps(matured, tables)]
    finally:
        connection.disconnect()


def _nobody_at_any_age(tables: Mapping[str, ir.Table]) -> str:
    """Say why no account was a customer, as far as was known, at the first age or any later."""
    lines = tables["subscriptions"]
    starts = lines.group_by("account_id").aggregate(
        start=lines.starts_on.min(), known=lines.known_at.min().date()
    )
    frame = starts.to_pyarrow().to_pandas()
    late = frame["known"] >= frame["start"] + LAST_AGE
    if late.all():
        loaded = min(frame["known"])
        return (
            f"of {len(frame):,} accounts, none was known within {DAYS[-1]} days of its start: "
            f"subscriptions.known_at begins on {loaded}, as if all had been loaded "
            'then; map it to the day of signing (`known_at = "signed_on"`)'
        )
    return (
        f"of {len(frame):,} accounts, none was still a customer {DAYS[0]} days after its "
        "start, as far as was known then; check subscriptions.ended_on, ended_known_on and known_at"
    )


def _no_year_is_over(rows: pd.DataFrame, through: date, matures: timedelta) -> str:
    first = min(rows["as_of"])
    if first >= through:
        return (
            f"no account is {DAYS[0]} days old yet: the first known start of a subscription is "
            f"{min(rows['started_on'])}, and the data ends before {through}. A comparison needs "
            f"{DAYS[0]} days and the year after"
        )
    return (
        f"no account has been followed for a year: the first one that was seen at the age of "
        f"{DAYS[0]} days was so on {first}; its year is complete on {first + matures}, and the "
        f"data ends before {through}"
    )


def _steps(matured: pd.DataFrame, tables: Mapping[str, ir.Table]) -> Iterator[str]:
    """Yield of each step why it has one side only, on accounts whose year is over."""
    for name, step in STEPS.items():
        title, absent = name.replace("_", " "), [t for t in step.sources if t not in tables]
        flags = matured[name].dropna()
        if absent:
            yield f"{title}: the table {', '.join(absent)} is not provided"
        elif flags.empty:
            yield f"{title}: {_no_record(tables, step.sources[0], max(matured['started_on']))}"
        elif not flags.any():
            yield f"{title}: none of these accounts reached it within {DAYS[-1]} days"
        elif flags.all():
            yield f"{title}: all of these accounts had reached it within {DAYS[0]} days"
        else:
            yield f"{title}: at each age, all of these accounts had reached it, or none"


def _no_record(tables: Mapping[str, ir.Table], source: str, last_start: Any) -> str:
    column = TABLES[source].happened
    begun = tables[source][column].min().to_pyarrow().as_py()
    if begun is None:
        return f"the table {source} has no rows"
    return (
        f"{source}.{column} begins on {begun}, after the last of these accounts started "
        f"({last_start}); nobody can say who reached it"
    )
