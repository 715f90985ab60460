"""A company's history up to a day, and the year after it, each as `build` would write it.

A folder holds ``feature_table.parquet`` and ``tables/``, as a user's own build on that day wrote
them, ``later.parquet``, the rows of the dates that follow with their outcomes by the full history,
and of a simulated company the true probabilities: beside the later rows, and in ``truth.parquet``
for the dates before.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.contract import TABLES
from features.errors import UsageError
from models.common.files import atomic_folder
from pipelines.build.build import build
from pipelines.config.sections import Data, Paths
from pipelines.config.settings import Settings, load
from pipelines.synthetic import simulate
from pipelines.synthetic.company import END
from pipelines.synthetic.tables.writer import known_before

YEAR = 364
"""Days after the cut that are scored."""
MATURITY = 140
"""Days that the simulation goes on, so that each outcome of the year after is known."""
TRANSIENT = {"subscriptions.overlap": "accept"}
"""A period that reaches the warehouse days after its successor: on a few days lines overlap."""
NEVER_CHANGES = ("industry", "region", "segment", "users.user_group", "org_units.headcount")
EXAMPLES = Path(__file__).parents[2] / "examples"
REAL = {"crm6": 182, "memberships": YEAR}
"""Data sets of examples/, and how many days before their end they are cut."""


@dataclass(frozen=True)
class Origin:
    """A company: its name, those it is averaged with, and what writes its folder."""

    name: str
    group: str
    write: Callable[[Path], None]


def simulated(seed: int, accounts: int, months: int) -> Origin:
    """Return a simulated company; ``months`` are those of its history and the year after."""
    write = partial(_write_simulated, seed=seed, accounts=accounts, months=months)
    return Origin(f"{seed:03}-{accounts}", f"{accounts:,} accounts", write)


def real(name: str, data: Path) -> Origin:
    """Return a data set of examples/ whose files lie in ``data``."""
    return Origin(name, name, partial(_write_real, name=name, data=data))


def prepared(origin: Origin, cache: Path) -> Path:
    """Return the company's folder in ``cache``, written where it is not there yet."""
    folder = cache / origin.name
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with atomic_folder(folder) as aside:
            origin.write(aside)
    return folder


def _write_simulated(folder: Path, seed: int, accounts: int, months: int) -> None:
    with TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        simulate(source, accounts=accounts, months=months, seed=seed, workers=1)
        settings = Settings.model_validate(
            {
                "company": {"data_through": END},
                "data": {"folder": source},
                "features": {"keep": NEVER_CHANGES},
                "rules": TRANSIENT,
            }
        )
        cut = END - timedelta(days=YEAR + MATURITY - 28)
        _write(folder, settings, END, cut, Path(scratch))
        truth = pq.read_table(source / "truth.parquet")
    before = pc.less(truth["as_of"], cut)
    pq.write_table(truth.filter(before), folder / "truth.parquet")
    later = pq.read_table(folder / "later.parquet")
    # A join keeps neither the order of rows nor the description of the columns.
    joined = later.join(truth, ["account_id", "as_of"]).sort_by(
        [("as_of", "ascending"), ("account_id", "ascending")]
    )
    pq.write_table(joined.replace_schema_metadata(later.schema.metadata), folder / "later.parquet")


def _write_real(folder: Path, name: str, data: Path) -> None:
    settings = load(EXAMPLES / f"{name}.toml", data_folder=data)
    end = settings.company.data_through
    if end is None:
        raise UsageError(f"examples/{name}.toml does not say where the data ends")
    with TemporaryDirectory() as scratch:
        _write(folder, settings, end, end - timedelta(days=REAL[name]), Path(scratch))


def _write(folder: Path, settings: Settings, end: date, cut: date, scratch: Path) -> None:
    """Build the dates from ``cut`` on by all that is known, and those before by what was then."""
    after = settings.build.model_copy(update={"history_days": (end - cut).days})
    full = _changed(settings, build=after, paths=Paths(work=scratch / "full"))
    build(full)
    later = pq.read_table(full.feature_table)
    is_scored = pc.and_(
        pc.greater_equal(later["as_of"], pa.scalar(cut)),
        pc.less(later["as_of"], pa.scalar(cut + timedelta(days=YEAR))),
    )
    pq.write_table(later.filter(is_scored), folder / "later.parquet")
    past = _changed(
        settings,
        company=_changed(settings.company, data_through=cut),
        data=Data(folder=scratch / "past"),
        paths=Paths(work=scratch / "work"),
        sources={},
        tables={},
    )
    past.data_folder.mkdir()
    for path in full.tables_folder.glob("*.parquet"):
        if path.stem in TABLES:
            rows = known_before(pq.read_table(path), path.stem, cut)
            pq.write_table(rows, past.data_folder / path.name)
    build(past)
    shutil.copy(past.feature_table, folder / "feature_table.parquet")
    shutil.copytree(past.tables_folder, folder / "tables")


def _changed(section: Any, **values: Any) -> Any:
    return section.model_copy(update=values)
