"""What a period costs, and its note in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.synthetic.arrays import Array, Flags
from pipelines.synthetic.world import ADD_ONS, CORE, PLAN_PRICES

if TYPE_CHECKING:
    from pipelines.synthetic.population import Life


def _core_list(life: Life) -> Array:
    base = CORE.list_price * np.array(PLAN_PRICES)[life.state.plan]
    return np.round(base * life.state.uplift, 2)


def _net(life: Life, listed: Array) -> Array:
    return np.round(listed * (1 - life.state.discount), 2)


def note_core(life: Life, week: int, where: Flags, start: Array, signed: Array) -> None:
    """Note a new period of the core product."""
    if where.any():
        _note(life, week, where, 0, start, signed, life.state.seats, _core_list(life))


def note_tranche(life: Life, week: int, where: Flags, tranche: int, signed: Array) -> None:
    """Note a tranche of a ramp: signed now, at the same price, running later."""
    if where.any():
        state = life.state
        seats = state.seats + state.ramp_seats[:, : tranche + 1].sum(axis=1)
        start = state.ramp_day[:, tranche]
        _note(life, week, where, 0, start, signed, seats, _core_list(life))


def note_add_on(life: Life, week: int, where: Flags, j: int, start: Array, signed: Array) -> None:
    """Note a new period of an add-on; it ends with the core product's term."""
    if where.any():
        listed = np.round(ADD_ONS[j].list_price * life.state.uplift, 2)
        _note(life, week, where, j + 1, start, signed, life.state.held[:, j], listed)


def _note(
    life: Life,
    week: int,
    where: Flags,
    product: int,
    start: Array,
    signed: Array,
    quantity: Array,
    listed: Array,
) -> None:
    state = life.state
    life.journal.note(
        "period",
        week,
        where,
        product=product,
        start=start,
        signed=signed,
        quantity=quantity,
        list_price=listed,
        unit_price=_net(life, listed),
        plan=state.plan,
        term_end=state.term_end,
    )
