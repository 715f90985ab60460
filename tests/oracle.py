"""What features and labels should be, worked out row by row: no Ibis, no code of ``features/``.

Deliberately naive. A company is lists of dictionaries by table; every question is a loop over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

Row = dict[str, Any]
Company = dict[str, list[Row]]

DATED: dict[str, dict[str, str]] = {
    "subscriptions": {"ended_on": "ended_known_on"},
    "users": {"deactivated_on": "deactivated_known_on"},
    "contacts": {
        "left_on": "left_known_on",
        "leave_from": "leave_known_on",
        "leave_to": "leave_known_on",
        "looking_known_on": "looking_known_on",
    },
    "tickets": {
        "closed_on": "closed_on",
        "csat": "closed_on",
        "escalated_on": "escalated_on",
    },
}
HAPPENED = {
    "accounts": "created_on",
    "subscriptions": "starts_on",
    "usage_daily": "day",
    "users": "activated_on",
    "contacts": "from_on",
    "milestones": "reached_on",
    "tickets": "opened_on",
    "products": "launched_on",
}


# --- What was known -------------------------------------------------------------------------------


def _known_rows(company: Company, table: str, as_of: date) -> list[Row]:
    found = []
    for row in company.get(table, []):
        if row["known_at"] < datetime.combine(as_of, time()):
            copy = dict(row)
            for value, known_on in DATED.get(table, {}).items():
                if row[known_on] is None or row[known_on] >= as_of:
                    copy[value] = None
            found.append(copy)
    return found


@dataclass
class Account:
    """One account as it was known before ``as_of``."""

    company: Company
    account_id: str
    as_of: date

    def has(self, table: str) -> bool:
        return table in self.company

    def announced(self, table: str) -> list[Row]:
        rows = _known_rows(self.company, table, self.as_of)
        return [row for row in rows if row.get("account_id") == self.account_id]

    def rows(self, table: str) -> list[Row]:
        return [row for row in self.announced(table) if row[HAPPENED[table]] < self.as_of]

    def products(self) -> list[Row]:
        rows = _known_rows(self.company, "products", self.as_of)
        return [row for row in rows if row["launched_on"] < self.as_of]

    def running(self) -> list[Row]:
        return [row for row in self.rows("subscriptions") if not _over(row, self.as_of)]

    @property
    def started_on(self) -> date:
        first: date = min(row["starts_on"] for row in self.rows("subscriptions"))
        return first

    @property
    def age(self) -> int:
        return (self.as_of - self.started_on).days

    def since_start(self, day: date) -> int:
        return max((day - self.started_on).days, 0)

    def ago(self, day: date) -> int:
        return (self.as_of - day).days


def _over(row: Row, day: date) -> bool:
    return row["ended_on"] is not None and row["ended_on"] <= day


def by_account(company: Company) -> dict[str, Company]:
    """Return each account's own rows, and all products: a small company for each."""
    found: dict[str, Company] = {}
    for row in company["subscriptions"]:
        found.setdefault(row["account_id"], {name: [] for name in company})
    for name, all_rows in company.items():
        for account in found if name == "products" else ():
            found[account][name] = all_rows
        for row in all_rows if name != "products" else ():
            if row["account_id"] in found:
                found[row["account_id"]][name].append(row)
    return found


def is_in_spine(company: Company, account_id: str, as_of: date) -> bool:
    """Say whether it has a running subscription, by what was known before ``as_of``."""
    return bool(Account(company, account_id, as_of).running())


# --- What changed ---------------------------------------------------------------------------------


def _arr(rows: list[Row]) -> float:
    return float(sum(row["quantity"] * row["unit_price"] for row in rows))


def _quantity(rows: list[Row]) -> float:
    return float(sum(row["quantity"] for row in rows))


def _best_plan(rows: list[Row]) -> str:
    return max((row["plan"] or "" for row in rows), default="")


def _day_log(periods: list[Row]) -> list[Row]:
    """Say of each day on which ``periods`` start or end what ran the day before and that day."""
    real = [p for p in periods if p["ended_on"] is None or p["ended_on"] > p["starts_on"]]
    days = {p["starts_on"] for p in real} | {p["ended_on"] for p in real if p["ended_on"]}
    log = []
    for day in sorted(days):
        before = [p for p in real if p["starts_on"] < day and not _over(p, day - timedelta(days=1))]
        after = [p for p in real if p["starts_on"] <= day and not _over(p, day)]
        log.append(
            {
                "day": day,
                "before": before,
                "after": after,
                "starting": [p for p in real if p["starts_on"] == day],
                "ending": [p for p in real if p["ended_on"] == day],
                "more": _quantity(after) - _quantity(before),
                "arr": _arr(after) - _arr(before),
            }
        )
    return log


def _product_log(periods: list[Row]) -> list[Row]:
    """Return the days on which each product changed, judged."""
    log = []
    for product in sorted({p["product_id"] for p in periods}):
        days = _day_log([p for p in periods if p["product_id"] == product])
        for number, day in enumerate(days):
            day["product"] = product
            day["first"] = number == 0
            day["kind"] = _kind(day)
            neighbour = days[number - 1 : number] if day["kind"] == "start" else days[number + 1 :]
            day["gap"] = abs((neighbour[0]["day"] - day["day"]).days) if neighbour else None
            log.append(day)
    return log


def _kind(day: Row) -> str:
    if not day["before"]:
        return "start"
    if not day["after"]:
        return "stop"
    sign = day["more"]
    replaced = day["starting"] and day["ending"]
    if replaced and _best_plan(day["starting"]) != _best_plan(day["ending"]):
        sign = day["arr"] or day["more"]
    if abs(sign) < 1e-9:
        return "same"
    return "up" if sign > 0 else "down"


# --- Labels ---------------------------------------------------------------------------------------


def labels(
    company: Company, account_id: str, as_of: date, days: int, grace: int, through: date
) -> Row:
    """Return the four labels and their ARR."""
    row: Row = {}
    is_open = _is_open(company, account_id, as_of, days)
    found = _occurrences(company, account_id, as_of, as_of + timedelta(days=days), grace)
    for name, amounts in found.items():
        wait = days + (0 if name == "upsell" else grace)
        says = is_open and as_of + timedelta(days=wait) <= through
        row[f"{name}_next_{days}d"] = int(bool(amounts)) if says else None
        row[f"{name}_arr_next_{days}d"] = float(sum(amounts)) if says else None
    return row


def _is_open(company: Company, account_id: str, as_of: date, days: int) -> bool:
    last = as_of + timedelta(days=days)
    goes_on = [
        p
        for p in Account(company, account_id, as_of).announced("subscriptions")
        if p["starts_on"] < last and (p["ended_on"] is None or p["ended_on"] >= last)
    ]
    truly = [p for p in company["subscriptions"] if p["account_id"] == account_id]
    yesterday = as_of - timedelta(days=1)
    ran = [p for p in truly if p["starts_on"] <= yesterday and not _over(p, yesterday)]
    return bool(goes_on and ran)


def _occurrences(
    company: Company, account_id: str, as_of: date, last: date, grace: int
) -> dict[str, list[float]]:
    truly = [p for p in company["subscriptions"] if p["account_id"] == account_id]
    log = _product_log(truly)
    decided = [day for day in log if _decided(day, as_of, last)]
    lasting = [day for day in log if day["gap"] is None or day["gap"] > grace]
    drops = [day for day in lasting if day["kind"] == "stop"]
    starts = [day for day in lasting if day["kind"] == "start"]
    churned = _churned(truly, as_of, last, grace)
    lost = [day for day in decided if day["kind"] == "down"] + [
        day for day in decided if day in drops and not _replaces(day, starts, grace)
    ]
    return {
        "upsell": [max(day["arr"], 0.0) for day in decided if day["kind"] == "up"],
        "cross_sell": [
            day["arr"]
            for day in decided
            if day["kind"] == "start" and day["first"] and not _replaces(day, drops, grace)
        ],
        "downsell": [] if churned else [max(-day["arr"], 0.0) for day in lost],
        "churn": churned,
    }


def _decided(day: Row, as_of: date, last: date) -> bool:
    if day["starting"]:
        return bool(as_of <= max(p["signed_on"] for p in day["starting"]) < last)
    known = [p["ended_known_on"] for p in day["ending"] if p["ended_known_on"]]
    announced = bool(known) and max(known) < as_of
    return bool(as_of <= day["day"] < last) and not announced


def _replaces(day: Row, others: list[Row], grace: int) -> bool:
    return any(
        other["product"] != day["product"] and abs((other["day"] - day["day"]).days) <= grace
        for other in others
    )


def _churned(periods: list[Row], as_of: date, last: date, grace: int) -> list[float]:
    days = _day_log(periods)
    amounts = []
    for number, day in enumerate(days):
        stops = bool(day["before"]) and not day["after"]
        if stops and as_of <= day["day"] < last:
            later = days[number + 1 :]
            if not later or (later[0]["day"] - day["day"]).days > grace:
                amounts.append(_arr(day["before"]))
    return amounts


# --- Features -------------------------------------------------------------------------------------


def features(company: Company, account_id: str, as_of: date) -> Row:
    """Return every feature of the account."""
    one = Account(company, account_id, as_of)
    row: Row = {}
    row |= _usage(one) | _seats(one) | _adoption(one) | _champions(one) | _commercial(one)
    row |= _tickets(one) | _derived(row)
    return row


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _least(values: list[int]) -> float | None:
    return float(min(values)) if values else None


def _most(values: list[Any]) -> Any:
    values = [value for value in values if value is not None]
    return max(values) if values else None


def _mean(values: list[float | None]) -> float | None:
    given = [value for value in values if value is not None]
    return sum(given) / len(given) if given else None


def _people(rows: list[Row]) -> float | None:
    names = {row["user_id"] for row in rows if row["user_id"] is not None}
    if names:
        return float(len(names))
    counts = [row["active_users"] for row in rows if row["active_users"] is not None]
    return float(max(counts)) if counts else None


def _people_or_none(rows: list[Row]) -> float | None:
    return _people(rows) if rows else 0.0


def _used(one: Account) -> list[Row]:
    return [row for row in one.rows("usage_daily") if row["events"] > 0]


def _usage(one: Account) -> Row:
    row: Row = {}
    for window in (28, 91, 364):
        rows = [r for r in _used(one) if one.ago(r["day"]) <= window]
        row[f"usage_events_{window}d"] = float(sum(r["events"] for r in rows))
        if window == 364:
            row["usage_days_silent"] = float(min((one.ago(r["day"]) for r in rows), default=364))
            continue
        days = sorted({r["day"] for r in rows})
        by_day = [_people([r for r in rows if r["day"] == day]) for day in days]
        row[f"usage_active_users_{window}d"] = _people_or_none(rows)
        row[f"usage_functions_used_{window}d"] = float(len({r["feature"] for r in rows}))
        row[f"usage_days_active_{window}d"] = float(len(days))
        row[f"usage_people_a_day_{window}d"] = _mean(by_day) if rows else 0.0
        row[f"usage_peak_people_{window}d"] = _most(list(by_day)) if rows else 0.0
    for window in (56, 182):
        row[f"usage_trend_{window}d"] = _trend(one, window)
    row["usage_top_function_share_91d"] = _top_share(one)
    for group in ("expert", "consumer"):
        row[f"usage_active_{group}s_28d"] = _active_of_group(one, group)
    return row


def _trend(one: Account, window: int) -> float | None:
    new = [r["events"] for r in _used(one) if one.ago(r["day"]) <= window // 2]
    old = [r["events"] for r in _used(one) if window // 2 < one.ago(r["day"]) <= window]
    return _share(float(sum(new) - sum(old)), float(sum(new) + sum(old)))


def _top_share(one: Account) -> float | None:
    totals: dict[tuple[str, str], float] = {}
    for r in _used(one):
        if one.ago(r["day"]) <= 91:
            key = (r["product_id"], r["feature"])
            totals[key] = totals.get(key, 0.0) + r["events"]
    return _share(_most(list(totals.values())), sum(totals.values()))


def _active_of_group(one: Account, group: str) -> float | None:
    if not one.has("users"):
        return None
    mine = {r["user_id"] for r in one.rows("users") if r["user_group"] == group}
    active = {r["user_id"] for r in _used(one) if one.ago(r["day"]) <= 28}
    return float(len(mine & active))


def _by_seats(one: Account, lines: list[Row]) -> list[Row]:
    if not one.has("products"):
        return lines
    priced = {p["product_id"] for p in one.products() if p["price_metric"] == "seats"}
    return [line for line in lines if line["product_id"] in priced]


def _seats(one: Account) -> Row:
    lines = _by_seats(one, one.rows("subscriptions"))
    a_year_ago, in_a_year = one.as_of - timedelta(days=364), one.as_of + timedelta(days=364)
    now = _quantity([p for p in lines if not _over(p, one.as_of)])
    then = [p for p in lines if p["starts_on"] <= a_year_ago and not _over(p, a_year_ago)]
    moved = [d for d in _product_log(lines) if d["day"] < one.as_of and d["before"] and d["after"]]
    signed = _by_seats(one, one.announced("subscriptions"))
    ahead = [p for p in signed if p["starts_on"] >= one.as_of]
    coming = [p for p in ahead if p["starts_on"] <= in_a_year and not _over(p, in_a_year)]
    today = [p for p in signed if p["starts_on"] < one.as_of and not _over(p, one.as_of)]
    leaving = [p for p in today if _over(p, in_a_year)]
    growth = _share(now, _quantity(then))
    row: Row = {
        "seats_licensed": now,
        "seats_growth_364d": None if growth is None else growth - 1,
        "seats_days_since_increase": _least([one.ago(d["day"]) for d in moved if d["more"] > 0]),
        "seats_days_since_decrease": _least([one.ago(d["day"]) for d in moved if d["more"] < 0]),
        "seats_contracted_ahead": _quantity(coming) - _quantity(leaving) if ahead else 0.0,
    }
    users = one.rows("users") if one.has("users") else None
    for window in (28, 91):
        row[f"seats_newly_activated_{window}d"] = (
            None
            if users is None
            else float(sum(one.ago(u["activated_on"]) <= window for u in users))
        )
    row["seats_activated"] = (
        None
        if users is None
        else float(
            sum(not (u["deactivated_on"] and u["deactivated_on"] <= one.as_of) for u in users)
        )
    )
    return row


def _adoption(one: Account) -> Row:
    first = [p for p in one.rows("subscriptions") if p["starts_on"] == one.started_on]
    row: Row = {"adoption_age_days": float(one.age), "adoption_first_quantity": _quantity(first)}
    early = [r for r in _used(one) if one.since_start(r["day"]) < 90]
    row["adoption_days_to_first_use"] = _least([one.since_start(r["day"]) for r in early])
    for day in (30, 60, 90):
        closed = one.age >= day
        rows = [r for r in early if one.since_start(r["day"]) < day]
        users = [u for u in one.rows("users") if one.since_start(u["activated_on"]) < day]
        row |= {
            f"adoption_active_users_by_day_{day}": _people_or_none(rows) if closed else None,
            f"adoption_functions_used_by_day_{day}": (
                float(len({r["feature"] for r in rows})) if closed else None
            ),
            f"adoption_activated_by_day_{day}": (
                float(len(users)) if closed and one.has("users") else None
            ),
        }
    return row | _milestones(one)


def _milestones(one: Account) -> Row:
    reached = {m["milestone"]: one.since_start(m["reached_on"]) for m in one.rows("milestones")}
    first = reached.get("first_outcome")
    says = one.has("milestones") and one.age >= 90
    return {
        "has_first_outcome_by_day_90": float(first is not None and first < 90) if says else None,
        "adoption_days_to_first_outcome": first,
        "adoption_days_to_broad_rollout": reached.get("broad_rollout"),
    }


def _champions(one: Account) -> Row:
    names = ("champions_count", "champions_on_leave", "champions_going", "contacts_departments")
    row: Row = dict.fromkeys((*names, "has_blocker"), 0.0 if one.has("contacts") else None)
    row |= dict.fromkeys(
        (
            "champions_tenure_longest_days",
            "champions_tenure_newest_days",
            "champions_days_since_lost",
            "has_champion_successor",
        )
    )
    if one.has("contacts"):
        stints = [_stint(one, r) for r in one.rows("contacts")]
        still = [s for s in stints if not s["gone"]]
        row["contacts_departments"] = float(len({s["org_unit"] for s in still} - {None}))
        row["has_blocker"] = float(any(s["role"] == "blocker" for s in still))
        row |= _carriers(one, [s for s in stints if s["role"] == "champion"])
    return row


def _stint(one: Account, row: Row) -> Row:
    gone = row["left_on"] is not None and row["left_on"] <= one.as_of
    back = row["leave_to"] is not None and row["leave_to"] <= one.as_of
    planned = row["leave_from"] is not None and not back
    away = planned and row["leave_from"] <= one.as_of
    going = (
        row["left_on"] is not None or (planned and not away) or row["looking_known_on"] is not None
    )
    return row | {"gone": gone, "away": away, "going": going}


def _carriers(one: Account, stints: list[Row]) -> Row:
    here = [s for s in stints if not s["gone"]]
    tenures = [one.ago(s["from_on"]) for s in here]
    losses = [s["left_on"] for s in stints if s["gone"]]
    after = [s for s in here if losses and not s["away"] and s["from_on"] >= max(losses)]

    def people(rows: list[Row]) -> float:
        return float(len({r["contact_id"] for r in rows}))

    return {
        "champions_count": people([s for s in here if not s["away"]]),
        "champions_tenure_longest_days": _most(tenures),
        "champions_tenure_newest_days": _least(tenures),
        "champions_days_since_lost": _least([one.ago(day) for day in losses]),
        "champions_on_leave": people([s for s in here if s["away"]]),
        "champions_going": people([s for s in here if s["going"]]),
        "has_champion_successor": float(bool(after)) if losses else None,
    }


def _commercial(one: Account) -> Row:
    lines = one.running()
    listed = [p for p in lines if p["list_price"] is not None]
    full = sum(p["quantity"] * p["list_price"] for p in listed)
    paid = _share(_arr(listed), full)
    terms = [p for p in lines if p["term_ends_on"] is not None]
    held = {p["product_id"] for p in lines}
    ahead = [
        p
        for p in one.announced("subscriptions")
        if p["starts_on"] >= one.as_of and not _over(p, p["starts_on"])
    ]
    row: Row = {
        "arr": _arr(lines),
        "products_held": float(len(held)),
        "renewal_days": _least([-one.ago(p["term_ends_on"]) for p in terms]),
        "term_days": _most([(p["term_ends_on"] - p["starts_on"]).days for p in terms]),
        "discount": None if paid is None else 1 - paid,
        "plan": _most([p["plan"] for p in lines]),
        "unit_price": _share(_arr(lines), _quantity(lines)),
        "has_signed_ahead": float(bool(ahead)),
        "products_whitespace": None,
    }
    if one.has("products") and one.products():
        row["products_whitespace"] = float(len({p["product_id"] for p in one.products()} - held))
    return row | _past(one) | _master_data(one)


def _past(one: Account) -> Row:
    log = [d for d in _product_log(one.rows("subscriptions")) if d["day"] < one.as_of]
    year = [d for d in log if one.ago(d["day"]) <= 364]
    begun = min((d["day"] for d in log), default=None)
    new = [d for d in log if d["kind"] == "start" and d["first"] and d["day"] != begun]
    return {
        "upsells_364d": float(sum(d["kind"] == "up" for d in year)),
        "downsells_364d": float(sum(d["kind"] in ("down", "stop") for d in year)),
        "upsell_days_since": _least([one.ago(d["day"]) for d in log if d["kind"] == "up"]),
        "cross_sell_days_since": _least([one.ago(d["day"]) for d in new]),
    }


def _master_data(one: Account) -> Row:
    versions = sorted(one.rows("accounts"), key=lambda row: row["known_at"])
    newest = versions[-1] if versions else {}
    return {name: newest.get(name) for name in ("employees", "segment", "region", "industry")}


def _tickets(one: Account) -> Row:
    names = ("tickets_opened_91d", "tickets_escalated_91d", "tickets_open", "tickets_csat_364d")
    if not one.has("tickets"):
        return dict.fromkeys(names)
    tickets = one.rows("tickets")
    recent = [t for t in tickets if one.ago(t["opened_on"]) <= 91]
    return {
        "tickets_opened_91d": float(len(recent)),
        "tickets_escalated_91d": float(sum(t["escalated_on"] is not None for t in recent)),
        "tickets_open": float(sum(t["closed_on"] is None for t in tickets)),
        "tickets_csat_364d": _mean([t["csat"] for t in tickets if one.ago(t["opened_on"]) <= 364]),
    }


def _derived(row: Row) -> Row:
    seats, people = row["seats_licensed"], row["employees"]
    found: Row = {
        "seats_activated_share": _share(row["seats_activated"], seats),
        "adoption_active_share_by_day_90": _share(
            row["adoption_active_users_by_day_90"], row["adoption_first_quantity"]
        ),
        "seats_whitespace_share": _share(
            None if people is None else max(people - seats, 0.0), people
        ),
    }
    for window in (28, 91):
        active = row[f"usage_active_users_{window}d"]
        found |= {
            f"seats_utilization_{window}d": _share(active, seats),
            f"usage_events_per_user_{window}d": _share(row[f"usage_events_{window}d"], active),
            f"usage_stickiness_{window}d": _share(row[f"usage_people_a_day_{window}d"], active),
        }
    active = row["usage_active_users_28d"]
    found["seats_headroom"] = None if active is None else seats - active
    return found
