"""Good and bad quarters of the simulated company: none unless asked for, else the same for all."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from pipelines.synthetic import simulate
from pipelines.synthetic.block import Order
from pipelines.synthetic.world import HORIZON_WEEKS, Clock, World

STEADY = "6ce653f1af8cdda8d0e76e89657097d7544f878293487d49b3d5b1a9c3bb3169"
"""Hash of what ``lived`` gives for seed 5, from before accounts could swing."""
END = date(2026, 8, 3)


def lived(
    out: Path, swing: float, accounts: int, months: int, seed: int
) -> list[dict[str, object]]:
    """Return the periods of a simulated company, without what is rounded."""
    world = World(swing=swing, replicas=1)
    simulate(out, accounts=accounts, months=months, seed=seed, world=world, workers=1, end=END)
    columns = ["subscription_id", "starts_on", "ended_on", "quantity", "signed_on"]
    rows: list[dict[str, object]] = (
        pq.read_table(out / "subscriptions.parquet").select(columns).to_pylist()
    )
    return rows


def test_without_swing_every_account_lives_as_before(tmp_path: Path) -> None:
    """A simulator that was changed on purpose gets a new hash here."""
    rows = lived(tmp_path / "out", swing=0.0, accounts=40, months=9, seed=5)
    assert sha256(json.dumps(rows, default=str).encode()).hexdigest() == STEADY


def test_all_blocks_have_the_same_quarters() -> None:
    clock = Clock.until(END, 12, World().before_start_weeks)
    one, other = (
        Order(block, 1, 10, seed=3, world=World(swing=0.5), clock=clock).strains()
        for block in (0, 1)
    )
    assert one == other
    assert len(one) > clock.weeks + HORIZON_WEEKS
    quarters = np.reshape(one, (-1, HORIZON_WEEKS))
    assert (quarters == quarters[:, :1]).all()
    assert 0.2 < quarters[:, 0].std() < 0.9
    assert set(Order(0, 1, 10, 3, World(), clock).strains()) == {0.0}


def test_in_bad_quarters_fewer_lines_grow_and_more_end(tmp_path: Path) -> None:
    rows = lived(tmp_path / "out", swing=1.0, accounts=150, months=24, seed=3)
    clock = Clock.until(END, 24, World().before_start_weeks)
    strains = Order(0, 1, 150, 3, World(swing=1.0), clock).strains()
    ended = [strains[_week(row["ended_on"], clock)] for row in rows if _left(row, rows)]
    grown = [strains[_week(row["signed_on"], clock)] for row in rows]
    assert len(ended) > 30
    assert np.mean(ended) > np.mean(grown) + 0.3


def _left(row: dict[str, object], rows: list[dict[str, object]]) -> bool:
    later = [one for one in rows if one["subscription_id"] == row["subscription_id"]]
    return row["ended_on"] is not None and all(
        str(one["starts_on"]) < str(row["ended_on"]) for one in later
    )


def _week(day: object, clock: Clock) -> int:
    assert isinstance(day, date)
    return min(max((day - clock.epoch).days // 7, 0), clock.weeks)
