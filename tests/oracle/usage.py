"""Usage depth."""

from __future__ import annotations

from statistics import fmean, pstdev

from tests.oracle.known import Account, Row, mean, most, share


def drawn(one: Account) -> Row:
    row: Row = {}
    for window in (28, 91, 364):
        rows = [r for r in used(one) if one.ago(r["day"]) <= window]
        row[f"usage_events_{window}d"] = float(sum(r["events"] for r in rows))
        if window == 364:
            lived = [min(one.age, 364)] if one.age > 1 else []
            silent = min([*(one.ago(r["day"]) for r in rows), *lived], default=None)
            row["usage_days_silent"] = None if silent is None else float(silent)
            continue
        days = sorted({r["day"] for r in rows})
        by_day = [people([r for r in rows if r["day"] == day]) for day in days]
        row[f"usage_active_users_{window}d"] = people_or_none(rows)
        functions = {(r["product_id"], r["feature"]) for r in rows}
        row[f"usage_functions_used_{window}d"] = float(len(functions))
        row[f"usage_days_active_{window}d"] = float(len(days))
        row[f"usage_people_a_day_{window}d"] = mean(by_day) if rows else 0.0
        row[f"usage_peak_people_{window}d"] = most(list(by_day)) if rows else 0.0
    week = [r for r in used(one) if one.ago(r["day"]) <= 7]
    row["usage_active_users_7d"] = people_or_none(week)
    for window in (56, 182):
        row[f"usage_trend_{window}d"] = _trend(one, window)
    row["usage_top_function_share_91d"] = _top_share(one)
    row |= _quarter(one, [r for r in used(one) if one.ago(r["day"]) <= 91])
    for group in ("expert", "consumer"):
        row[f"usage_active_{group}s_28d"] = _active_of_group(one, group)
    return row


def _quarter(one: Account, rows: list[Row]) -> Row:
    named = [r for r in rows if r["user_id"] is not None]
    days_of: dict[str, int] = {}
    for person, _ in {(r["user_id"], r["day"]) for r in named}:
        days_of[person] = days_of.get(person, 0) + 1
    weeks = [0.0] * 13
    for r in rows:
        weeks[(one.ago(r["day"]) - 1) // 7] += r["events"]
    regular = [person for person, days in days_of.items() if days >= 13]
    return {
        "usage_regular_share_91d": share(len(regular), len(days_of)),
        "usage_top_person_share_91d": share(most(list(days_of.values())), sum(days_of.values())),
        "usage_products_used_91d": float(len({r["product_id"] for r in rows})),
        "usage_volatility_91d": pstdev(weeks) / fmean(weeks) if rows else None,
    }


def derived(row: Row) -> Row:
    month = row["usage_active_users_28d"]
    found: Row = {"usage_weekly_share_28d": share(row["usage_active_users_7d"], month)}
    for window in (28, 91):
        active = row[f"usage_active_users_{window}d"]
        found |= {
            f"usage_events_per_user_{window}d": share(row[f"usage_events_{window}d"], active),
            f"usage_stickiness_{window}d": share(row[f"usage_people_a_day_{window}d"], active),
        }
    return found


def _trend(one: Account, window: int) -> float | None:
    new = [r["events"] for r in used(one) if one.ago(r["day"]) <= window // 2]
    old = [r["events"] for r in used(one) if window // 2 < one.ago(r["day"]) <= window]
    return share(float(sum(new) - sum(old)), float(sum(new) + sum(old)))


def _top_share(one: Account) -> float | None:
    totals: dict[tuple[str, str], float] = {}
    for r in used(one):
        if one.ago(r["day"]) <= 91:
            key = (r["product_id"], r["feature"])
            totals[key] = totals.get(key, 0.0) + r["events"]
    return share(most(list(totals.values())), sum(totals.values()))


def _active_of_group(one: Account, group: str) -> float | None:
    if not one.has("users"):
        return None
    mine = {r["user_id"] for r in one.rows("users") if r["user_group"] == group}
    active = {r["user_id"] for r in used(one) if one.ago(r["day"]) <= 28}
    return float(len(mine & active))


def people(rows: list[Row]) -> float | None:
    names = {row["user_id"] for row in rows if row["user_id"] is not None}
    counts = [row["active_users"] for row in rows if row["active_users"] is not None]
    return float(max([len(names), *counts])) if names or counts else None


def people_or_none(rows: list[Row]) -> float | None:
    return people(rows) if rows else 0.0


def used(one: Account) -> list[Row]:
    return [row for row in one.rows("usage_daily") if row["events"] > 0]
