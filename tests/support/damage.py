"""Rewrites the future of a company: whatever happened or became known on or after a day.

What was knowable before the day stays as it was, so no feature of that day may change.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from features.contract import TABLES, Column
from tests.oracle import Company, Row
from tests.support.random_company import random_company

CONTRACTED = ("seats_contracted_ahead", "arr_contracted_ahead", "has_signed_ahead")
"""Columns about what is signed already and starts later: they look ahead on purpose."""


def damaged(company: Company, cut: date, seed: int, *, contracted: bool = False) -> Company:
    """Return the company with the future of ``cut`` deleted, corrupted and added to.

    ``contracted`` also rewrites subscriptions known before ``cut`` that start on it or later.
    """
    chance = Random(seed)  # noqa: S311
    accounts = len({row["account_id"] for row in company["subscriptions"]})
    other = random_company(seed + 1, accounts, everything=True)
    return {
        name: _Damage(name, cut, chance, contracted=contracted).table(all_rows, other[name])
        for name, all_rows in company.items()
    }


class _Damage:
    def __init__(self, table: str, cut: date, chance: Random, *, contracted: bool) -> None:
        self.declared = TABLES[table]
        self.cut = cut
        self.chance = chance
        self.by_happening = contracted or table != "subscriptions"

    def table(self, mine: list[Row], others: list[Row]) -> list[Row]:
        """Keep the past with its open ends rewritten; delete, corrupt, or add in the future."""
        found: dict[tuple[Any, ...], Row] = {}
        past = [self.reopened(row) for row in mine if not self.is_future(row)]
        future = [
            self.corrupted(r) for r in mine if self.is_future(r) and self.chance.random() < 0.6
        ]
        added = [row for row in others if self.is_future(row)]
        for row in (*past, *future, *added):
            found.setdefault(tuple(row[name] for name in self.declared.key), row)
        return list(found.values())

    def is_future(self, row: Row) -> bool:
        happened: date = row[self.declared.happened]
        unknown: bool = row["known_at"] >= datetime.combine(self.cut, time())
        return unknown or (self.by_happening and happened >= self.cut)

    def reopened(self, row: Row) -> Row:
        """Rewrite the values of a known row that were not known before the day."""
        dated: dict[str, list[Column]] = {}
        for column in self.declared.columns:
            if column.known_by:
                dated.setdefault(column.known_by, []).append(column)
        copy = dict(row)
        for known_by, members in dated.items():
            if row[known_by] is None or row[known_by] >= self.cut:
                copy |= self.surprise(row, known_by, members)
        return copy

    def surprise(self, row: Row, known_by: str, members: list[Column]) -> Row:
        """Return values that become known on the day or later, or never."""
        if self.chance.random() < 0.3:
            return {column.name: None for column in members} | {known_by: None}
        first = row[self.declared.happened]
        values = {
            column.name: max(first, self.day()) if column.type == "date" else 2.0
            for column in members
        }
        return values | {known_by: max(first, self.cut + timedelta(self.chance.choice((0, 0, 9))))}

    def corrupted(self, row: Row) -> Row:
        """Change every number, name and day that is no key, and keep the row in the future."""
        change: dict[str, Callable[[Any], Any]] = {
            "number": lambda value: value * 7 + 1,
            "integer": lambda value: value * 7 + 1,
            "string": lambda _: self.chance.choice(
                ("other", "champion", "expert", "seats", "green")
            ),
            "date": lambda _: self.day(),
        }
        free = [
            c for c in self.declared.columns if c.name not in (*self.declared.key, "account_id")
        ]
        copy = dict(row)
        for column in free:
            if row[column.name] is not None and column.type in change:
                copy[column.name] = change[column.type](row[column.name])
        if not self.is_future(copy):
            copy[self.declared.happened] = row[self.declared.happened]
        return copy

    def day(self) -> date:
        return self.cut + timedelta(days=self.chance.choice((-200, -40, -1, 0, 1, 20, 80, 200)))
