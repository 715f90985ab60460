"""Commercial: what the account pays, holds and has signed, and how content it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from features.declaration.group import FeatureGroup
from features.point_in_time.facts import KEYS
from features.point_in_time.lines import runs_on
from features.subscriptions.changes import product_changes
from features.subscriptions.contracted_lines import change_ahead, lines_ahead

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.point_in_time.facts import Facts

commercial = FeatureGroup("commercial", "What it pays, holds and has signed.")
"""By the lines that are paid for: a free line is no ARR, no product held and no term signed."""


@commercial.rows("subscriptions")
def running_lines(facts: Facts) -> ir.Table:
    """Paid lines that run on the day as_of."""
    lines = facts.paid_lines()
    running = lines.filter(runs_on(lines, lines.as_of))
    return running.mutate(arr=running.quantity * running.unit_price)


@commercial.rows("subscriptions")
def started_lines(facts: Facts) -> ir.Table:
    """Paid periods that have started."""
    lines = _started(facts)
    a_year_ago = lines.as_of - ibis.interval(days=364)
    return lines.mutate(
        arr=lines.quantity * lines.unit_price,
        runs=runs_on(lines, lines.as_of),
        ran_a_year_ago=runs_on(lines, a_year_ago),
    )


def _started(facts: Facts) -> ir.Table:
    lines = facts.paid_lines()
    return lines.filter(lines.starts_on <= lines.as_of)


@commercial.rows("subscriptions")
def changing_lines(facts: Facts) -> ir.Table:
    """Paid lines of today and of a year ahead by what is signed, or known to end."""
    lines = lines_ahead(facts.paid_lines())
    return lines.mutate(arr=lines.quantity * lines.unit_price)


@commercial.rows("subscriptions")
def signed_lines(facts: Facts) -> ir.Table:
    """Paid periods signed before as_of that start after it."""
    lines = facts.paid_lines()
    return lines.filter(lines.starts_on > lines.as_of)


@commercial.rows("subscriptions")
def past_changes(facts: Facts) -> ir.Table:
    """Days before as_of on which what the account pays for changed."""
    changes = product_changes(_started(facts), ["account_id", "as_of"])
    past = changes.filter(changes.changed_on < changes.as_of)
    started = past.changed_on == past.changed_on.min().over(ibis.window(group_by=KEYS))
    return past.mutate(
        day=past.changed_on,
        is_new=past.is_start & ~started,
        is_less=past.is_down | past.is_stop,
    )


@commercial.rows("products", "subscriptions")
def products_on_sale(facts: Facts) -> ir.Table:
    """Products on the price list, and whether the account pays for them."""
    held = running_lines.build(facts).select(*KEYS, "product_id").distinct()
    offers = facts.spine.join(facts.price_list(), "as_of")
    held_products = held.rename(held_id="product_id")
    matches = [
        offers.account_id == held_products.account_id,
        offers.as_of == held_products.as_of,
        offers.product_id == held_products.held_id,
    ]
    return offers.left_join(held_products, matches).select(*KEYS, "product_id", "held_id")


@commercial.rows("accounts")
def newest_account(facts: Facts) -> ir.Table:
    """The newest version of the account."""
    return facts.latest("accounts", "account_id")


@commercial.feature(
    running_lines,
    unit="currency",
    says={"zero": "No ARR", "many": "{value} ARR"},
    expected=(0, None),
    absent=0,
)
def arr(rows: ir.Table) -> ir.Value:
    """Annual recurring revenue (ARR)."""
    return rows.arr.sum()


@commercial.feature(
    started_lines,
    unit="ratio",
    says={
        "negative": "{value} less ARR than a year ago",
        "zero": "Same ARR as a year ago",
        "many": "{value} more ARR than a year ago",
    },
    expected=(-1, None),
)
def arr_growth_364d(rows: ir.Table) -> ir.Value:
    """ARR growth over a year."""
    before = rows.arr.sum(where=rows.ran_a_year_ago).nullif(0)
    return rows.arr.sum(where=rows.runs).fill_null(0) / before - 1


@commercial.feature(
    changing_lines,
    unit="currency",
    says={
        "negative": "ARR contracted to fall by {value} within a year",
        "zero": "No change in ARR contracted for the next year",
        "many": "{value} more ARR contracted to start within a year",
    },
    absent=0,
)
def arr_contracted_ahead(rows: ir.Table) -> ir.Value:
    """Change in ARR contracted for the next year."""
    return change_ahead(rows, rows.arr)


@commercial.feature(
    running_lines,
    unit="products",
    says={"zero": "No products held", "one": "1 product held", "many": "{value} products held"},
    expected=(0, None),
    absent=0,
)
def products_held(rows: ir.Table) -> ir.Value:
    """Products held."""
    return rows.product_id.nunique()


@commercial.feature(
    running_lines,
    unit="days",
    says={
        "negative": "Renewal overdue by {value}",
        "zero": "Renewal due today",
        "many": "Renewal in {value}",
        "unknown": "No renewal date on record",
    },
)
def renewal_days(rows: ir.Table) -> ir.Value:
    """Days to the next renewal.

    The next end of a running term as signed; negative when it has passed.
    """
    return rows.term_ends_on.delta(rows.as_of, unit="day").min()


@commercial.feature(running_lines, unit="days", says="Contract term of {value}", expected=(0, None))
def term_days(rows: ir.Table) -> ir.Value:
    """Length of the contract term.

    Of several running lines, the longest.
    """
    return rows.term_ends_on.delta(rows.starts_on, unit="day").max()


@commercial.feature(
    running_lines,
    unit="ratio",
    says={"zero": "No discount on the list price", "many": "{value} discount on the list price"},
    expected=(0, 1),
)
def discount(rows: ir.Table) -> ir.Value:
    """Discount on the list price."""
    listed = rows.list_price.notnull()
    return 1 - rows.arr.sum(where=listed) / (rows.quantity * rows.list_price).sum().nullif(0)


@commercial.feature(running_lines, unit="category", says="Plan: {value}")
def plan(rows: ir.Table) -> ir.Value:
    """Plan held.

    Of several, the last in the alphabet.
    """
    return rows.plan.max()


@commercial.feature(
    running_lines, unit="currency", says="{value} per unit and year", expected=(0, None)
)
def unit_price(rows: ir.Table) -> ir.Value:
    """Average price per unit and year."""
    return rows.arr.sum() / rows.quantity.sum().nullif(0)


@commercial.feature(
    signed_lines,
    unit="flag",
    says={"zero": "No later contract period signed", "one": "Later contract period already signed"},
    expected=(0, 1),
    absent=0,
)
def has_signed_ahead(rows: ir.Table) -> ir.Value:
    """Later contract period already signed."""
    return rows.count() > 0


@commercial.feature(
    past_changes,
    unit="count",
    says={
        "zero": "No upsells in the last {days} days",
        "one": "1 upsell in the last {days} days",
        "many": "{value} upsells in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(364,),
)
def upsells(rows: ir.Table) -> ir.Value:
    """Upsells."""
    return rows.count(where=rows.is_up)


@commercial.feature(
    past_changes,
    unit="count",
    says={
        "zero": "No downsells or dropped products in the last {days} days",
        "one": "1 downsell or dropped product in the last {days} days",
        "many": "{value} downsells or dropped products in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(364,),
)
def downsells(rows: ir.Table) -> ir.Value:
    """Downsells and dropped products."""
    return rows.count(where=rows.is_less)


@commercial.feature(
    past_changes,
    unit="days",
    says={"many": "Last upsell {value} ago", "unknown": "No upsell on record"},
    expected=(1, None),
)
def upsell_days_since(rows: ir.Table) -> ir.Value:
    """Days since the last upsell."""
    return rows.as_of.delta(rows.changed_on, unit="day").min(where=rows.is_up)


@commercial.feature(
    past_changes,
    unit="days",
    says={"many": "Last cross-sell {value} ago", "unknown": "No cross-sell on record"},
    expected=(1, None),
)
def cross_sell_days_since(rows: ir.Table) -> ir.Value:
    """Days since the last cross-sell."""
    return rows.as_of.delta(rows.changed_on, unit="day").min(where=rows.is_new)


@commercial.feature(
    past_changes,
    unit="days",
    says={
        "many": "Last downsell or dropped product {value} ago",
        "unknown": "No downsell on record",
    },
    expected=(1, None),
)
def downsell_days_since(rows: ir.Table) -> ir.Value:
    """Days since the last downsell or dropped product."""
    return rows.as_of.delta(rows.changed_on, unit="day").min(where=rows.is_less)


@commercial.feature(
    past_changes,
    unit="currency",
    says={
        "zero": "No ARR gained by upsell or cross-sell in the last {days} days",
        "many": "{value} ARR gained by upsell and cross-sell in the last {days} days",
    },
    expected=(0, None),
    absent=0,
    windows=(364,),
)
def arr_gained(rows: ir.Table) -> ir.Value:
    """ARR gained by upsell and cross-sell."""
    gains = (rows.is_up | rows.is_new) & (rows.arr_change > 0)
    return rows.arr_change.sum(where=gains).fill_null(0)


@commercial.feature(
    products_on_sale,
    unit="products",
    says={
        "zero": "Holds every product on the price list",
        "one": "1 product on the price list not held yet",
        "many": "{value} products on the price list not held yet",
    },
    expected=(0, None),
)
def products_whitespace(rows: ir.Table) -> ir.Value:
    """Products on the price list not held (whitespace)."""
    return rows.count(where=rows.held_id.isnull())


@commercial.feature(
    newest_account,
    unit="people",
    says={
        "zero": "No addressable users",
        "one": "1 addressable user",
        "many": "{value} addressable users",
    },
    expected=(0, None),
)
def employees(rows: ir.Table) -> ir.Value:
    """Addressable users."""
    return rows.employees.max()


@commercial.feature(newest_account, unit="category", says="Segment: {value}")
def segment(rows: ir.Table) -> ir.Value:
    """Segment."""
    return rows.segment.max()


@commercial.feature(newest_account, unit="category", says="Region: {value}")
def region(rows: ir.Table) -> ir.Value:
    """Region."""
    return rows.region.max()


@commercial.feature(newest_account, unit="category", says="Industry: {value}")
def industry(rows: ir.Table) -> ir.Value:
    """Industry."""
    return rows.industry.max()


@commercial.feature(
    unit="ratio",
    says={
        "zero": "Every addressable user has a seat",
        "many": "{value} of addressable users without a seat",
    },
    expected=(0, 1),
)
def seats_whitespace_share(columns: ir.Table) -> ir.Value:
    """Share of addressable users without a seat."""
    free = columns.employees - columns.seats_licensed
    return ibis.ifelse(free < 0, 0, free) / columns.employees.nullif(0)
