"""What was decided within the horizon: signed there, or ended there without notice before.

A change is signed in parts: a tranche of a ramp long ago, a renewal beside it on the same day last
week. Of a change, the part decided within the horizon counts, and no more than the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import ibis

from features.point_in_time.facts import KEYS
from features.point_in_time.lines import contract_periods, pays
from features.point_in_time.sql_dialects import cached, matching, without
from features.subscriptions.changes import (
    CENTS,
    ROUNDING,
    account_stops,
    product_changes,
    signed_steps,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

CHANGE = ["account_id", "product_id", "changed_on"]
"""What tells the changes of a product apart."""


@dataclass(frozen=True)
class Horizon:
    """The time a label looks at.

    ``days`` after ``as_of``; ``grace_days`` within which a pause or a replacement is no loss;
    ``data_through``, the first day that is not complete in the data; ``price_changes``, whether
    the company counts a rise of the price alone as upsell and a cut as downsell.
    """

    days: int
    grace_days: int
    data_through: date
    price_changes: bool = False


@dataclass(frozen=True)
class Events:
    """What happened to accounts, over the whole of the data, pauses closed.

    ``changes`` of each product by day, the signed ``steps`` they consist of, ``replacements`` of
    one product by another, and the ``stops`` of whole accounts.
    """

    changes: ir.Table
    steps: ir.Table
    replacements: ir.Table
    stops: ir.Table


def happened(lines: ir.Table, horizon: Horizon) -> Events:
    """Return what happened in the subscription periods ``lines``."""
    closed = cached(paid_periods(lines, horizon))
    changes = cached(product_changes(closed, ["account_id"], price_changes=horizon.price_changes))
    paused = contract_periods(lines, ["account_id"], 0)
    return Events(
        changes=changes,
        steps=cached(signed_steps(closed)),
        replacements=cached(_replacements(changes, horizon.grace_days)),
        stops=cached(account_stops(paused.filter(pays(paused)))),
    )


def paid_periods(lines: ir.Table, horizon: Horizon) -> ir.Table:
    """Return the periods of ``lines`` that were paid for, pauses within the grace days closed."""
    closed = contract_periods(lines, ["account_id"], horizon.grace_days)
    return closed.filter(pays(closed))


def within(day: ir.DateValue, as_of: ir.DateValue, days: int) -> ir.BooleanValue:
    """Say which days lie in ``[as_of, as_of + days)``."""
    return (day >= as_of) & (day < as_of + ibis.interval(days=days))


@dataclass(frozen=True)
class Decisions:
    """What was decided within the horizon of each row of a spine.

    ``changes``: the products' changes of which a part was decided there, with ``arr_decided`` of
    that part, ``arr_whole``, and ``moved``, the part in what the change goes by, ARR or quantity.
    ``replaced``: the replacements signed there, a row each row of the spine, with ``arr_decided``
    and ``arr_whole`` of what started less what it replaced. ``contracted``: the paid periods known
    before each ``as_of``.
    """

    spine: ir.Table
    horizon: Horizon
    events: Events
    changes: ir.Table
    replaced: ir.Table
    contracted: ir.Table

    @property
    def increases(self) -> ir.Table:
        """The changes to more of a product held."""
        return self.changes.filter(self.changes.is_up & (self.changes.moved > ROUNDING))

    @property
    def decreases(self) -> ir.Table:
        """The changes to less of a product held."""
        return self.changes.filter(self.changes.is_down & (self.changes.moved < -ROUNDING))

    @property
    def ramp_starts(self) -> ir.Table:
        """The starts of products not held of which a part was signed before ``as_of``."""
        starts = self.changes.filter(self.changes.is_start)
        signed_ahead = starts.filter(starts.first_signed_on < starts.as_of)
        return self.without_replacements(signed_ahead, "start")

    @property
    def new_products(self) -> ir.Table:
        """The starts of products not held of which nothing was signed before ``as_of``.

        Never held, or dropped longer ago than the grace days.
        """
        starts = self.changes.filter(self.changes.is_start)
        new = starts.filter(starts.first_signed_on >= starts.as_of)
        return self.without_replacements(new, "start")

    @property
    def drops(self) -> ir.Table:
        """The ends of products that no other replaces."""
        stops = self.changes.filter(self.changes.is_stop)
        return self.without_replacements(stops, "stop")

    @property
    def upgrades(self) -> ir.Table:
        """The replacements of products by dearer ones."""
        replaced = self.replaced
        return replaced.filter((replaced.arr_decided > CENTS) & (replaced.arr_whole > CENTS))

    @property
    def downgrades(self) -> ir.Table:
        """The replacements of products by cheaper ones."""
        replaced = self.replaced
        return replaced.filter((replaced.arr_decided < -CENTS) & (replaced.arr_whole < -CENTS))

    @property
    def stops(self) -> ir.Table:
        """The ends of accounts' last lines within the horizon.

        ``KEYS``, ``changed_on``, ``resumed_on`` (null where the account has not come back) and
        ``expected_on``: the first day from ``changed_on`` on which, by what was contracted, the
        account pays; ``changed_on`` where that end was not announced.
        """
        stops = self.spine.select(*KEYS).join(self.events.stops, "account_id")
        stops = stops.filter(within(stops.changed_on, stops.as_of, self.horizon.days))
        lines = stops.join(self.contracted.select(*KEYS, "starts_on", "ended_on"), KEYS)
        ahead = lines.filter(lines.ended_on.isnull() | (lines.ended_on > lines.changed_on))
        pays_on = ibis.greatest(ahead.starts_on, ahead.changed_on)
        expected = ahead.group_by([*KEYS, "changed_on"]).aggregate(expected_on=pays_on.min())
        both = stops.left_join(expected, [*KEYS, "changed_on"])
        expected_on = ibis.coalesce(both.expected_on, both.changed_on)
        return both.select(*KEYS, "changed_on", "resumed_on", expected_on=expected_on)

    @property
    def departures(self) -> ir.Table:
        """The ends of accounts' last lines after which none followed in the grace days.

        Where such an end was announced with a return, the grace days begin on the day of the
        return: an account that comes back as signed has not left.

        ``KEYS``, ``changed_on``, ``product_id`` (null) and ``arr``: what the account was to pay by
        contract and what it gained within the horizon, all of which is lost: its decided changes
        summed up, without the gains that other labels count. Of an account that came back and left
        again, the last end has it all.
        """
        stops = self.stops
        pause = stops.resumed_on.delta(stops.expected_on, unit="day")
        gone = stops.filter(stops.resumed_on.isnull() | (pause > self.horizon.grace_days))
        last = gone.mutate(last_on=gone.changed_on.max().over(ibis.window(group_by=KEYS)))
        increases = self.increases, self.ramp_starts, self.new_products, self.upgrades
        gains = self.gained(*increases).select(*KEYS, "arr")
        changes = self.changes.select(*KEYS, arr=-self.changes.arr_decided)
        sums = gains.union(changes).group_by(KEYS).aggregate(lost=ibis._.arr.sum())
        both = last.left_join(sums, KEYS)
        lost = ibis.greatest(both.lost.fill_null(0.0), 0.0)
        arr = ibis.ifelse(both.changed_on == both.last_on, lost, 0.0)
        return both.select(*KEYS, "changed_on", product_id=ibis.null("string"), arr=arr)

    def gained(self, *changes: ir.Table) -> ir.Table:
        """Return decided changes as occurrences that gain ``arr``."""
        return _occurred(1, *changes)

    def lost(self, *changes: ir.Table) -> ir.Table:
        """Return decided changes as occurrences that lose ``arr``."""
        return _occurred(-1, *changes)

    def without_replacements(self, changes: ir.Table, side: Literal["start", "stop"]) -> ir.Table:
        """Drop the changes that are one ``side`` of a replacement."""
        return without(changes, _side(self.events.replacements, side), CHANGE)


def decide(spine: ir.Table, events: Events, horizon: Horizon, contracted: ir.Table) -> Decisions:
    """Return what of ``events`` was decided within the horizon of each row of ``spine``.

    ``contracted`` holds the paid periods known before each ``as_of``, with ``KEYS``.
    """
    changes = cached(_decided(spine, events, horizon))
    replaced = cached(_net(spine, changes, events.replacements))
    return Decisions(spine, horizon, events, changes, replaced, contracted)


def _occurred(sign: Literal[1, -1], *changes: ir.Table) -> ir.Table:
    """Return decided changes as occurrences: ``KEYS``, product, day, and ``arr``.

    No amount is negative: where more was bought for less money, it is 0. None exceeds the change.
    """
    occurrences = []
    for change in changes:
        arr = ibis.greatest(ibis.least(sign * change.arr_decided, sign * change.arr_whole), 0.0)
        occurrences.append(change.select(*KEYS, "product_id", "changed_on", arr=arr))
    return ibis.union(*occurrences) if len(occurrences) > 1 else occurrences[0]


def _decided(spine: ir.Table, events: Events, horizon: Horizon) -> ir.Table:
    steps = spine.join(events.steps, "account_id")
    decided_on = ibis.coalesce(steps.signed_on, steps.changed_on)
    announced = steps.signed_on.isnull() & (steps.end_known_on < steps.as_of).fill_null(False)
    steps = steps.filter(within(decided_on, steps.as_of, horizon.days) & ~announced)
    parts = steps.group_by([*KEYS, "product_id", "changed_on"]).aggregate(
        arr_part=steps.arr.sum(), quantity_part=steps.quantity.sum()
    )
    both = parts.join(events.changes, CHANGE)
    return both.mutate(
        moved=ibis.ifelse(both.by_arr, both.arr_part, both.quantity_part),
        arr_decided=_comparable(both, both.arr_part, both.quantity_part),
        arr_whole=_comparable(both, both.arr_change, both.quantity_change),
    )


def _comparable(
    change: ir.Table, arr: ir.NumericValue, quantity: ir.NumericValue
) -> ir.NumericValue:
    """Return ``arr`` or, where the currency changed too, ``quantity`` at the new price."""
    converted = ibis.coalesce(quantity * change.price_in, arr)
    return ibis.ifelse(change.one_currency, arr, converted)


def _net(spine: ir.Table, changes: ir.Table, pairs: ir.Table) -> ir.Table:
    """Sum up, for each row of the spine, what started in place of what, in one currency.

    What ended before ``as_of``, or was known to, was decided before; what something signed before
    ``as_of`` replaces is not held against what was signed later.
    """
    gained = _gained(changes, pairs)
    both = gained.union(_lost(spine, gained, pairs))
    net = both.group_by(KEYS).aggregate(
        product_id=both.product_id.max(),
        changed_on=both.changed_on.max(),
        arr_decided=both.arr_decided.sum(),
        arr_whole=both.arr_whole.sum(),
        one_currency=both.currency.min() == both.currency.max(),
    )
    return net.filter(net.one_currency)


def _gained(changes: ir.Table, pairs: ir.Table) -> ir.Table:
    """Return the products started, by decision within the horizon, in place of others."""
    starts = changes.filter(changes.is_start)
    columns = [*KEYS, "product_id", "changed_on", "currency", "arr_decided", "arr_whole"]
    return matching(starts, _side(pairs, "start"), CHANGE).select(*columns)


def _side(pairs: ir.Table, side: Literal["start", "stop"]) -> ir.Table:
    """Return the changes that are one ``side`` of a replacement."""
    return pairs.select("account_id", product_id=f"{side}_id", changed_on=f"{side}_on")


def _lost(spine: ir.Table, gained: ir.Table, pairs: ir.Table) -> ir.Table:
    """Return the products that these replace, unless others signed before replace them."""
    starts = gained.select(*KEYS, start_id=gained.product_id, start_on=gained.changed_on)
    pairs = spine.select(*KEYS).join(pairs, "account_id")
    before = pairs.filter(pairs.start_signed_on < pairs.as_of)
    ends = matching(pairs, starts, [*KEYS, "start_id", "start_on"])
    ends = without(ends, before, [*KEYS, "stop_id", "stop_on"])
    settled = (ends.stop_on < ends.as_of) | (ends.stop_known_on < ends.as_of).fill_null(False)
    return ends.select(
        *KEYS,
        product_id=ends.stop_id,
        changed_on=ends.stop_on,
        currency=ends.stop_currency,
        arr_decided=ibis.ifelse(settled, 0.0, ends.stop_arr),
        arr_whole=ends.stop_arr,
    ).distinct()


def _replacements(changes: ir.Table, grace_days: int) -> ir.Table:
    """Return the pairs of a product that starts and another that stops within the grace days."""
    starts = changes.filter(changes.is_start).select(
        "account_id",
        start_id=changes.product_id,
        start_on=changes.changed_on,
        start_signed_on=changes.signed_on,
    )
    stops = changes.filter(changes.is_stop).select(
        "account_id",
        stop_id=changes.product_id,
        stop_on=changes.changed_on,
        stop_known_on=changes.end_known_on,
        stop_arr=changes.arr_change,
        stop_currency=changes.currency,
    )
    pairs = starts.join(stops, "account_id")
    apart = pairs.start_on.delta(pairs.stop_on, unit="day").abs()
    return pairs.filter((pairs.start_id != pairs.stop_id) & (apart <= grace_days))
