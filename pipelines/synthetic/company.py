"""Simulates the whole company block by block and puts its folder in place at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.errors import UsageError
from models.common.files import atomic_folder
from pipelines.common.progress import Progress, silent
from pipelines.synthetic.block import ACCOUNTS_A_BLOCK, Order, run
from pipelines.synthetic.tables.columns import dates, times
from pipelines.synthetic.tables.writer import Writer, table
from pipelines.synthetic.world import PRODUCTS, Clock, World

END = date(2026, 8, 3)


@dataclass(frozen=True)
class SimulationSummary:
    """What was written: the folder, rows by table, and the first day that is not complete."""

    folder: Path
    accounts: int
    months: int
    seed: int
    data_through: date
    rows: dict[str, int]


def simulate(
    out: Path,
    *,
    accounts: int,
    months: int = 36,
    seed: int = 1,
    end: date = END,
    world: World | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> SimulationSummary:
    """Write the demo company's tables and its true probabilities as Parquet into ``out``.

    The same arguments give the same bytes, whatever ``workers``. ``out`` is replaced at the end in
    one step; a run that is stopped leaves what was there.

    Parameters
    ----------
    out
        The folder; a new one, or one that holds a simulated company.
    accounts
        Accounts won in all, from a year before the history to its end.
    months
        Length of the history with true probabilities.
    seed
        Another seed is another company.
    end
        First day that is not complete (``data_through``).
    world
        How the company differs from the usual one.
    workers
        Blocks worked on at a time; as many as there are processors when not given.
    progress
        Called with what is being done and the share that is done, 0 to 1.

    Raises
    ------
    UsageError
        For numbers below one, or when ``out`` holds something other than a simulated company.
    """
    _refuse(out, accounts, months, seed)
    chosen = world or World()
    clock = Clock.until(end, months, chosen.before_start_weeks)
    orders = _orders(accounts, seed, chosen, clock)
    with atomic_folder(out) as aside:
        rows = _write(aside, orders, clock, workers, progress or silent)
    return SimulationSummary(out, accounts, months, seed, end, rows)


def _refuse(out: Path, accounts: int, months: int, seed: int) -> None:
    problems = [
        f"{name} is {value}; it has to be at least {least}"
        for name, value, least in (
            ("accounts", accounts, 1),
            ("months", months, 1),
            ("seed", seed, 0),
        )
        if value < least
    ]
    if out.exists() and not out.is_dir():
        problems.append(f"{out} is a file; name a folder")
    elif out.is_dir() and any(out.iterdir()) and not (out / "truth.parquet").exists():
        problems.append(f"{out} holds something else than a simulated company; name a new folder")
    if problems:
        raise UsageError(problems)


def _orders(accounts: int, seed: int, world: World, clock: Clock) -> list[Order]:
    starts = range(0, accounts, ACCOUNTS_A_BLOCK)
    return [
        Order(block, start + 1, min(ACCOUNTS_A_BLOCK, accounts - start), seed, world, clock)
        for block, start in enumerate(starts)
    ]


def _write(
    folder: Path, orders: Sequence[Order], clock: Clock, workers: int | None, progress: Progress
) -> dict[str, int]:
    with Writer(folder) as writer:
        writer.add("products", _products(clock))
        for done, parts in enumerate(_parts(orders, workers), start=1):
            for name, rows in parts.items():
                writer.add(name, rows)
            progress("simulating accounts", done / len(orders))
    return writer.rows


def _parts(orders: Sequence[Order], workers: int | None) -> Iterator[dict[str, pa.Table]]:
    """Run the blocks, several at a time but never far ahead of the writer; yield them in order."""
    count = min(workers or os.cpu_count() or 1, len(orders))
    if count == 1:
        yield from map(run, orders)
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        waiting: list[Future[dict[str, pa.Table]]] = []
        for order in orders:
            waiting.append(pool.submit(run, order))
            if len(waiting) > count:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


def _products(clock: Clock) -> pa.Table:
    day = np.zeros(len(PRODUCTS), int) - 400
    return table(
        "products",
        {
            "product_id": [p.product_id for p in PRODUCTS],
            "name": [p.name for p in PRODUCTS],
            "price_metric": [p.price_metric for p in PRODUCTS],
            "launched_on": dates(clock, day),
            "known_at": times(clock, day, 9),
        },
    )
