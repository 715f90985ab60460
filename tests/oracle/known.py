"""An account, and what was known about it before a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
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
    "org_units": "changed_on",
}


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
        return [row for row in self.rows("subscriptions") if not over(row, self.as_of)]

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


def over(row: Row, day: date) -> bool:
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


def arr(rows: list[Row]) -> float:
    return float(sum(row["quantity"] * row["unit_price"] for row in rows))


def quantity(rows: list[Row]) -> float:
    return float(sum(row["quantity"] for row in rows))


def share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def least(values: list[int]) -> float | None:
    return float(min(values)) if values else None


def most(values: list[Any]) -> Any:
    values = [value for value in values if value is not None]
    return max(values) if values else None


def mean(values: list[float | None]) -> float | None:
    given = [value for value in values if value is not None]
    return sum(given) / len(given) if given else None
