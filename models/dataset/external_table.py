"""A feature table that was made elsewhere, as models take it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

import pandas as pd

from features.errors import DataError
from models.dataset.feature_table import FeatureTable, Label

FORWARD = "_next_"
MOST_NAMES = 50
"""A text with more different values names accounts rather than kinds of them."""
EXAMPLES = 3
FEWEST_IDS = 30
GAPS, GROWS = 2, 0.9
"""An account's own numbers are ids where they lie this close, or rise with time (Spearman)."""
ISO_DAY = r"\d{4}-\d{2}-\d{2}"


@dataclass(frozen=True)
class Roles:
    """Which column of a table is what; an outcome is known ``horizon_days`` after ``as_of``."""

    target: str
    account_id: str
    as_of: str
    horizon_days: int


@dataclass(frozen=True)
class Foreign:
    """The table, and the columns that are no inputs, each with the reason."""

    table: FeatureTable
    left_out: dict[str, str]


def foreign(frame: pd.DataFrame, roles: Roles, fingerprint: str, place: str) -> Foreign:
    """Take any table with one row an account and date and a binary outcome; ``frame`` stays.

    Parameters
    ----------
    frame
        The rows. An empty outcome is one that is not known yet.
    roles
        What the columns are.
    fingerprint
        A digest of the table's source.
    place
        What the table is called in messages.

    Raises
    ------
    DataError
        Naming every column that is missing or does not hold what its role says.
    """
    if problems := [f"{place}: {problem}" for problem in _problems(frame, roles)]:
        raise DataError(problems)
    frame = frame.rename(columns=str)
    ours = {roles.account_id: "account_id", roles.as_of: "as_of"}
    taken = [name for name in ours.values() if name in frame and name not in ours]
    rows = frame.drop(columns=taken).rename(columns=ours)
    days = pd.to_datetime(rows["as_of"])
    rows = rows.assign(account_id=rows["account_id"].astype(str), as_of=days.dt.date)
    role_columns = {"account_id", "as_of", roles.target}
    others = [name for name in rows.columns if name not in role_columns]
    left_out = {
        name: why
        for name in others
        if (why := _no_input(name, rows[name]) or _identity(rows, name))
    }
    left_out |= dict.fromkeys(taken, "is called as --id and --as-of are in a model; rename it")
    features = [_feature(name, rows[name]) for name in others if name not in left_out]
    if not features:
        raise DataError(f"{place}: no column is left to learn from; left out: {left_out}")
    rows = rows.assign(**{f["name"]: _values(rows[f["name"]]) for f in features})
    rows[roles.target] = _values(rows[roles.target])
    label = Label(roles.target, roles.target, None, "+", roles.horizon_days)
    through = days.max() + timedelta(days=roles.horizon_days)
    meta = {
        "fingerprint": fingerprint,
        "data_through": str(through.date()),
        "horizon_days": roles.horizon_days,
    }
    return Foreign(FeatureTable(rows, tuple(features), {roles.target: label}, meta), left_out)


def _problems(frame: pd.DataFrame, roles: Roles) -> Iterator[str]:
    asked = (roles.target, roles.account_id, roles.as_of)
    lacking = [name for name in asked if name not in frame]
    for name in lacking:
        near = get_close_matches(name, [str(column) for column in frame.columns], 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        yield f"has no column {name!r}{meant}"
    if lacking:
        return
    if len(set(asked)) < len(asked):
        yield f"target, id and as-of must be three columns, not {', '.join(asked)}"
        return
    yield from _wrong_values(frame, roles)


def _wrong_values(frame: pd.DataFrame, roles: Roles) -> Iterator[str]:
    outcome = frame[roles.target].dropna()
    if len(other := outcome[~outcome.isin([0, 1])]):
        yield f"{roles.target} must be 0, 1 or empty; {_shown(other)}"
    if gaps := int(frame[roles.account_id].isna().sum()):
        yield f"{roles.account_id} is empty in {gaps:,} rows; every row needs its account"
    days = pd.to_datetime(frame[roles.as_of], errors="coerce")
    if len(other := frame[roles.as_of][days.isna()]):
        yield f"{roles.as_of} must be a date; {_shown(other)}"
    keys = frame[[roles.account_id, roles.as_of]].dropna()
    double = keys.duplicated()
    if double.any():
        first = [str(key) for key in keys[double].iloc[0]]
        yield (
            f"{int(double.sum()):,} rows repeat an account and date, such as {first}; keep one "
            "row for each"
        )


def _shown(values: pd.Series) -> str:
    examples = ", ".join(repr(value) for value in values.unique()[:EXAMPLES].tolist())
    return f"{len(values):,} rows hold others, such as {examples}"


def _no_input(name: str, values: pd.Series) -> str:
    """Say why a column cannot be an input, if it cannot."""
    if FORWARD in name:
        return f"tells the future by its name ({FORWARD})"
    if name in ("csm_id", "name"):
        return "tells who the account is"
    if pd.api.types.infer_dtype(values, skipna=True) in _DATES or _reads_as_dates(values):
        return "is a date; bring the days since or until it"
    if values.nunique() < 2 and not values.isna().any():
        return "is the same in every row"
    if values.isna().all():
        return "is empty"
    if not _is_number(values) and values.nunique() > MOST_NAMES:
        return f"has {values.nunique():,} different texts: it names accounts, not kinds of them"
    return ""


def _identity(rows: pd.DataFrame, name: str) -> str:
    """Say whether a column is a number of each account's own that grows with time, as ids do."""
    if not _is_number(rows[name]) or rows[name].isna().any():
        return ""
    accounts = rows.groupby("account_id").agg(
        number=(name, "first"), values=(name, "nunique"), since=("as_of", "min")
    )
    numbers = accounts["number"]
    is_own = len(accounts) >= FEWEST_IDS and (accounts["values"] == 1).all()
    if not is_own or numbers.nunique() < len(accounts) or not (numbers % 1 == 0).all():
        return ""
    is_gapless = numbers.max() - numbers.min() < GAPS * len(accounts)
    if is_gapless or _grows_with_time(numbers, accounts["since"]):
        return "is a number of each account's own, as an id is: it names accounts"
    return ""


def _grows_with_time(numbers: pd.Series, since: pd.Series) -> bool:
    days = pd.to_datetime(since).astype("int64").astype(float)
    if days.nunique() < 2:
        return False
    return bool(abs(numbers.astype(float).corr(days, method="spearman")) > GROWS)


def _reads_as_dates(values: pd.Series) -> bool:
    """Say whether texts are dates, such as 2026-07-31, or numbers such as 20260731."""
    present = values.dropna()
    if present.empty or pd.api.types.is_bool_dtype(present):
        return False
    if _is_number(present):
        is_compact = present.between(19_000_101, 21_001_231).all() and (present % 1 == 0).all()
        texts = present.astype("int64").astype(str) if is_compact else None
    else:
        texts = present.astype(str)
        texts = texts if texts.str.match(ISO_DAY).all() else None
    if texts is None:
        return False
    form = "%Y%m%d" if _is_number(present) else "ISO8601"
    return bool(pd.to_datetime(texts, format=form, errors="coerce").notna().all())


_DATES = ("date", "datetime", "datetime64")


def _is_number(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values))


def _values(values: pd.Series) -> pd.Series:
    """Return numbers and truths as float64, texts as they are."""
    return values.astype("float64") if _is_number(values) else values.astype(object)


def _feature(name: str, values: pd.Series) -> dict[str, Any]:
    return {
        "name": name,
        "stem": name,
        "group": "table",
        "unit": "count" if _is_number(values) else "category",
        "description": name.replace("_", " ").capitalize(),
        "window_days": None,
        "by_day": None,
        "expected": (None, None),
        "monotone": {},
    }
