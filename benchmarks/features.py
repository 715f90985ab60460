"""How long do the usage features take against a pandas loop over the same snapshots?

Same rows, same machine, same run; the figures of both are compared before the times are.
Prints seconds of each and their ratio (below 1: the shipped way is faster). Run it with
``python -m benchmarks.features``.
"""

from __future__ import annotations

import argparse
import time
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from features.as_of import Facts, compute, spine
from features.core import FeatureGroup
from features.usage import usage

THROUGH = date(2026, 1, 5)
COLUMNS = [
    "usage_active_users_28d",
    "usage_active_users_91d",
    "usage_functions_used_28d",
    "usage_functions_used_91d",
    "usage_events_28d",
    "usage_events_91d",
    "usage_days_active_28d",
    "usage_days_active_91d",
]


def company(rows: int, accounts: int) -> dict[str, pd.DataFrame]:
    """Return accounts with one line each and ``rows`` usage rows over two years."""
    random = np.random.default_rng(7)
    ids = np.array([f"a{number:06d}" for number in range(accounts)])
    chosen = random.integers(0, accounts, rows)
    day = np.datetime64(THROUGH) - random.integers(1, 728, rows)
    user = random.integers(0, 40, rows)
    table = pd.DataFrame({"account_id": ids[chosen], "day": day, "user": user})
    table = table.assign(
        product_id="core",
        feature=np.array([f"f{number}" for number in range(12)])[random.integers(0, 12, rows)],
        events=random.integers(1, 9, rows).astype(float),
        user_id=table["account_id"] + "-" + table["user"].astype(str),
        active_users=pd.array([pd.NA] * rows, dtype="Int64"),
        known_at=pd.to_datetime(day) + pd.to_timedelta(random.integers(1, 72, rows), unit="h"),
    ).drop(columns="user")
    start = pd.Timestamp("2023-01-01")
    lines = pd.DataFrame({"subscription_id": ids, "account_id": ids, "product_id": "core"}).assign(
        plan="basic", starts_on=start, term_ends_on=pd.NaT, ended_on=pd.NaT, ended_known_on=pd.NaT,
        quantity=10.0, unit_price=1.0, list_price=1.0, currency="EUR", signed_on=start,
        known_at=start,
    )  # fmt: skip
    return {"usage_daily": table, "subscriptions": lines}


def shipped(tables: dict[str, pd.DataFrame], as_ofs: list[date]) -> pd.DataFrame:
    """Return the usage group as the system computes it."""
    connection = ibis.duckdb.connect(threads=2)
    days = {"day", "starts_on", "term_ends_on", "ended_on", "ended_known_on", "signed_on"}
    stored = {}
    for name, frame in tables.items():
        table = connection.create_table(f"{name}_", frame)
        casts = {c: table[c].cast("date") for c in frame.columns if c in days}
        stored[name] = connection.create_table(name, table.mutate(**casts))
    begun = time.perf_counter()
    facts = Facts(stored, spine(stored, as_ofs).cache(), as_ofs)
    alone = FeatureGroup("usage", usage.meaning)
    alone.features = [f for f in usage.features if {c.name for c in f.columns} & set(COLUMNS)]
    frame = compute([alone], facts).order_by("as_of", "account_id").to_pandas()
    shipped.seconds = time.perf_counter() - begun  # type: ignore[attr-defined]
    return frame


def pandas_loop(tables: dict[str, pd.DataFrame], as_ofs: list[date]) -> pd.DataFrame:
    """Return the same columns by one pandas group-by a snapshot and window."""
    begun = time.perf_counter()
    used, parts = tables["usage_daily"], []
    accounts = pd.Index(sorted(tables["subscriptions"]["account_id"]), name="account_id")
    for as_of in map(pd.Timestamp, as_ofs):
        wide = pd.DataFrame(index=accounts)
        for window in (28, 91):
            seen = (used["day"] >= as_of - timedelta(days=window)) & (used["day"] < as_of)
            rows = used[seen & (used["known_at"] < as_of)].groupby("account_id")
            wide[f"usage_active_users_{window}d"] = rows["user_id"].nunique()
            wide[f"usage_functions_used_{window}d"] = rows["feature"].nunique()
            wide[f"usage_events_{window}d"] = rows["events"].sum()
            wide[f"usage_days_active_{window}d"] = rows["day"].nunique()
        parts.append(wide.fillna(0).reset_index().assign(as_of=as_of))
    frame = pd.concat(parts, ignore_index=True)
    pandas_loop.seconds = time.perf_counter() - begun  # type: ignore[attr-defined]
    return frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--accounts", type=int, default=5_000)
    parser.add_argument("--snapshots", type=int, default=12)
    chosen = parser.parse_args()
    as_ofs = [THROUGH - timedelta(days=28 * back) for back in range(chosen.snapshots - 1, -1, -1)]
    tables = company(chosen.rows, chosen.accounts)
    ours, theirs = shipped(tables, as_ofs), pandas_loop(tables, as_ofs)
    if not np.array_equal(ours[COLUMNS].to_numpy(), theirs[COLUMNS].to_numpy(float)):
        raise SystemExit("the two ways differ: times would compare nothing")
    mine, peer = shipped.seconds, pandas_loop.seconds  # type: ignore[attr-defined]
    print(f"{chosen.rows:,} rows, {chosen.accounts:,} accounts, {chosen.snapshots} snapshots")
    print(f"usage group as shipped   {mine:6.1f} s")
    print(f"pandas, a loop           {peer:6.1f} s")
    print(f"ratio                    {mine / peer:6.2f}")


if __name__ == "__main__":
    main()
