"""The same columns by pandas: one snapshot after the other, as one would in a notebook."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.usage.data import COLUMNS, as_of_dates

WINDOWS = (28, 91)


def compute(path: Path, snapshots: int) -> pa.Table:
    """Return ``COLUMNS`` of every account with use at all dates."""
    names = ["account_id", "user_id", "feature"]
    stored = pq.read_table(
        path, columns=[*names, "day", "events", "known_at"], read_dictionary=names
    )
    used = stored.to_pandas()
    for name in names:
        used[name] = used[name].astype("category")
    used["day"] = pd.to_datetime(used["day"])
    accounts = pd.Index(used["account_id"].cat.categories, name="account_id")
    parts = [_snapshot(used, accounts, pd.Timestamp(day)) for day in as_of_dates(snapshots)]
    wide = pd.concat(parts, ignore_index=True)
    return pa.Table.from_pandas(wide[["account_id", "as_of", *COLUMNS]], preserve_index=False)


def _snapshot(used: pd.DataFrame, accounts: pd.Index, as_of: pd.Timestamp) -> pd.DataFrame:
    ago = (as_of - used["day"]).dt.days
    year = used[(ago > 0) & (ago <= 364) & (used["known_at"] < as_of)]
    year = year.assign(ago=ago[year.index])
    wide = pd.DataFrame(index=accounts)
    for days in (28, 91, 364):
        wide[f"usage_events_{days}d"] = _by(year[year["ago"] <= days])["events"].sum()
    for days in (56, 182):
        both = _by(year[year["ago"] <= days])["events"].sum()
        new = _by(year[year["ago"] <= days // 2])["events"].sum().reindex(both.index, fill_value=0)
        wide[f"usage_trend_{days}d"] = (2 * new - both) / both
    wide["usage_days_silent"] = _by(year)["ago"].min().reindex(accounts, fill_value=364)
    quarter = year[year["ago"] <= 91]
    _people(wide, quarter)
    _functions(wide, quarter)
    _weeks(wide, quarter)
    wide["usage_weekly_share_28d"] = wide["usage_active_users_7d"] / wide["usage_active_users_28d"]
    return wide.reset_index().assign(as_of=as_of.date())


def _by(rows: pd.DataFrame, *more: str) -> pd.core.groupby.DataFrameGroupBy:
    return rows.groupby(["account_id", *more], observed=True)


def _people(wide: pd.DataFrame, quarter: pd.DataFrame) -> None:
    days = quarter[["account_id", "user_id", "day", "ago"]].drop_duplicates()
    for window in (7, *WINDOWS):
        there = days[days["ago"] <= window]
        wide[f"usage_active_users_{window}d"] = _by(there)["user_id"].nunique()
    each = _by(days, "user_id").size()
    by_account = each.groupby("account_id", observed=True)
    regular = (each >= 13).groupby("account_id", observed=True)
    wide["usage_regular_share_91d"] = regular.mean()
    wide["usage_top_person_share_91d"] = by_account.max() / by_account.sum()
    a_day = _by(days, "ago").size().reset_index(name="people")
    for window in WINDOWS:
        there = _by(a_day[a_day["ago"] <= window])["people"]
        wide[f"usage_days_active_{window}d"] = there.size()
        wide[f"usage_people_a_day_{window}d"] = there.mean()
        wide[f"usage_peak_people_{window}d"] = there.max()
    counts = [name for name in COLUMNS if name.startswith(COUNTS) and name in wide]
    wide[counts] = wide[counts].fillna(0)
    for window in WINDOWS:
        active = wide[f"usage_active_users_{window}d"].replace(0, np.nan)
        wide[f"usage_events_per_user_{window}d"] = wide[f"usage_events_{window}d"] / active
        wide[f"usage_stickiness_{window}d"] = wide[f"usage_people_a_day_{window}d"] / active


COUNTS = ("usage_active", "usage_events", "usage_days_active", "usage_people", "usage_peak")


def _functions(wide: pd.DataFrame, quarter: pd.DataFrame) -> None:
    for window in WINDOWS:
        there = _by(quarter[quarter["ago"] <= window])["feature"].nunique()
        wide[f"usage_functions_used_{window}d"] = there.reindex(wide.index, fill_value=0)
    events = _by(quarter, "feature")["events"].sum().groupby("account_id", observed=True)
    wide["usage_top_function_share_91d"] = events.max() / events.sum()
    used = wide["usage_functions_used_91d"] > 0
    wide["usage_products_used_91d"] = used.astype(float)


def _weeks(wide: pd.DataFrame, quarter: pd.DataFrame) -> None:
    weeks = quarter.assign(week=(quarter["ago"] - 1) // 7)
    events = _by(weeks, "week")["events"].sum()
    mean = events.groupby("account_id", observed=True).sum() / 13
    squares = (events * events).groupby("account_id", observed=True).sum() / 13
    wide["usage_volatility_91d"] = np.sqrt((squares - mean * mean).clip(lower=0)) / mean
