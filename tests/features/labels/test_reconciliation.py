"""Labels add up with what is contracted to the ARR that comes, account by account.

ARR at the end of the horizon = contracted for then + gains of labels - losses of labels + rests
that ``tests/oracle/reconciliation.py`` names. The forecast's parts are the same sums.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from features.point_in_time.facts import Facts
from features.subscriptions.contracted_arr import contracted_arr, settled, standings
from models.forecast.retention import PARTS, retained
from tests import oracle
from tests.oracle.known import arr, followed, runs
from tests.oracle.labels import paid_periods
from tests.oracle.reconciliation import reconciled
from tests.support.company import from_rows, labels_on, shown

MANY = settings(max_examples=4, deadline=None, derandomize=True, phases=[Phase.generate])
ACCOUNTS = 120
AS_OFS = (date(2024, 1, 1), date(2024, 2, 29), date(2024, 7, 15))
THROUGH = date(2030, 1, 1)
FIRST, LAST = date(2022, 12, 1), date(2025, 10, 1)
PRICES = {"core": 100.0, "plus": 60.0, "flow": 25.0}
RESTS = ("price", "later", "renewed", "replaced", "paused")
REPRICED, PAUSED, FREE, SWAPPED, MOVED = "repriced", "paused", "free", "swapped", "moved"
OPEN, LEFT = "open", "left"


@dataclass
class Line:
    """A line that is written period by period; every fact is known when it is signed or noticed."""

    chance: Random
    account: str
    number: int
    product: str
    is_plain: bool
    units: float
    price: float
    periods: list[oracle.Row] = field(default_factory=list)

    def write(self) -> None:
        pick = self.chance.choice
        starts: date | None = FIRST + timedelta(days=self.chance.randrange(700))
        while starts and starts < LAST and len(self.periods) < 7:
            self._period(starts, self.units, self.price)
            what = pick(("same", "more", "more", "less", "ramp", *self._oddities()))
            ends = starts + timedelta(days=pick((28, 30, 91, 182, 365)))
            starts = self._went_on(what, ends)
            self.units = max(1.0, self.units + {"more": 5, "ramp": 3, "less": -2}.get(what, 0))

    def _went_on(self, what: str, ends: date) -> date | None:
        """Write down what happens when a period ends; return when the next one starts."""
        pick = self.chance.choice
        if what in (LEFT, PAUSED, SWAPPED, MOVED):
            self._end(ends, pick((0, 0, 30)))
        if what in (SWAPPED, MOVED):
            self.number += 100
        if what == REPRICED:
            self.price *= pick((0.8, 1.1))
        if what == FREE:
            self._period(ends, self.units, 0.0)
        if what == SWAPPED:
            self.product = pick(list(PRICES))
            self.price = PRICES[self.product]
        days = {PAUSED: (1, 10, 31, 32, 60), FREE: (28, 31, 32), SWAPPED: (-20, 0, 0, 15, 31, 40)}
        return None if what in (OPEN, LEFT) else ends + timedelta(days=pick(days.get(what, (0,))))

    def _oddities(self) -> tuple[str, ...]:
        if self.is_plain:
            return (OPEN, LEFT)
        return (OPEN, LEFT, PAUSED, REPRICED, FREE, SWAPPED, MOVED)

    def _period(self, starts: date, units: float, price: float) -> None:
        signed = starts - timedelta(days=self.chance.choice((0, 0, 5, 40, 100, 300)))
        if self.periods:
            before = self.periods[-1]
            signed = max(signed, before["signed_on"])
            if before["ended_on"] is None:
                before["ended_on"], before["ended_known_on"] = starts, signed
        self.periods.append(
            {
                "subscription_id": f"{self.account}-{self.number}",
                "account_id": self.account,
                "product_id": self.product,
                "plan": None,
                "starts_on": starts,
                "term_ends_on": None,
                "ended_on": None,
                "ended_known_on": None,
                "quantity": units,
                "unit_price": price,
                "list_price": None,
                "currency": "EUR",
                "signed_on": signed,
                "known_at": datetime.combine(signed, time()),
            }
        )

    def _end(self, day: date, notice: int) -> None:
        known = max(day - timedelta(days=notice), self.periods[-1]["signed_on"])
        self.periods[-1] |= {"ended_on": day, "ended_known_on": known}


def company(seed: int, *, is_plain: bool = False) -> oracle.Company:
    chance = Random(seed)  # noqa: S311
    rows: list[oracle.Row] = []
    for number in range(ACCOUNTS):
        for line in range(chance.choice((1, 2, 3))):
            product, units = chance.choice(list(PRICES)), float(chance.choice((2, 5, 10, 40)))
            account, price = f"a{number:03}", PRICES[product]
            written = Line(chance, account, line, product, is_plain, units, price)
            written.write()
            rows += written.periods
    return {"subscriptions": rows}


def sums(rows: oracle.Company, days: int, *, prices: bool) -> dict[Any, dict[str, float]]:
    """Return, of each row with open outcome, what is contracted and the amounts of labels."""
    tables = from_rows(rows)
    facts = Facts.at(tables, AS_OFS)
    contracted = contracted_arr(facts, days - 1).to_pyarrow().to_pylist()
    ahead = {(row["account_id"], row["as_of"]): row["arr"] for row in contracted}
    labelled = labels_on(tables, AS_OFS, THROUGH, days, price_changes=prices)
    return {
        key: {
            "contracted": ahead[key],
            **{
                name: row[f"{name}_arr_next_{days}d"]
                for name in ("upsell", "cross_sell", "downsell", "churn")
            },
        }
        for row in labelled
        if row[f"churn_next_{days}d"] is not None
        for key in [(row["account_id"], row["as_of"])]
    }


def moved_by(amounts: dict[str, float]) -> float:
    gains = amounts["upsell"] + amounts["cross_sell"]
    return gains - amounts["downsell"] - amounts["churn"]


@MANY
@given(
    seed=st.integers(0, 2**32),
    days=st.sampled_from((91, 364)),
    prices=st.booleans(),
    is_plain=st.booleans(),
)
def test_labels_and_what_is_contracted_add_up_to_what_comes(
    seed: int, days: int, prices: bool, is_plain: bool
) -> None:
    rows = company(seed, is_plain=is_plain)
    own, seen = oracle.by_account(rows), Counter()
    for (account, as_of), amounts in sums(rows, days, prices=prices).items():
        expected = reconciled(own[account], account, as_of, days, 31, prices)
        rests = {name: expected[name] for name in RESTS}
        where = f"{account} {as_of} {days} {amounts} {expected}\n{shown(rows, account)}"
        assert amounts["contracted"] == pytest.approx(expected["contracted"]), where
        total = amounts["contracted"] + moved_by(amounts) + sum(rests.values())
        assert total == pytest.approx(expected["came"]), where
        odd = _without_reason(rests, own[account], prices)
        assert odd == pytest.approx([0.0] * len(odd)), where
        seen.update(name for name, value in {**amounts, **rests}.items() if abs(value) > 0.01)
    wanted = {"upsell", "cross_sell", "downsell", "churn", "later"}
    assert seen.keys() >= wanted | (set() if is_plain else {"replaced", "paused"})


def _without_reason(rests: dict[str, float], own: oracle.Company, prices: bool) -> list[float]:
    """Return the rests for which nothing in the account's lines gives a reason."""
    lines = own["subscriptions"]
    reasons = {
        "price": not prices and len({(p["product_id"], p["unit_price"]) for p in lines}) > 1,
        "paused": followed(lines, 0) != followed(lines, 31) or _has_numbers_that_meet(lines),
        "replaced": len({p["product_id"] for p in lines}) > 1,
    }
    return [rests[name] for name, possible in reasons.items() if not possible]


def _has_numbers_that_meet(lines: list[oracle.Row]) -> bool:
    """Say whether a line starts on the day on which another of its product ends."""
    return any(
        one["ended_on"] == other["starts_on"]
        and one["product_id"] == other["product_id"]
        and one["subscription_id"] != other["subscription_id"]
        for one in lines
        for other in lines
    )


@MANY
@given(seed=st.integers(0, 2**32), is_plain=st.booleans())
def test_the_parts_of_the_forecast_are_the_same_sums(seed: int, is_plain: bool) -> None:
    rows, days = company(seed, is_plain=is_plain), 364
    tables, own = from_rows(rows), oracle.by_account(rows)
    standing = standings(Facts.at(tables, AS_OFS)).to_pyarrow().to_pylist()
    today = {(row["account_id"], row["as_of"]): row for row in standing}
    ends = {as_of: as_of + timedelta(days=days) for as_of in AS_OFS}
    later = settled(tables, list(ends.values())).to_pyarrow().to_pylist()
    came = {(row["account_id"], row["as_of"]): row["arr"] for row in later}
    compared = 0
    for (account, as_of), amounts in sums(rows, days, prices=True).items():
        expected = reconciled(own[account], account, as_of, days, 31, True)
        row, then = today[account, as_of], came.get((account, ends[as_of]), 0.0)
        assert then == pytest.approx(
            arr(
                [p for p in paid_periods(own[account]["subscriptions"], 31) if runs(p, ends[as_of])]
            )
        )
        if row["arr_in_364d"] != amounts["contracted"] or then != expected["came"]:
            continue  # something starts or ends on the very day after the horizon
        retention = retained(
            np.array([row["arr"]]), np.array([row["arr_in_364d"]]), np.array([[then]])
        )
        parts = {name: float(retention.parts[name].item()) * row["arr"] for name in PARTS}
        contracted = parts["contracted_up"] + parts["contracted_down"]
        assert contracted == pytest.approx(amounts["contracted"] - row["arr"])
        surprise = parts["expansion"] + parts["downsell"] + parts["churn"]
        rests = sum(expected[name] for name in RESTS)
        assert surprise == pytest.approx(moved_by(amounts) + rests), f"{account} {as_of}"
        compared += 1
    assert compared > ACCOUNTS
