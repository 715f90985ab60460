"""Random companies for tests, full of what goes wrong in real ones.

Late facts, backfills, leap days, events on the same day and exactly at the edges of windows, lines
that end before they start to run, pause and reopen, free months and free products, people who hold
two roles at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from features.contract import TABLES
from tests.oracle import Company, Row

FIRST, LAST = date(2022, 12, 1), date(2025, 3, 1)
AS_OFS = (date(2023, 12, 31), date(2024, 2, 29), date(2024, 3, 1), date(2024, 8, 5))
DEPARTMENTS = ("sales", "it", "hr")
EDGES = (-364, -182, -91, -90, -56, -30, -28, -7, -1, 0, 1, 30, 31, 32, 60, 90, 91, 92, 122, 364)
OPTIONAL = [name for name, table in TABLES.items() if not table.required]


def random_company(seed: int, accounts: int, *, everything: bool = False) -> Company:
    """Return a company; ``everything`` gives it all optional tables, else some may be missing."""
    chance = Random(seed)  # noqa: S311
    company: Company = {name: [] for name in TABLES}
    company["products"] = _products(chance)
    for number in range(accounts):
        _Life(chance, f"a{number:03}", company).live()
    for name in OPTIONAL:
        if not everything and chance.random() < 0.15:
            del company[name]
    return company


def _products(chance: Random) -> list[Row]:
    metrics = {"core": "seats", "plus": "seats", "flow": "gb", "next": "seats", "late": "seats"}
    launches = {"next": _day(chance), "late": AS_OFS[1]}
    return [
        {
            "product_id": product,
            "name": product,
            "price_metric": metric,
            "launched_on": (launched := launches.get(product, FIRST)),
            "known_at": _at(chance, launched - timedelta(days=chance.choice((1, 1, 90, -40)))),
        }
        for product, metric in metrics.items()
    ]


def _day(chance: Random) -> date:
    """Return some day, often one at an edge of a window."""
    if chance.random() < 0.4:
        return chance.choice(AS_OFS) + timedelta(days=chance.choice(EDGES))
    return FIRST + timedelta(days=chance.randrange((LAST - FIRST).days))


def _after(chance: Random, day: date) -> date:
    return day + timedelta(days=chance.choice((0, 0, 0, 1, 5, 29, 45, 120)))


def _at(chance: Random, day: date) -> datetime:
    """Return when something was known: at once, at a midnight, or later."""
    hour = chance.choice((0, 0, 9, 23))
    return datetime.combine(_after(chance, day), time(hour, 59 if hour == 23 else 0))


class _Life:
    """Writes one account's rows into the company."""

    def __init__(self, chance: Random, account_id: str, company: Company) -> None:
        self.chance = chance
        self.account_id = account_id
        self.company = company
        self.keys: set[tuple[Any, ...]] = set()

    def live(self) -> None:
        counts = self.chance.random() < 0.3
        self.several((1, 1, 2, 3, 4), self.line)
        self.several((0, 1, 1, 3), self.account)
        self.several((0, 3, 12, 40), lambda _: self.usage(counts))
        self.several((0, 2, 5, 9), self.user)
        self.several((0, 1, 3, 9), self.contact)
        self.several((1,), self.milestones)
        self.several((0, 1, 4), self.ticket)
        self.several((0, 2, 6), self.department)

    def several(self, times: tuple[int, ...], write: Callable[[int], None]) -> None:
        for number in range(self.chance.choice(times)):
            write(number)

    def milestones(self, _: int) -> None:
        for milestone in ("first_outcome", "broad_rollout", "success_story"):
            if self.chance.random() < 0.5:
                reached = _day(self.chance)
                self.add("milestones", reached, milestone=milestone, reached_on=reached)

    def add(self, table: str, known_from: date, **values: Any) -> None:
        row = dict.fromkeys(TABLES[table].names) | {"account_id": self.account_id} | values
        if table != "subscriptions" and self.chance.random() < 0.1:
            known_from -= timedelta(days=40)  # planned, and written down beforehand
        row["known_at"] = _at(self.chance, known_from)
        key = (table, *(row[name] for name in TABLES[table].key))
        if key not in self.keys:
            self.keys.add(key)
            self.company[table].append(row)

    def maybe(self, value: Any, likely: float = 0.5) -> Any:
        return value if self.chance.random() < likely else None

    def line(self, number: int) -> None:
        """Add a line: periods that follow each other, with gaps, ramps, upgrades and ends."""
        pick = self.chance.choice
        terms = {
            "product_id": pick(("core", "core", "core", "plus", "flow", "next", "late")),
            "plan": pick((None, "basic", "pro")),
            "quantity": float(pick((2, 5, 10, 40))),
            "price": pick((50.0, 100.0, 99.5)),
            "is_free": pick((False,) * 9 + (True,)),
            "currency": "EUR",
        }
        starts = FIRST + timedelta(days=self.chance.randrange(500))
        starts = pick((starts, _day(self.chance)))
        for _ in range(pick((1, 2, 3, 5))):
            starts = self.period(f"{self.account_id}-{number}", starts, terms)
            if starts > LAST:
                break
            self.change(terms)

    def period(self, line: str, starts: date, terms: Row) -> date:
        """Add one period; return when the next one starts."""
        ends = _day(self.chance)
        if ends <= starts:
            ends = starts + timedelta(days=self.chance.choice((0, 28, 91, 180, 365)))
        signed = starts - timedelta(days=self.chance.choice((-10, 0, 0, 3, 30, 120, 400)))
        known = self.chance.choice(
            (ends, ends, _after(self.chance, ends), ends - timedelta(days=30), None)
        )
        if terms["is_free"] and self.chance.random() < 0.5:
            ends = starts + timedelta(days=self.chance.choice((30, 31, 32)))
        stays = self.chance.random() < 0.3
        self.add(
            "subscriptions",
            signed,
            subscription_id=line,
            starts_on=starts,
            term_ends_on=self.maybe(max(ends, starts)),
            ended_on=None if stays else ends,
            ended_known_on=None if stays else known,
            list_price=self.maybe(120.0, 0.6),
            signed_on=signed,
            unit_price=0.0 if terms["is_free"] else terms["price"],
            **{name: terms[name] for name in ("product_id", "plan", "quantity", "currency")},
        )
        pause = timedelta(days=self.chance.choice((0, 0, 0, 0, 1, 30, 31, 32, 50)))
        return date.max if stays else ends + pause

    def change(self, terms: Row) -> None:
        """Change quantity, price, plan or currency, some of them, or none."""
        pick = self.chance.choice
        terms["quantity"] *= pick((1, 1, 1, 2, 0.5, 1.1))
        terms["price"] *= pick((1, 1, 1.5, 0.8))
        terms["is_free"] = pick((terms["is_free"], False, False, False, True))
        terms["plan"] = pick((terms["plan"], terms["plan"], None, "basic", "pro"))
        terms["currency"] = pick(("EUR", "EUR", "USD"))
        terms["product_id"] = pick((*[terms["product_id"]] * 6, "plus"))

    def account(self, version: int) -> None:
        pick = self.chance.choice
        created = pick((FIRST, _day(self.chance)))
        self.add(
            "accounts",
            created + timedelta(days=version * 90),
            name=self.account_id,
            created_on=created,
            industry=pick((None, "retail", "energy")),
            region=pick((None, "north")),
            segment=pick(("smb", "enterprise")),
            employees=pick((None, 0, 8, 500)),
        )

    def usage(self, counts: bool) -> None:
        pick = self.chance.choice
        recent = pick(AS_OFS) - timedelta(days=self.chance.randrange(1, 29))
        day = pick((_day(self.chance), _day(self.chance), recent))
        user = None if counts else pick(("u0", "u1", "u2", "u3", "u7", None))
        self.add(
            "usage_daily",
            day,
            product_id=pick(("core", "plus")),
            feature=pick(("search", "export", "share")),
            day=day,
            events=float(pick((0, 1, 1, 3, 20))),
            user_id=user,
            active_users=pick((None, 1, 7)) if user is None else None,
        )

    def user(self, number: int) -> None:
        start, end = sorted((_day(self.chance), _day(self.chance)))
        gone = self.chance.random() < 0.4
        self.add(
            "users",
            start,
            user_id=f"u{number}",
            user_group=self.chance.choice((None, "expert", "consumer")),
            org_unit=self.chance.choice((None, *DEPARTMENTS)),
            activated_on=start,
            deactivated_on=end if gone else None,
            deactivated_known_on=_after(self.chance, end) if gone else None,
        )

    def contact(self, _: int) -> None:
        days = sorted(_day(self.chance) for _ in range(4))
        left, leave = self.chance.random() < 0.4, self.chance.random() < 0.4
        gone = self.chance.choice(days[1:])
        self.add(
            "contacts",
            days[0],
            contact_id=f"{self.account_id}-{self.chance.choice('pqr')}",
            role=self.chance.choice(("champion", "champion", "sponsor", "blocker")),
            org_unit=self.chance.choice((None, *DEPARTMENTS)),
            from_on=days[0],
            left_on=gone if left else None,
            left_known_on=self.about(gone) if left else None,
            leave_from=days[1] if leave else None,
            leave_to=self.maybe(days[2], 0.7) if leave else None,
            leave_known_on=self.about(days[1]) if leave else None,
            looking_known_on=self.maybe(days[2], 0.3),
        )

    def about(self, day: date) -> date:
        return day + timedelta(days=self.chance.choice((-60, -1, 0, 1, 30)))

    def ticket(self, number: int) -> None:
        opened = _day(self.chance)
        closed = self.maybe(_after(self.chance, opened), 0.7)
        self.add(
            "tickets",
            opened,
            ticket_id=f"{self.account_id}-{number}",
            opened_on=opened,
            severity=self.chance.choice((None, "high")),
            escalated_on=self.maybe(_after(self.chance, opened), 0.5),
            closed_on=closed,
            csat=float(self.chance.choice((1, 4, 5))) if closed and self.maybe(True) else None,
        )

    def department(self, _: int) -> None:
        changed = _day(self.chance)
        self.add(
            "org_units",
            changed,
            org_unit=self.chance.choice(DEPARTMENTS),
            headcount=self.chance.choice((None, 0, 5, 120)),
            status=self.chance.choice(("red", "yellow", "green")),
            changed_on=changed,
        )
