"""What an account is from its first day on and does not change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.arrays import Array, Floats, Ints
from pipelines.synthetic.world import (
    ADD_ONS,
    DAYS_A_MONTH,
    INDUSTRIES,
    REGIONS,
    UNITS,
    WEEK,
    Clock,
    World,
)

FIT_BY_INDUSTRY = np.array(
    [[0.8, 0.1, 0.3], [0.2, 0.6, 0.1], [0.1, 0.3, 0.8], [0.5, 0.5, 0.1], [0.3, 0.8, 0.3], [0.2] * 3]
)
"""How often an industry comes upon the problem that each add-on solves."""


@dataclass(frozen=True)
class Traits:
    """One row an account; (n,) arrays, ``affinity`` and ``appetite`` (n, add-ons)."""

    start_day: Ints
    industry: Ints
    region: Ints
    segment: Ints
    employees: Ints
    potential: Floats
    first_seats: Floats
    experts: Ints
    fit: Floats
    onboarding: Floats
    affinity: Floats
    appetite: Floats
    slots: Ints
    units: Ints
    term_days: Ints
    discount: Floats
    first_demand: Floats


def draw(rng: np.random.Generator, n: int, world: World, clock: Clock) -> Traits:
    """Draw ``n`` accounts."""
    seats, employees, potential = _sizes(rng, n, world)
    industry = rng.integers(0, len(INDUSTRIES), n).astype(np.int32)
    affinity = FIT_BY_INDUSTRY[industry] * rng.uniform(0.3, 1.7, (n, len(ADD_ONS)))
    terms = np.array(world.term_months)[rng.choice(len(world.term_mix), n, p=world.term_mix)]
    small_talk = np.log10(seats)
    return Traits(
        start_day=_start_days(rng, n, world, clock),
        industry=industry,
        region=rng.integers(0, len(REGIONS), n).astype(np.int32),
        segment=np.digitize(employees, [150, 1500]).astype(np.int32),
        employees=employees.astype(np.int32),
        potential=potential.astype(np.float32),
        first_seats=seats.astype(np.float32),
        experts=np.clip(np.ceil(seats * rng.uniform(0.08, 0.3, n)), 1, 30).astype(np.int32),
        fit=rng.standard_normal(n, np.float32),
        onboarding=rng.standard_normal(n, np.float32),
        affinity=affinity.astype(np.float32),
        appetite=np.exp(rng.normal(0, 0.4, (n, len(ADD_ONS)))).astype(np.float32),
        slots=np.clip(1 + small_talk + rng.uniform(-0.5, 0.8, n), 1, 3).astype(np.int32),
        units=np.clip(2 + small_talk + rng.uniform(0, 1, n), 2, len(UNITS)).astype(np.int32),
        term_days=np.rint(terms * DAYS_A_MONTH).astype(np.int32),
        discount=_discounts(rng, seats),
        first_demand=(seats * np.exp(rng.normal(-0.1, 0.4, n))).astype(np.float32),
    )


def _start_days(rng: np.random.Generator, n: int, world: World, clock: Clock) -> Ints:
    """Spread first days over the company's life, more of them each year, on working days."""
    years = clock.end_day / 365.25
    rate = world.growth_a_year
    u = rng.random(n)
    day = np.log1p(u * np.expm1(rate * years)) / rate * 365.25
    week = np.minimum(day // WEEK, clock.weeks - 1)
    first: Ints = (week * WEEK + rng.integers(0, 5, n)).astype(np.int32)
    return first


def _sizes(rng: np.random.Generator, n: int, world: World) -> tuple[Array, Array, Array]:
    """Return first seats (a heavy tail), employees, and the people who could ever hold a seat."""
    seats = np.exp(rng.normal(np.log(world.seats_median), world.seats_spread, n))
    seats = np.clip(np.rint(seats), 2, world.seats_most)
    reachable = rng.beta(20, 20, n)
    headroom = np.exp(rng.normal(1.3, 0.7, n))
    potential = np.rint(seats * np.maximum(headroom, 1.0))
    return seats, np.rint(potential / reachable), potential


def _discounts(rng: np.random.Generator, seats: Array) -> Floats:
    """Large orders get more off; in steps of one per cent."""
    usual = 0.05 * np.log10(seats) + rng.uniform(0, 0.15, len(seats))
    shares: Floats = np.round(np.clip(usual, 0, 0.35), 2).astype(np.float32)
    return shares
